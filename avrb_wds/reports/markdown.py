"""The report as Markdown, for a README, a pull request or a paper's appendix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..receipts.receipt import CHECK_COMMAND, receipt_rows
from .formatting import (
    METRIC_NAMES,
    NO_AUC,
    has_no_auc,
    metric_name,
    metric_title,
    percent,
    span,
    value,
)
from .report import Metrics, Report
from .robustness import Robustness, severity_of

SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|~&$"} | {"\n": " "})


def report_markdown(report: Report) -> str:
    """The report as GitHub's Markdown: every number of the HTML page, in tables."""
    parts = [
        f"# {cell(report.model)} on {cell(report.receipt.dataset)}",
        _sentence(report),
        markdown_table(["", "score", "95 % interval"], _figures(report)),
        *_titled(f"{metric_title(report)} by corruption and severity", _grid(report)),
        *_titled("By group", markdown_table([*HEADINGS, "95 % interval"], _groups(report))),
        *_titled("Every metric", _metrics(report)),
    ]
    if report.skipped:
        rows = [[c.key, c.shard, str(c.conditions), c.cause] for c in report.skipped]
        clips = markdown_table(["clip", "shard", "conditions", "cause"], rows)
        parts += _titled(f"{len(report.skipped)} clips skipped", clips)
    parts += _titled("Receipt", markdown_table(["", ""], receipt_rows(report.receipt)))
    parts.append(f"To check it on another machine: `{CHECK_COMMAND}`")
    return "\n\n".join(part for part in parts if part) + "\n"


class Markdown(str):
    """Text that is markup: not escaped once more."""


def cell(text: str) -> str:
    """Text that Markdown shows as it is.

    >>> cell("a|b <i>")
    'a\\\\|b \\\\<i\\\\>'
    """
    return text if isinstance(text, Markdown) else text.translate(SPECIAL)


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its first column to the left and the others to the right; empty without rows."""
    lines = ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    rule = "|:--|" + "--:|" * (len(headings) - 1)
    return "\n".join([f"| {' | '.join(map(cell, headings))} |", rule, *lines]) if lines else ""


HEADINGS = ["", "mean", "absolute", "relative"]


def _titled(title: str, body: str) -> list[str]:
    return [f"## {title}", body] if body else []


def _sentence(report: Report) -> str:
    text = (
        f"{report.receipt.clips} clips, {len(report.results)} conditions, {report.task}, "
        f"{report.classes} classes; every number in percent. Absolute robustness is 1 - drop, "
        f"relative robustness 1 - drop / clean."
    )
    if has_no_auc(report):
        text += f" {NO_AUC}"
    if report.baseline is not None:
        text += f" Corruption errors (CE) are against {cell(report.baseline.model)}."
    return text


def _figures(report: Report) -> Iterator[list[str]]:
    found = report.intervals
    if report.clean is not None:
        yield ["clean", percent(report.clean), span(found.clean)]
    if report.overall is not None:
        yield ["mean over all corrupted", percent(report.overall.score), span(found.score)]
        yield ["absolute robustness", percent(report.overall.absolute), span(found.absolute)]
        yield ["relative robustness", percent(report.overall.relative), span(found.relative)]
    if report.baseline is not None:
        yield ["mCE", percent(report.baseline.mce), ""]
        yield ["relative mCE", percent(report.baseline.relative_mce), ""]


def _ends(part: Robustness) -> list[str]:
    return [percent(part.score), percent(part.absolute), percent(part.relative)]


def _grid(report: Report) -> str:
    if report.overall is None:
        return ""
    severities = [part.name for part in report.by_severity]
    errors = report.baseline.by_corruption if report.baseline else ()
    ends = {e.corruption: [percent(e.error), percent(e.relative)] for e in errors}
    scores = {(c.corruption, severity_of(c)): score for c, score in report.corrupted}
    rows = [
        [
            part.name,
            *(percent(scores.get((part.name, severity))) for severity in severities),
            *_ends(part),
            *ends.get(part.name, []),
        ]
        for part in report.by_corruption
    ]
    last = ["all", *(percent(part.score) for part in report.by_severity), *_ends(report.overall)]
    more = []
    if report.baseline is not None:
        more = ["CE", "relative CE"]
        last += [percent(report.baseline.mce), percent(report.baseline.relative_mce)]
    return markdown_table(["corruption", *severities, *HEADINGS[1:], *more], [*rows, last])


def _groups(report: Report) -> Iterator[list[str]]:
    for part, interval in zip(report.by_group, report.intervals.by_group, strict=True):
        yield [part.name, *_ends(part), span(interval)]


def _metrics(report: Report) -> str:
    names = [n for n in Metrics.names() if any(getattr(c.metrics, n) for c in report.results)]
    rows = [
        [
            str(one.condition),
            str(one.clips),
            *(value(name, getattr(one.metrics, name)) for name in names),
            span(one.interval),
        ]
        for one in report.results
    ]
    headings = [METRIC_NAMES[name] for name in names]
    return markdown_table(["condition", "clips", *headings, f"95 % of {metric_name(report)}"], rows)
