"""What commands print: lines for people, of any text; a report's table and where its files are."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avrb_wds.reports import Report

__all__ = ["any_name", "one_line", "print_report"]


def any_name() -> None:
    """Let names of files be printed that are no text, by the bytes that they are."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")


def one_line(text: object) -> str:
    r"""A message that is one line, and no command to a terminal, whatever the names in it.

    >>> one_line("a\nb.mp4 does not open.")
    'a\\nb.mp4 does not open.'
    """
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in str(text))


def print_report(report: Report, folder: Path) -> None:
    """Print the table of a report and the paths of the files in its folder, the page last."""
    from rich.console import Console

    from avrb_wds.reports import FILES, table

    Console().print(table(report))
    for name in FILES:
        print(f"report: {folder / name}")
