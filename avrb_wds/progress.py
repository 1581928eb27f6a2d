"""Progress of long work, reported to a callback."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

Progress = Callable[[int, int], None]
"""Called with (done, total), and with 0 done at the start of a stage."""


def part_of(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return the callback for a part of the work, where `before` of `total` is already done.

    >>> part_of(print, 10, 30)(5, 20)
    15 30
    """
    return progress and partial(_add, progress, before, total)


def _add(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)
