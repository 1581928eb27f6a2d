"""`avrb report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit

from .options import Baseline
from .output import print_result
from .progress import progress_bar
from .tables import print_report


def report(
    folder: Annotated[
        Path, Argument(metavar="FOLDER", help="The --out of a run, finished or not.")
    ],
    baseline: Baseline = None,
) -> None:
    """Merge what the ranks of a run left into its report.

    Example:  avrb report runs/mymodel --baseline runs/alexnet

    Writes the report again, in every format. If the run is not finished, says which clips of which
    conditions are missing; exit status 1.
    """
    from avrb_wds.evaluation import is_run_folder, open_report, rewrite_report, run_status

    base = None if baseline is None else open_report(baseline)
    if is_run_folder(folder):
        there = run_status(folder)
        if not there.is_complete:
            gaps = [f"missing: {gap}" for gap in there.gaps]
            print_result(there, *gaps, "repeat the same run to finish it")
            raise Exit(1)
    with progress_bar("scoring") as progress:
        made = rewrite_report(folder, base, progress)
    print_report(made, folder)
