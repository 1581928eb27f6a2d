"""The page of one report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...condition import Condition
from ...receipts.receipt import CHECK_COMMAND
from ..formatting import NO_AUC, has_no_auc, interval_text, metric_name, metric_title, percent
from ..report import ConditionResult, Report
from ..robustness import Robustness, group_of, severity_of
from ..tables import (
    Table,
    code_rows,
    condition_table,
    metric_cells,
    metrics_in,
    receipt_table,
    score_cell,
    skipped_table,
)
from .charts import Curve, Point, bar, curves, score_bar, score_tile
from .elements import Html, document, element, render_table, section
from .heatmap import color_legend, heat_cell, heat_map

GROUP_STYLES = {"digital": "one", "environmental": "two", "human-related": "three"}
"""The class of each group's elements; corruptions of a user's own have "four"."""
HARDEST = 10


def report_page(report: Report) -> str:
    """The report as one HTML page that needs nothing else: no script, no font, no network."""
    body = [_header(report), element("div", *_tiles(report), class_="tiles")]
    if report.overall is not None:
        body.append(element("div", _heat_map(report), _score_bars(report), class_="pair"))
        body.append(_severity_curves(report))
    if report.baseline is not None:
        body.append(_corruption_errors(report))
    body += [_metric_section(report), *_skipped_section(report)]
    body += [_receipt_section(report), _footer(report)]
    return document(f"{report.model} on {report.receipt.dataset}: robustness", *body)


def _header(report: Report) -> Html:
    receipt = report.receipt
    facts = [
        f"{receipt.clips:,} clips",
        f"{len(report.results)} conditions",
        f"{report.classes} classes, {report.task}",
        f"seed {receipt.seed}",
    ]
    if report.skipped:
        facts.append(f"{len(report.skipped)} clips skipped")
    return element(
        "header",
        element("p", "Robustness to audio-visual corruptions", class_="kicker"),
        element("h1", report.model, element("span", f" on {receipt.dataset}", class_="on")),
        element("p", " · ".join(facts), class_="facts"),
    )


def _tiles(report: Report) -> Iterator[Html]:
    found, overall, base = report.intervals, report.overall, report.baseline
    if report.clean is not None:
        yield score_tile(f"Clean {metric_name(report)}", percent(report.clean), found.clean)
    if overall is not None:
        name = f"Mean of {overall.conditions} corrupted"
        yield score_tile(name, percent(overall.score), found.score)
        yield score_tile("Absolute robustness", percent(overall.absolute), found.absolute)
        yield score_tile("Relative robustness", percent(overall.relative), found.relative)
    if base is not None:
        note = f"against {base.model}"
        yield score_tile("mCE", percent(base.mce), None, note=note)
        yield score_tile("Relative mCE", percent(base.relative_mce), None, note=note)


def _heat_map(report: Report) -> Html:
    severities = [part.name for part in report.by_severity]
    results = {(r.condition.corruption, severity_of(r.condition)): r for r in report.results}
    means = {part.name: part for part in report.by_corruption}

    def make_row(name: str) -> Iterator[Html]:
        for severity in severities:
            yield _result_cell(report, results.get((name, severity)))
        yield _mean_cell(report, means[name])

    clean = next((result for result in report.results if result.condition.is_clean), None)
    ends = [*report.by_severity, *([report.overall] if report.overall else [])]
    chart = heat_map(
        severities,
        [group.name for group in report.by_group],
        list(means),
        make_row,
        None if clean is None else _result_cell(report, clean, len(severities) + 1),
        [_mean_cell(report, part) for part in ends],
    )
    return section(
        f"{metric_title(report)} by corruption and severity",
        chart,
        color_legend("nothing left", "half of clean", "all of clean"),
    )


def _result_cell(report: Report, result: ConditionResult | None, colspan: int = 1) -> Html:
    if result is None:
        return heat_cell(None)
    score = report.score(result)
    interval = interval_text(result.interval)
    hint = f"{result.condition}: {percent(score)} ({interval}), {result.clips} clips"
    return heat_cell(score_cell(score, report.clean), hint, colspan)


def _mean_cell(report: Report, part: Robustness) -> Html:
    hint = f"{part.name}: mean of {part.conditions} conditions"
    return heat_cell(score_cell(part.score, report.clean), hint)


def _style(group: str) -> str:
    return GROUP_STYLES.get(group, "four")


def _style_of(corruption: str) -> str:
    return _style(group_of(Condition(corruption, 1)))


def _score_bars(report: Report) -> Html:
    found = report.intervals
    groups = [
        score_bar(part.name, part.score, _style(part.name), interval, report.clean)
        for part, interval in zip(report.by_group, found.by_group, strict=True)
    ]
    severities = [
        score_bar(f"severity {part.name}", part.score, "plain", interval, report.clean)
        for part, interval in zip(report.by_severity, found.by_severity, strict=True)
    ]
    note = "The line across is the clean score." if report.clean is not None else ""
    return element(
        "div",
        section("By group", *groups, lead=note),
        section("By severity", *severities),
        _hardest(report),
    )


def _hardest(report: Report) -> Html:
    pairs = zip(report.by_corruption, report.intervals.by_corruption, strict=True)
    ordered = sorted(pairs, key=lambda pair: (pair[0].score, pair[0].name))
    bars = (
        score_bar(part.name, part.score, _style_of(part.name), interval, report.clean)
        for part, interval in ordered[:HARDEST]
    )
    return section("Hardest corruptions", *bars)


def _severity_curves(report: Report) -> Html:
    name = metric_name(report)
    figures = [
        element(
            "figure",
            element("figcaption", line.name),
            curves([line], f"{name} under {line.name} by severity"),
        )
        for line in _lines(report)
    ]
    return section(
        "Severity curves",
        element("div", *figures, class_="curves"),
        lead=f"{metric_title(report)} in % over severity, 0 being clean; "
        f"bands hold 95 % of {report.intervals.replicates:,} bootstrap draws of the clips.",
    )


def _lines(report: Report) -> Iterator[Curve]:
    clean = [cell for cell in report.results if cell.condition.is_clean]
    for part in report.by_corruption:
        cells = [cell for cell in report.results if cell.condition.corruption == part.name]
        points = (
            *(Point("0", report.score(cell), cell.interval) for cell in clean),
            *(Point(severity_of(c.condition), report.score(c), c.interval) for c in cells),
        )
        yield Curve(part.name, _style_of(part.name), points)


def _corruption_errors(report: Report) -> Html:
    base = report.baseline
    assert base is not None
    full = max([1.0, *(e.error for e in base.by_corruption if e.error is not None)])
    bars = (
        bar(
            e.corruption,
            (e.error or 0.0) / full,
            1 / full,
            _style_of(e.corruption),
            number=percent(e.error),
            note=f"relative {percent(e.relative)}",
        )
        for e in base.by_corruption
    )
    return section(
        "Corruption errors",
        element("div", *bars, class_="columns"),
        lead=f"Against {base.model} (manifest {base.manifest[:12]}, seed {base.seed}), whose "
        f"errors are 100, the line across: less is better. A dash is where it loses nothing.",
    )


def _metric_section(report: Report) -> Html:
    conditions = condition_table(report)
    headings = ["", *conditions.headings[1:-1], "95 % interval"]
    return section(
        "Every metric",
        render_table(Table("", headings, list(_mean_rows(report))), "numbers"),
        element(
            "details",
            element("summary", f"All {len(report.results)} conditions"),
            render_table(replace(conditions, headings=headings), "numbers"),
        ),
        lead=f"Means over conditions; the interval is of {metric_name(report)}.",
    )


def _mean_rows(report: Report) -> Iterator[list[str]]:
    """The means of every metric over each severity and group, with the number of clips."""
    clean = [result for result in report.results if result.condition.is_clean]
    corrupted = [result for result in report.results if not result.condition.is_clean]
    found, names = report.intervals, metrics_in(report)
    parts = [("clean", clean, found.clean)]
    for part, interval in zip(report.by_severity, found.by_severity, strict=True):
        some = [result for result in corrupted if severity_of(result.condition) == part.name]
        parts.append((f"severity {part.name}", some, interval))
    for part, interval in zip(report.by_group, found.by_group, strict=True):
        some = [result for result in corrupted if group_of(result.condition) == part.name]
        parts.append((part.name, some, interval))
    parts.append(("all corrupted", corrupted, found.score))
    for name, results, spread in parts:
        if results:
            ends = sorted({result.clips for result in results})
            clips = f"{ends[0]:,}" if len(ends) == 1 else f"{ends[0]:,} to {ends[-1]:,}"
            yield [name, clips, *metric_cells(results, names, spread)]


def _skipped_section(report: Report) -> Iterator[Html]:
    if report.skipped:
        yield section(
            f"{len(report.skipped)} of {report.receipt.clips:,} clips skipped",
            render_table(skipped_table(report), "text"),
            lead="Every score is over the other clips.",
            class_="warning",
        )


def _receipt_section(report: Report) -> Html:
    digests = report.receipt.digests
    rows = replace(receipt_table(report), headings=["what was evaluated", ""])
    each = Table("", ["condition", "what was shown"], code_rows(digests))
    details = element(
        "details",
        element("summary", f"Digests of {len(digests)} conditions"),
        render_table(each, "text receipt"),
    )
    return section(
        "Receipt",
        render_table(rows, "text receipt"),
        *((details,) if digests else ()),
        element("p", "To see that another machine shows a model the same, copy report.json there, "
                "and report.digests.tsv, by which the first clip that differs is found:"),
        element("pre", element("code", CHECK_COMMAND)),
    )  # fmt: skip


def _footer(report: Report) -> Html:
    name = metric_name(report)
    words: tuple[tuple[str, str], ...] = (
        ("absolute robustness", f"1 - drop, where drop = clean {name} - mean {name}"),
        ("relative robustness", "1 - drop / clean"),
        ("interval", "where 95 % of bootstrap draws over clips lie; the same clips are drawn for "
         "every condition and model"),
        ("CE", "error under a corruption over a baseline's, both summed over severities; "
         "relative: of what is lost against clean"),
        ("mAP, AUC, d\N{PRIME}", "each class against the rest, the mean over classes"),
    )  # fmt: skip
    if has_no_auc(report):
        words = (*words, ("AUC", NO_AUC))
    terms = (part for term, text in words for part in (element("dt", term), element("dd", text)))
    return element("footer", element("h2", "How to read this"), element("dl", *terms))
