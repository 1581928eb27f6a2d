"""The tables of reports and comparisons, free of any output format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..receipts.receipt import receipt_rows
from .comparison import Comparison, Row
from .formatting import (
    METRIC_NAMES,
    difference_position,
    interval_text,
    metric_name,
    metric_text,
    metric_title,
    percent,
    score_position,
    signed_percent,
)
from .report import ConditionResult, Interval, Metrics, Report
from .robustness import Robustness, severity_of


@dataclass(frozen=True)
class Cell:
    """A cell that is more than plain text.

    Attributes:
        text: Its text.
        role: "number"; "significant", a difference whose interval excludes 0; "code", text that
            readers compare letter by letter; "changed", code that differs from the cell before it.
        position: Position on the color scale, in [0, 1]; None for no color.
    """

    text: str
    role: Literal["number", "significant", "code", "changed"] = "number"
    position: float | None = None


TableRow = Sequence[str | int | Cell]


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes:
        title: Its title; "" for a table without one.
        headings: Headings of its columns.
        rows: Its rows: plain text, counts or cells.
        has_total: Whether the last row summarizes the others.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[TableRow]
    has_total: bool = False


def report_tables(report: Report) -> list[Table]:
    """Return the tables of a report, from its summary to its receipt; some may have no rows."""
    return [
        summary_table(report),
        corruption_table(report),
        group_table(report),
        condition_table(report),
        skipped_table(report),
        receipt_table(report),
    ]


def summary_table(report: Report) -> Table:
    """The scores that a report summarizes, with their intervals."""
    rows, found, overall = [], report.intervals, report.overall
    if report.clean is not None:
        rows.append(["clean", percent(report.clean), interval_text(found.clean)])
    if overall is not None:
        rows += [
            ["mean over all corrupted", percent(overall.score), interval_text(found.score)],
            ["absolute robustness", percent(overall.absolute), interval_text(found.absolute)],
            ["relative robustness", percent(overall.relative), interval_text(found.relative)],
        ]
    if report.baseline is not None:
        rows.append(["mCE", percent(report.baseline.mce), ""])
        rows.append(["relative mCE", percent(report.baseline.relative_mce), ""])
    return Table("", ["", "score", "95 % interval"], rows)


def corruption_table(report: Report) -> Table:
    """A row for each corruption and a column for each severity, with means and robustness."""
    severities = [part.name for part in report.by_severity]
    base, overall = report.baseline, report.overall
    errors = {error.corruption: error for error in base.by_corruption} if base else {}
    scores = {(c.corruption, severity_of(c)): score for c, score in report.corrupted}
    rows: list[list[str | int | Cell]] = []
    for part in report.by_corruption:
        cells = (score_cell(scores.get((part.name, name)), report.clean) for name in severities)
        rows.append([part.name, *cells, *_robustness_cells(part, report.clean)])
        if part.name in errors:
            error = errors[part.name]
            rows[-1] += [percent(error.error), percent(error.relative)]
    if overall is not None:
        cells = (score_cell(part.score, report.clean) for part in report.by_severity)
        rows.append(["all", *cells, *_robustness_cells(overall, report.clean)])
        rows[-1] += [percent(base.mce), percent(base.relative_mce)] if base else []
    headings = ["corruption", *severities, *ROBUSTNESS, *(("CE", "relative CE") if base else ())]
    title = f"{metric_title(report)} by corruption and severity"
    return Table(title, headings, rows, has_total=overall is not None)


def group_table(report: Report) -> Table:
    """The robustness over each group of the paper."""
    rows: list[TableRow] = [
        [part.name, *_robustness_cells(part, report.clean), interval_text(interval)]
        for part, interval in zip(report.by_group, report.intervals.by_group, strict=True)
    ]
    return Table("By group", ["", *ROBUSTNESS, "95 % interval"], rows)


ROBUSTNESS = ("mean", "absolute", "relative")


def _robustness_cells(part: Robustness, clean: float | None) -> list[str | Cell]:
    mean = score_cell(part.score, clean)
    return [mean, percent(part.absolute), percent(part.relative)]


def score_cell(score: float | None, clean: float | None) -> Cell:
    """A score on the color scale, as a fraction of the clean score."""
    return Cell(percent(score), position=None if score is None else score_position(score, clean))


def condition_table(report: Report) -> Table:
    """Every metric of each condition."""
    names = metrics_in(report)
    rows: list[TableRow] = [
        [str(one.condition), one.clips, *metric_cells([one], names, one.interval)]
        for one in report.results
    ]
    metrics = (METRIC_NAMES[name] for name in names)
    headings = ["condition", "clips", *metrics, f"95 % of {metric_name(report)}"]
    return Table("Every metric", headings, rows)


def metrics_in(report: Report) -> list[str]:
    """The names of the metrics that at least one condition has."""
    return [
        name
        for name in Metrics.names()
        if any(getattr(one.metrics, name) is not None for one in report.results)
    ]


def metric_cells(
    results: Sequence[ConditionResult], names: Iterable[str], interval: Interval | None
) -> list[str]:
    """The means of these metrics over conditions, undefined if one is, and an interval."""
    columns = [[getattr(one.metrics, name) for one in results] for name in names]
    means = (None if None in values else sum(values) / len(values) for values in columns)
    texts = (metric_text(name, mean) for name, mean in zip(names, means, strict=True))
    return [*texts, interval_text(interval)]


def skipped_table(report: Report) -> Table:
    """The clips that were skipped."""
    rows: list[TableRow] = [
        [clip.key, clip.shard, clip.conditions, clip.cause] for clip in report.skipped
    ]
    title = f"{len(report.skipped)} clips skipped"
    return Table(title, ["clip", "shard", "conditions", "cause"], rows)


def receipt_table(report: Report) -> Table:
    """What the model was shown."""
    return Table("Receipt", ["", ""], code_rows(receipt_rows(report.receipt)))


def code_rows(rows: Iterable[Sequence[str]]) -> list[TableRow]:
    """Rows of a name and texts that readers compare letter by letter."""
    return [[name, *(Cell(text, "code") for text in texts)] for name, *texts in rows]


def comparison_tables(comparison: Comparison) -> list[Table]:
    """Return the tables of a comparison, from its summary to the receipts."""
    return [
        score_table("Summary", comparison, comparison.summary),
        score_table("By severity", comparison, comparison.by_severity),
        score_table("By group", comparison, comparison.by_group),
        score_table("By corruption", comparison, comparison.by_corruption),
        score_table("Every condition", comparison, comparison.by_condition),
        receipts_table(comparison),
    ]


def score_table(title: str, comparison: Comparison, scores: Iterable[Row]) -> Table:
    """Some of the scores of both models with their differences."""
    full = max((abs(row.difference or 0) for row in comparison.by_condition), default=0.0)
    rows: list[TableRow] = [
        [
            row.name,
            percent(row.a),
            percent(row.b),
            difference_cell(row, full),
            interval_text(row.interval, sign=True),
        ]
        for row in scores
    ]
    return Table(title, ["", *comparison.names, "difference", "95 % interval"], rows)


def difference_cell(row: Row, full: float) -> Cell:
    """A difference on the color scale, whose ends are differences of `full`."""
    if row.difference is None:
        return Cell("-")
    position = difference_position(row.difference, full)
    role: Literal["number", "significant"] = "significant" if row.is_significant else "number"
    return Cell(signed_percent(row.difference), role, position)


def receipts_table(comparison: Comparison) -> Table:
    """What both models were shown."""
    theirs = dict(receipt_rows(comparison.b.receipt))
    rows: list[TableRow] = []
    for name, ours in receipt_rows(comparison.a.receipt):
        second = Cell(theirs[name], "code" if theirs[name] == ours else "changed")
        rows.append([name, Cell(ours, "code"), second])
    return Table("Receipts", ["", *comparison.names], rows)
