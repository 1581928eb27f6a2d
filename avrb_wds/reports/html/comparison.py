"""The page of two models side by side."""

from __future__ import annotations

from collections.abc import Iterator

from ..comparison import Comparison, Row
from ..formatting import interval_text, metric_name, metric_title, percent, signed_percent
from ..report import Report
from ..robustness import severity_of
from ..tables import difference_cell, receipts_table, score_table
from .charts import Curve, Point, curves, score_bar, score_tile
from .elements import Html, document, element, render_table, section
from .heatmap import color_legend, heat_cell, heat_map

STYLES = ("one", "three")
"""The class of each model's elements."""
FURTHEST = 5
_CHANCE = (
    "The interval is of the difference, paired over clips; one in twenty is clear of 0 by chance."
)


def comparison_page(comparison: Comparison) -> str:
    """The comparison as one HTML page that needs nothing else."""
    body = [_header(comparison), element("div", *_tiles(comparison), class_="tiles")]
    if comparison.notes:
        notes = element("ul", *(element("li", note) for note in comparison.notes))
        body.append(section("To bear in mind", notes, class_="warning"))
    if comparison.by_corruption:
        sides = element("div", *_score_bars(comparison))
        body.append(element("div", _heat_map(comparison), sides, class_="pair"))
        body.append(_severity_curves(comparison))
    body += [_score_section(comparison), _receipt_section(comparison)]
    a, b = comparison.names
    return document(f"{a} and {b}: robustness", *body)


def _header(comparison: Comparison) -> Html:
    a, b = comparison.names
    receipt = comparison.a.receipt
    return element(
        "header",
        element("p", "Two models under audio-visual corruptions", class_="kicker"),
        element(
            "h1",
            element("span", a, class_=f"name {STYLES[0]}"),
            element("span", " and ", class_="on"),
            element("span", b, class_=f"name {STYLES[1]}"),
            element("span", f" on {receipt.dataset}", class_="on"),
        ),
        element("p", f"{comparison.headline} {comparison.digest_statement}", class_="facts"),
    )


def _tiles(comparison: Comparison) -> Iterator[Html]:
    titles = {
        "clean": f"Clean {metric_name(comparison.a)}",
        "mean": "Mean of corrupted",
        "absolute": "Absolute robustness",
        "relative": "Relative robustness",
    }
    for row in comparison.summary:
        pair = f"{percent(row.a)} → {percent(row.b)}"
        number = element("span", signed_percent(row.difference), element("small", pair))
        yield score_tile(titles[row.name], number, row.interval, sign=True)


def _heat_map(comparison: Comparison) -> Html:
    severities = [row.name for row in comparison.by_severity]
    # The difference in full color: the largest, at least 5 points.
    full = max(0.05, *(abs(row.difference or 0) for row in comparison.by_condition))
    pairs = list(zip(comparison.conditions, comparison.by_condition, strict=True))
    rows = {(condition.corruption, severity_of(condition)): row for condition, row in pairs}
    means = {row.name: row for row in comparison.by_corruption}

    def make_row(name: str) -> Iterator[Html]:
        for row in (*(rows.get((name, severity)) for severity in severities), means[name]):
            yield _difference_cell(row, full)

    clean = next((row for condition, row in pairs if condition.is_clean), None)
    overall = (row for row in comparison.summary if row.name == "mean")
    chart = heat_map(
        severities,
        [group.name for group in comparison.by_group],
        list(means),
        make_row,
        None if clean is None else _difference_cell(clean, full, len(severities) + 1),
        [_difference_cell(row, full) for row in (*comparison.by_severity, *overall)],
        "heat signed",
    )
    a, b = comparison.names
    end = f"{100 * full:.0f}"
    lead = "Percentage points" + (
        "; bold where the interval leaves no doubt." if comparison.replicates else "."
    )
    return section(
        f"{b} less {a}", chart, color_legend(f"{end} worse", "same", f"{end} better"), lead=lead
    )


def _difference_cell(row: Row | None, full: float, colspan: int = 1) -> Html:
    if row is None:
        return heat_cell(None)
    hint = f"{row.name}: {percent(row.a)} → {percent(row.b)}"
    if row.interval is not None:
        hint += f", difference {interval_text(row.interval, sign=True)}"
    return heat_cell(difference_cell(row, full), hint, colspan)


def _score_bars(comparison: Comparison) -> Iterator[Html]:
    far = sorted(comparison.by_corruption, key=lambda row: -abs(row.difference or 0))
    for title, rows, before in (
        ("By group", comparison.by_group, ""),
        ("By severity", comparison.by_severity, "severity "),
        ("Furthest apart", far[:FURTHEST], ""),
    ):
        yield section(title, *(_bar_pair(before + row.name, row) for row in rows))


def _bar_pair(name: str, row: Row) -> Html:
    a, b = (
        score_bar(text, score or 0.0, style)
        for text, score, style in zip((name, ""), (row.a, row.b), STYLES, strict=True)
    )
    return element("div", a, b, class_="pairs")


def _severity_curves(comparison: Comparison) -> Html:
    names = comparison.names
    figures = []
    for part in comparison.by_corruption:
        lines = [
            Curve(name, style, _points(report, comparison, part.name))
            for name, style, report in zip(names, STYLES, (comparison.a, comparison.b), strict=True)
        ]
        label = f"{names[0]} and {names[1]} under {part.name} by severity"
        caption = element("figcaption", part.name)
        figures.append(element("figure", caption, curves(lines, label)))
    keys = (
        element("span", name, class_=f"key {style}")
        for name, style in zip(names, STYLES, strict=True)
    )
    return section(
        "Severity curves",
        element("p", *keys, class_="keys"),
        element("div", *figures, class_="curves"),
        lead=f"{metric_title(comparison.a)} in % over severity, 0 being clean; bands "
        f"are each model's own 95 % interval, wider than that of the difference.",
    )


def _points(report: Report, comparison: Comparison, corruption: str) -> tuple[Point, ...]:
    cells = {cell.condition: cell for cell in report.results}
    common = [c for c in comparison.conditions if c.is_clean or c.corruption == corruption]
    return tuple(
        Point("0" if c.is_clean else severity_of(c), report.score(cells[c]), cells[c].interval)
        for c in sorted(common, key=lambda condition: not condition.is_clean)
    )


def _score_section(comparison: Comparison) -> Html:
    parts = (*comparison.summary, *comparison.by_corruption)
    conditions = score_table("", comparison, comparison.by_condition)
    return section(
        "Scores",
        render_table(score_table("", comparison, parts), "numbers"),
        element(
            "details",
            element("summary", f"All {len(comparison.conditions)} conditions"),
            render_table(conditions, "numbers"),
        ),
        lead=_CHANCE if comparison.replicates else "",
    )


def _receipt_section(comparison: Comparison) -> Html:
    return section("Receipts", render_table(receipts_table(comparison), "text receipt two"))
