"""Tables at a terminal, whole at any width."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .output import escape_control, print_done, print_if_possible, print_text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from avrb_wds.reports import Report

UNLIMITED = 10_000
WIDE = 80  # columns, in which titles and captions are wrapped


def print_report(report: Report, folder: Path) -> None:
    """Print the table of a report and the paths of the files in its folder, the page last."""
    from avrb_wds.reports import FILES, report_table

    print_table(report_table(report), is_saved=True)
    print_done(*(f"report: {folder / name}" for name in FILES))


def print_table(table: Table, *, is_saved: bool) -> None:
    """Print a table whole: columns that the terminal has no room for follow below the others.

    is_saved: what it says is on disk too, so that one that cannot be printed is no error.
    """
    from rich.console import Console

    terminal = Console()
    text = StringIO()
    console = Console(
        file=text,
        color_system=cast(Any, terminal.color_system),
        force_terminal=terminal.is_terminal,
        width=UNLIMITED,
    )
    has_edge = terminal.is_terminal or "COLUMNS" in os.environ  # a file or a pipe has none
    for part in _split(console, table, terminal.width if has_edge else UNLIMITED):
        console.print(part, width=max(min(terminal.width, WIDE), _measure(console, part)))
    if is_saved:
        print_if_possible(text.getvalue())
    else:
        print_text(text.getvalue())


def _split(console: Console, table: Table, width: int) -> list[Table]:
    """Tables no wider than `width` that together have all columns; each begins with the first."""
    groups = [[0]]
    for column in range(1, len(table.columns)):
        wider = _select(table, [*groups[-1], column])
        if len(groups[-1]) > 1 and _measure(console, wider) > width:
            groups.append([0])
        groups[-1].append(column)
    parts = [_select(table, group) for group in groups]
    for part in parts[1:]:
        part.title = None
    for part in parts[:-1]:
        part.caption = None
    return parts


def _measure(console: Console, table: Table) -> int:
    """The columns of the terminal that a table needs to show every cell whole."""
    from rich.measure import Measurement

    return Measurement.get(console, console.options, table).maximum


def _select(table: Table, columns: Sequence[int]) -> Table:
    """A table of some of the columns, its text free of escape sequences."""
    from rich.table import Table

    selected = Table(
        title=_clean(table.title),
        caption=_clean(table.caption),
        title_justify=table.title_justify,
        caption_justify=table.caption_justify,
        box=table.box,
        padding=table.padding,
        pad_edge=table.pad_edge,
        show_edge=table.show_edge,
    )
    chosen = [table.columns[number] for number in columns]
    for column in chosen:
        selected.add_column(
            _clean(column.header) or "",
            justify=column.justify,
            no_wrap=column.no_wrap,
            min_width=column.min_width,
        )
    cells = zip(*(column.cells for column in chosen), strict=True)
    for row, values in zip(table.rows, cells, strict=True):
        selected.add_row(*map(_clean, values), style=row.style or "", end_section=row.end_section)
    return selected


def _clean(cell: RenderableType | None) -> Text | None:
    """A cell, title or caption as text that sends no command to the terminal."""
    from rich.text import Text

    if cell is None:
        return None
    text = cell if isinstance(cell, Text) else Text(str(cell))
    plain = "\n".join(map(escape_control, text.plain.split("\n")))
    if plain != text.plain:
        text = Text(plain, style=text.style, justify=text.justify)
    return text
