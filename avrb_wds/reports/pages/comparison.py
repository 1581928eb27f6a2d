"""The page of two models side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...condition import Condition
from ...receipts.receipt import receipt_rows
from ..colors import color_of_difference
from ..comparison import Comparison, Row
from ..formatting import metric_name, metric_title, percent, signed, span
from ..report import Report
from ..robustness import group_of, severity_of
from .charts import Curve, Point, curves, score_bar
from .elements import Html, document, element, grid_table, section
from .heatmap import colored, legend
from .report import tile

STYLES = ("one", "three")
"""The class of each model's elements."""
FURTHEST = 5
_CHANCE = (
    "The interval is of the difference, paired over clips; one in twenty is clear of 0 by chance."
)


def comparison_page(comparison: Comparison) -> str:
    """The comparison as one HTML page that needs nothing else."""
    body = [_head(comparison), element("div", *_tiles(comparison), class_="tiles")]
    if comparison.notes:
        notes = element("ul", *(element("li", note) for note in comparison.notes))
        body.append(section("To bear in mind", notes, class_="warning"))
    if comparison.by_corruption:
        sides = element("div", *_bars(comparison))
        body.append(element("div", _map(comparison), sides, class_="pair"))
        body.append(_curves(comparison))
    body += [_table(comparison), _receipts(comparison)]
    a, b = comparison.names
    return document(f"{a} and {b}: robustness", *body)


def _head(comparison: Comparison) -> Html:
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
        number = element("span", signed(row.difference), element("small", pair))
        yield tile(titles[row.name], number, span(row.interval, sign=True))


def _map(comparison: Comparison) -> Html:
    severities = [row.name for row in comparison.by_severity]
    head = element("tr", *(element("th", text, scope="col") for text in ["", *severities, "mean"]))
    rows = element("tbody", *_map_rows(comparison, severities))
    table = element("table", element("thead", head), rows, class_="heat signed")
    a, b = comparison.names
    full = f"{100 * _full(comparison):.0f}"
    lead = "Percentage points" + (
        "; bold where the interval leaves no doubt." if comparison.replicates else "."
    )
    return section(
        f"{b} less {a}",
        element("div", table, class_="wide"),
        legend(f"{full} worse", "same", f"{full} better"),
        lead=lead,
    )


def _full(comparison: Comparison) -> float:
    """The difference that has the full colour: the largest there is, of 5 points at least."""
    return max(0.05, *(abs(row.difference or 0) for row in comparison.by_condition))


def _map_rows(comparison: Comparison, severities: Sequence[str]) -> Iterator[Html]:
    full, wide = _full(comparison), len(severities) + 1
    cells = {
        (condition.corruption, severity_of(condition)): row
        for condition, row in zip(comparison.conditions, comparison.by_condition, strict=True)
    }
    for condition, row in zip(comparison.conditions, comparison.by_condition, strict=True):
        if condition.is_clean:
            yield element("tr", element("th", "clean", scope="row"), _cell(row, full, wide))
    for group in comparison.by_group:
        label = element("th", group.name, colspan=wide + 1, scope="rowgroup")
        yield element("tr", label, class_="group")
        for part in comparison.by_corruption:
            if group_of(Condition(part.name, 1)) == group.name:
                one = [cells.get((part.name, severity)) for severity in severities]
                shown = (_cell(row, full) for row in (*one, part))
                yield element("tr", element("th", part.name, scope="row"), *shown)
    ends = [*comparison.by_severity, *(row for row in comparison.summary if row.name == "mean")]
    shown = (_cell(row, full) for row in ends)
    yield element("tr", element("th", "all", scope="row"), *shown, class_="total")


def _cell(row: Row | None, full: float, colspan: int = 1) -> Html:
    if row is None or row.difference is None:
        return element("td", "-")
    hint = f"{row.name}: {percent(row.a)} → {percent(row.b)}"
    if row.interval is not None:
        hint += f", difference {span(row.interval, sign=True)}"
    text: str = signed(row.difference)
    if row.is_significant:
        text = element("b", text)
    return colored(text, color_of_difference(row.difference, full), hint, colspan)


def _bars(comparison: Comparison) -> Iterator[Html]:
    far = sorted(comparison.by_corruption, key=lambda row: -abs(row.difference or 0))
    for title, rows, before in (
        ("By group", comparison.by_group, ""),
        ("By severity", comparison.by_severity, "severity "),
        ("Furthest apart", far[:FURTHEST], ""),
    ):
        yield section(title, *(_pair(before + row.name, row) for row in rows))


def _pair(name: str, row: Row) -> Html:
    a, b = (
        score_bar(text, score or 0.0, style)
        for text, score, style in zip((name, ""), (row.a, row.b), STYLES, strict=True)
    )
    return element("div", a, b, class_="pairs")


def _curves(comparison: Comparison) -> Html:
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


def _table(comparison: Comparison) -> Html:
    a, b = comparison.names
    headings = ["", a, b, "difference", "95 % interval"]
    parts = (*comparison.summary, *comparison.by_corruption)
    every = grid_table(headings, map(_row, comparison.by_condition), "numbers")
    summary = element("summary", f"All {len(comparison.conditions)} conditions")
    return section(
        "Scores",
        grid_table(headings, map(_row, parts), "numbers"),
        element("details", summary, every),
        lead=_CHANCE if comparison.replicates else "",
    )


def _row(row: Row) -> list[str]:
    difference: str = signed(row.difference)
    if row.is_significant:
        difference = element("b", difference)
    return [row.name, percent(row.a), percent(row.b), difference, span(row.interval, sign=True)]


def _receipts(comparison: Comparison) -> Html:
    theirs = dict(receipt_rows(comparison.b.receipt))
    rows = []
    for name, ours in receipt_rows(comparison.a.receipt):
        mark = element("mark", theirs[name]) if theirs[name] != ours else theirs[name]
        rows.append((name, element("code", ours), element("code", mark)))
    return section("Receipts", grid_table(["", *comparison.names], rows, "text receipt two"))
