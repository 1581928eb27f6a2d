"""`avrb compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from .output import print_done
from .progress import progress_bar
from .tables import print_table


def compare(
    first: Annotated[Path, Argument(metavar="FIRST", help="Folder of a run, or a report.json.")],
    second: Annotated[Path, Argument(metavar="SECOND", help="Another.")],
    out: Annotated[
        Path | None,
        Option(
            metavar="FOLDER",
            help="Folder for the comparison as JSON, Markdown and HTML.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Put two models side by side over what both were scored on.

    Example:  avrb compare runs/before runs/after --out runs/comparison

    Two runs over the same clips have intervals of the difference, paired over clips. Where the two
    were not shown the same, what differs is said below the table.
    """
    from avrb_wds.evaluation import compare as compare_runs
    from avrb_wds.reports import COMPARISON_FILES, comparison_table

    with progress_bar("comparing") as progress:
        found = compare_runs(first, second, out=out, progress=progress)
    print_table(comparison_table(found), is_saved=out is not None)
    if out is not None:
        print_done(*(f"comparison: {out / name}" for name in COMPARISON_FILES))
