"""What commands print of a report: the table, and where its files are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avrb_wds.reports import Report

__all__ = ["print_report"]


def print_report(report: Report, folder: Path) -> None:
    """Print the table of a report and the paths of the files in its folder, the page last."""
    from rich.console import Console

    from avrb_wds.reports import FILES, table

    Console().print(table(report))
    for name in FILES:
        print(f"report: {folder / name}")
