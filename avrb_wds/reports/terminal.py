"""The report as a table for the terminal: corruption by severity, coloured by what is left."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from .colors import Color, color_of, ink_on
from .formatting import metric_name, percent, span
from .report import Report
from .robustness import Robustness, severity_of


def report_table(report: Report) -> Table:
    """A row a corruption and a column a severity, with means and robustness, in percent.

    All of it fits in 80 columns for the five severities.
    """
    severities = [part.name for part in report.by_severity]
    errors = {e.corruption: e for e in report.baseline.by_corruption} if report.baseline else {}
    more = ("CE", "relCE") if report.baseline else ()
    rows = grid(_title(report), _caption(report), [*severities, "mean", "abs", "rel", *more])
    scores = {(c.corruption, severity_of(c)): score for c, score in report.corrupted}
    for part in report.by_corruption:
        cells = [_heat(scores.get((part.name, s)), report.clean) for s in severities]
        error = errors.get(part.name)
        ends = (percent(error.error), percent(error.relative)) if error else ()
        rows.add_row(Text(part.name), *cells, *_ends(part, report.clean), *ends)
    rows.add_section()
    if report.overall is not None:
        cells = [_heat(part.score, report.clean) for part in report.by_severity]
        base = report.baseline
        ends = (percent(base.mce), percent(base.relative_mce)) if base else ()
        rows.add_row("all", *cells, *_ends(report.overall, report.clean), *ends, style="bold")
    for part in report.by_group if len(report.by_group) > 1 else ():
        rows.add_row(part.name, *[""] * len(severities), *_ends(part, report.clean))
    return rows


def grid(title: str, caption: str, headings: list[str], first: str = "corruption") -> Table:
    """An empty table, one space between its columns: names to the left, numbers to the right."""
    rows = Table(
        title=Text(title),
        caption=Text(caption),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=0,  # the box puts a space between columns
        pad_edge=False,
        show_edge=False,
    )
    rows.add_column(first, no_wrap=True)
    for heading in headings:
        rows.add_column(Text(heading), justify="right", no_wrap=True, min_width=5)
    return rows


def heat(text: str, color: Color) -> Text:
    """A number on a colour."""
    ink, ground = (f"rgb({r},{g},{b})" for r, g, b in (ink_on(color), color))
    return Text(text, style=f"{ink} on {ground}", justify="right")


def _title(report: Report) -> str:
    return (
        f"{report.model} on {report.receipt.dataset}: {metric_name(report)} in %, "
        f"clean {percent(report.clean)} ({report.receipt.clips} clips)"
    )


def _caption(report: Report) -> str:
    lines = ["abs: robustness 1 - drop, rel: 1 - drop / clean"]
    if report.intervals.score is not None:
        lines.append(f"95 % interval of the mean over all: {span(report.intervals.score)}")
    if report.baseline is not None:
        lines.append(f"CE: error over that of {report.baseline.model}, relCE: of what is lost")
    if report.skipped:
        lines.append(f"{len(report.skipped)} clips skipped, named in the report")
    return "\n".join(lines)


def _ends(part: Robustness, clean: float | None) -> tuple[Text, str, str]:
    return _heat(part.score, clean), percent(part.absolute), percent(part.relative)


def _heat(score: float | None, clean: float | None) -> Text:
    return Text("-") if score is None else heat(percent(score), color_of(score, clean))
