"""The page of one report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...condition import Condition
from ...receipts.receipt import CHECK_COMMAND, receipt_rows
from ..formatting import (
    METRIC_NAMES,
    NO_AUC,
    has_no_auc,
    metric_name,
    metric_title,
    percent,
    span,
    value,
)
from ..report import ConditionResult, Interval, Metrics, Report
from ..robustness import group_of, severity_of
from .charts import Curve, Point, bar, curves, score_bar
from .elements import Html, document, element, grid_table, section
from .heatmap import heat_map, legend

GROUP_STYLES = {"digital": "one", "environmental": "two", "human-related": "three"}
"""The class of each group's elements; corruptions of a user's own have "four"."""
HARDEST = 10


def report_page(report: Report) -> str:
    """The report as one HTML page that needs nothing else: no script, no font, no network."""
    body = [_head(report), element("div", *_tiles(report), class_="tiles")]
    if report.overall is not None:
        body.append(element("div", _map(report), _bars(report), class_="pair"))
        body.append(_curves(report))
    if report.baseline is not None:
        body.append(_errors(report))
    body += [_metrics(report), *_skipped(report), _receipt(report), _reading(report)]
    return document(f"{report.model} on {report.receipt.dataset}: robustness", *body)


def _head(report: Report) -> Html:
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


def tile(name: str, number: str, spread: str, note: str = "") -> Html:
    """A figure with its name and its interval."""
    small = element("span", f"95 %: {spread}" if spread else note, class_="spread")
    return element(
        "div",
        element("span", name, class_="name"),
        element("span", number, class_="figure"),
        small,
        class_="tile",
    )


def _tiles(report: Report) -> Iterator[Html]:
    found = report.intervals
    if report.clean is not None:
        yield tile(f"Clean {metric_name(report)}", percent(report.clean), span(found.clean))
    if report.overall is not None:
        whole = report.overall
        yield tile(f"Mean of {whole.conditions} corrupted", percent(whole.score), span(found.score))
        yield tile("Absolute robustness", percent(whole.absolute), span(found.absolute))
        yield tile("Relative robustness", percent(whole.relative), span(found.relative))
    if report.baseline is not None:
        note = f"against {report.baseline.model}"
        yield tile("mCE", percent(report.baseline.mce), "", note)
        yield tile("Relative mCE", percent(report.baseline.relative_mce), "", note)


def _map(report: Report) -> Html:
    return section(
        f"{metric_title(report)} by corruption and severity",
        heat_map(report),
        legend("nothing left", "half of clean", "all of clean"),
    )


def _style(group: str) -> str:
    return GROUP_STYLES.get(group, "four")


def _style_of(corruption: str) -> str:
    return _style(group_of(Condition(corruption, 1)))


def _bars(report: Report) -> Html:
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
        _worst(report),
    )


def _worst(report: Report) -> Html:
    pairs = zip(report.by_corruption, report.intervals.by_corruption, strict=True)
    ordered = sorted(pairs, key=lambda pair: (pair[0].score, pair[0].name))
    bars = (
        score_bar(part.name, part.score, _style_of(part.name), interval, report.clean)
        for part, interval in ordered[:HARDEST]
    )
    return section("Hardest corruptions", *bars)


def _curves(report: Report) -> Html:
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


def _errors(report: Report) -> Html:
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


def _metrics(report: Report) -> Html:
    names = [
        name
        for name in Metrics.names()
        if any(getattr(cell.metrics, name) is not None for cell in report.results)
    ]
    headings = ["", "clips", *(METRIC_NAMES[name] for name in names), "95 % interval"]
    clean = [cell for cell in report.results if cell.condition.is_clean]
    corrupted = [cell for cell in report.results if not cell.condition.is_clean]
    found = report.intervals
    parts: list[tuple[str, list[ConditionResult], Interval | None]] = [
        ("clean", clean, found.clean)
    ]
    for part, interval in zip(report.by_severity, found.by_severity, strict=True):
        some = [cell for cell in corrupted if severity_of(cell.condition) == part.name]
        parts.append((f"severity {part.name}", some, interval))
    for part, interval in zip(report.by_group, found.by_group, strict=True):
        some = [cell for cell in corrupted if group_of(cell.condition) == part.name]
        parts.append((part.name, some, interval))
    parts.append(("all corrupted", corrupted, found.score))
    means = (_row(name, cells, names, spread) for name, cells, spread in parts if cells)
    each = (_row(str(cell.condition), [cell], names, cell.interval) for cell in report.results)
    return section(
        "Every metric",
        grid_table(headings, means, "numbers"),
        element(
            "details",
            element("summary", f"All {len(report.results)} conditions"),
            grid_table(headings, each, "numbers"),
        ),
        lead=f"Means over conditions; the interval is of {metric_name(report)}.",
    )


def _row(
    name: str, cells: list[ConditionResult], metrics: Iterable[str], interval: Interval | None
) -> list[str]:
    clips = {cell.clips for cell in cells}
    spread = f"{min(clips):,}" if len(clips) == 1 else f"{min(clips):,} to {max(clips):,}"
    return [name, spread, *(value(one, _mean(cells, one)) for one in metrics), span(interval)]


def _mean(cells: list[ConditionResult], metric: str) -> float | None:
    """The mean of a metric; None where one cell has none."""
    values = [getattr(cell.metrics, metric) for cell in cells]
    return None if None in values else float(sum(values)) / len(values)


def _skipped(report: Report) -> Iterator[Html]:
    if report.skipped:
        rows = ((c.key, c.shard, str(c.conditions), c.cause) for c in report.skipped)
        yield section(
            f"{len(report.skipped)} of {report.receipt.clips:,} clips skipped",
            grid_table(["clip", "shard", "conditions", "cause"], rows, "text"),
            lead="Every score is over the other clips.",
            class_="warning",
        )


def _receipt(report: Report) -> Html:
    receipt = report.receipt
    rows = ((name, element("code", text)) for name, text in receipt_rows(receipt))
    each = ((name, element("code", digest)) for name, digest in receipt.digests)
    digests = element(
        "details",
        element("summary", f"Digests of {len(receipt.digests)} conditions"),
        grid_table(["condition", "what was shown"], each, "text receipt"),
    )
    return section(
        "Receipt",
        grid_table(["what was evaluated", ""], rows, "text receipt"),
        *((digests,) if receipt.digests else ()),
        element("p", "To see that another machine shows a model the same, copy report.json there, "
                "and report.digests.tsv, by which the first clip that differs is found:"),
        element("pre", element("code", CHECK_COMMAND)),
    )  # fmt: skip


def _reading(report: Report) -> Html:
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
