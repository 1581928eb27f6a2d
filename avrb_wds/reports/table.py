"""The report as a table for the terminal: corruption by severity, coloured by what is lost."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from .report import Report
from .summary import Robustness, severity_of

__all__ = ["table"]


def table(report: Report) -> Table:
    """A row a corruption and a column a severity, with means and robustness, in percent."""
    severities = [part.name for part in report.by_severity]
    grid = Table(title=_title(report), caption=_caption(report), title_justify="left")
    grid.add_column("corruption")
    for heading in (*severities, "mean", "absolute", "relative"):
        grid.add_column(heading, justify="right")
    scores = {(c.corruption, severity_of(c)): score for c, score in report.corrupted}
    for part in report.by_corruption:
        cells = [_heat(scores.get((part.name, s)), report.clean) for s in severities]
        grid.add_row(part.name, *cells, *_ends(part, report.clean))
    grid.add_section()
    if report.overall is not None:
        cells = [_heat(part.score, report.clean) for part in report.by_severity]
        grid.add_row("all", *cells, *_ends(report.overall, report.clean), style="bold")
    for part in report.by_group if len(report.by_group) > 1 else ():
        grid.add_row(part.name, *[""] * len(severities), *_ends(part, report.clean))
    return grid


def _title(report: Report) -> str:
    metric = "accuracy" if report.metric == "accuracy" else "mAP"
    return (
        f"{report.model} on {report.receipt.dataset}: {metric} in %, "
        f"clean {percent(report.clean)} ({report.receipt.clips} clips)"
    )


def _caption(report: Report) -> str:
    robust = "absolute robustness 1 - drop, relative robustness 1 - drop / clean"
    if not report.skipped:
        return robust
    return f"{len(report.skipped)} clips skipped, named in the report · {robust}"


def _ends(part: Robustness, clean: float | None) -> tuple[Text, str, str]:
    return _heat(part.score, clean), percent(part.absolute), percent(part.relative)


def percent(value: float | None) -> str:
    """A fraction in percent, to one decimal.

    >>> percent(0.9649), percent(None)
    ('96.5', '-')
    """
    return "-" if value is None else f"{100 * value:.1f}"


def _heat(score: float | None, clean: float | None) -> Text:
    """A score, green where it is near clean, over yellow to red where nothing is left."""
    if score is None:
        return Text("-")
    kept = score if not clean else min(1.0, score / clean)
    red, green = min(255, round(440 * (1 - kept))), min(200, round(320 * kept))
    return Text(percent(score), style=f"rgb({red},{green},60)")
