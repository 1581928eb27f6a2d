"""Reports and comparisons as tables for the terminal, in color."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich import box
from rich import table as rich_table
from rich.text import Text

from .comparison import Comparison
from .formatting import (
    color_at,
    interval_text,
    metric_name,
    metric_title,
    percent,
    text_color_on,
)
from .report import Report
from .tables import Cell, Table, corruption_table, group_table, score_table

NAME_WIDTH = 18  # so that all of it fits in 80 columns
ABBREVIATIONS = {"absolute": "abs", "relative": "rel", "relative CE": "relCE"}


def report_table(report: Report) -> rich_table.Table:
    """Return the scores of a report by corruption and severity, with robustness, in percent.

    With five severities, the table fits in 80 columns.
    """
    title = (
        f"{report.model} on {report.receipt.dataset}: {metric_name(report)} in %, "
        f"clean {percent(report.clean)} ({report.receipt.clips} clips)"
    )
    lines = ["abs: robustness 1 - drop, rel: 1 - drop / clean"]
    if report.intervals.score is not None:
        lines.append(f"95 % interval of the mean over all: {interval_text(report.intervals.score)}")
    if report.baseline is not None:
        lines.append(f"CE: error over that of {report.baseline.model}, relCE: of what is lost")
    if report.skipped:
        lines.append(f"{len(report.skipped)} clips skipped, named in the report")
    table = corruption_table(report)
    tables = [table]
    if len(report.by_group) > 1:
        blank = [""] * len(report.by_severity)
        rows = [[row[0], *blank, *row[1:4]] for row in group_table(report).rows]
        tables.append(replace(table, rows=rows, has_total=False))
    return render_tables(title, lines, tables)


def comparison_table(comparison: Comparison) -> rich_table.Table:
    """Return the scores of two models and their differences, in percent.

    The rows are the summary, the severities, the groups and the corruptions.
    """
    a, b = comparison.names
    title = f"{metric_title(comparison.a)} in %: {a} and {b} on {comparison.a.receipt.dataset}"
    severities = [replace(row, name=f"severity {row.name}") for row in comparison.by_severity]
    groups = comparison.by_group if len(comparison.by_group) > 1 else ()
    parts = (comparison.summary, severities, groups, comparison.by_corruption)
    tables = [score_table("", comparison, rows) for rows in parts]
    if not comparison.replicates:
        tables[0] = replace(tables[0], headings=tables[0].headings[:-1])
    lines = [comparison.headline, *comparison.notes, comparison.digest_statement]
    return render_tables(title, lines, tables)


def render_tables(title: str, caption: Sequence[str], tables: Sequence[Table]) -> rich_table.Table:
    """Return tables as the sections of one, with the headings of the first."""
    headings = tables[0].headings
    rendered = rich_table.Table(
        title=Text(title),
        caption=Text("\n".join(filter(None, caption))),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=0,  # the box puts a space between columns
        pad_edge=False,
        show_edge=False,
    )
    rendered.add_column(headings[0], no_wrap=True)
    for heading in headings[1:]:
        text = Text(_shorten(ABBREVIATIONS.get(heading, heading)))
        rendered.add_column(text, justify="right", no_wrap=True, min_width=5)
    for table in tables:
        for number, row in enumerate(table.rows, 1):
            is_total = table.has_total and number == len(table.rows)
            if is_total:
                rendered.add_section()
            cells = map(_render_cell, row[: len(headings)])
            rendered.add_row(*cells, style="bold" if is_total else "")
        if not table.has_total:
            rendered.add_section()
    return rendered


def _render_cell(cell: str | int | Cell) -> Text:
    if not isinstance(cell, Cell):
        return Text(str(cell))
    if cell.position is None:
        return Text(cell.text)
    color = color_at(cell.position)
    ink, ground = (f"rgb({r},{g},{b})" for r, g, b in (text_color_on(color), color))
    text = Text(cell.text, style=f"{ink} on {ground}", justify="right")
    text.stylize("bold" if cell.role == "significant" else "")
    return text


def _shorten(name: str) -> str:
    """The end of a long name, which tells two versions of a model apart.

    >>> _shorten("checkpoints:resnet_epoch_12")
    '…s:resnet_epoch_12'
    """
    return name if len(name) <= NAME_WIDTH else f"…{name[1 - NAME_WIDTH :]}"
