"""The progress bar of commands that take long: on standard error, and only for a person there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avrb_wds.progress import Progress


@contextmanager
def progress_bar(
    *stages: str, passing: bool = False, of_bytes: bool = False
) -> Iterator[Progress | None]:
    """A bar for as long as the block runs; what it gives is called as `Progress` says.

    stages: what the work is called, one after another.  passing: the bar goes when it is done.
    of_bytes: it counts bytes.  Gives None where nobody looks, and to all ranks but the first.
    """
    if not _is_watched():
        yield None
        return
    from rich.console import Console
    from rich.progress import DownloadColumn, MofNCompleteColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        *Bar.get_default_columns()[:2],
        DownloadColumn() if of_bytes else MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=passing,
        # What a model prints belongs where it prints it, unless that is this terminal.
        redirect_stdout=sys.stdout.isatty(),
    )
    coming = iter(stages)
    task, begun = bar.add_task(next(coming), total=None), False

    def show(done: int, total: int) -> None:
        nonlocal task, begun
        if not done and begun:
            task = bar.add_task(next(coming, stages[-1]), total=None)
        begun = True
        bar.update(task, completed=done, total=total)

    with bar:
        yield show
        if bar.tasks[-1].completed:  # all of it, where the total was a guess
            bar.update(task, total=bar.tasks[-1].completed)


def _is_watched() -> bool:
    if not sys.stderr.isatty():
        return False
    from avrb_wds.loading.sharding import resolve_rank

    return resolve_rank()[0] == 0
