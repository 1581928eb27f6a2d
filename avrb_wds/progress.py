"""Progress of long work, reported to a callback."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is in all; with 0 done where a stage begins."""


def part_of(progress: Progress | None, before: int, total: int) -> Progress | None:
    """What a part of the work calls, where `before` is done already of `total` in all.

    >>> part_of(print, 10, 30)(5, 20)
    15 30
    """
    return progress and partial(_add, progress, before, total)


def _add(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)
