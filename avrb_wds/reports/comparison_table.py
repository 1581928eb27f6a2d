"""A comparison as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from .colors import color_of_difference
from .comparison import Comparison, Row
from .formatting import metric_title, percent, signed, span
from .terminal import grid, heat

NAME_WIDTH = 18  # so that all of it fits in 80 columns


def comparison_table(comparison: Comparison) -> Table:
    """A row a score: the summary, then by severity, group and corruption; in percent."""
    a, b = comparison.names
    title = f"{metric_title(comparison.a)} in %: {a} and {b} on {comparison.a.receipt.dataset}"
    headings = [*map(_shortened, (a, b)), "difference"]
    if comparison.replicates:
        headings.append("95 % interval")
    table = grid(
        title,
        "\n".join(
            filter(None, [comparison.headline, *comparison.notes, comparison.digest_statement])
        ),
        headings,
        "",
    )
    full = max((abs(row.difference or 0) for row in comparison.by_condition), default=0.0)
    for rows in (
        comparison.summary,
        _named("severity ", comparison.by_severity),
        comparison.by_group if len(comparison.by_group) > 1 else (),
        comparison.by_corruption,
    ):
        for row in rows:
            _add(table, row, full, bool(comparison.replicates))
        table.add_section()
    return table


def _add(table: Table, row: Row, full: float, with_interval: bool) -> None:
    difference = Text("-")
    if row.difference is not None:
        difference = heat(signed(row.difference), color_of_difference(row.difference, full))
        difference.stylize("bold" if row.is_significant else "")
    spread = [span(row.interval, sign=True)] if with_interval else []
    table.add_row(Text(row.name), percent(row.a), percent(row.b), difference, *spread)


def _named(before: str, rows: Sequence[Row]) -> list[Row]:
    return [Row(before + row.name, row.a, row.b, row.interval) for row in rows]


def _shortened(name: str) -> str:
    """The end of a long name, which tells two versions of a model apart.

    >>> _shortened("checkpoints:resnet_epoch_12")
    '…s:resnet_epoch_12'
    """
    return name if len(name) <= NAME_WIDTH else f"…{name[1 - NAME_WIDTH :]}"
