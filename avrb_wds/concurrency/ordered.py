"""Work done ahead of whoever waits for it: a bounded number of tasks, what they give in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

Result = TypeVar("Result")
FIRST = 1 << 20


@dataclass(frozen=True)
class _End:
    """The end of a task; error: which it ended by."""

    error: BaseException | None = None


def ramp(start: int, stop: int, largest: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of ranges that cover the bytes given, from 1 MiB each doubling to `largest`.

    The first bytes come soon, and later ones in few requests.  Two have 1 MiB, so that from byte 0
    on each starts at a multiple of its size: servers keep files in pieces of 4, 8 or 16 MiB.

    >>> [stop >> 20 for _, stop in ramp(0, 11 << 20, 4 << 20)]
    [1, 2, 4, 8, 11]
    """
    size, second = min(FIRST, largest), True
    while start < stop:
        yield start, min(stop, start + size)
        start += size
        size, second = (size, False) if second else (min(2 * size, largest), False)


def ordered_map(tasks: Iterable[Callable[[], Result]], count: int) -> Iterator[Result]:
    """The results of `tasks` in order, `count` of them under way or done ahead.

    >>> list(ordered_map([lambda: 1, lambda: 2, lambda: 3], 2))
    [1, 2, 3]
    """
    return ordered_chain((partial(_alone, task) for task in tasks), count)


def ordered_chain(tasks: Iterable[Callable[[], Iterable[Result]]], count: int) -> Iterator[Result]:
    """What `tasks` give as they give it, one after another, `count` of them at work at once.

    >>> list(ordered_chain([lambda: "ab", lambda: "c", lambda: "de"], 2))
    ['a', 'b', 'c', 'd', 'e']
    """
    pool = ThreadPoolExecutor(count, "avrb-storage")
    lanes: deque[SimpleQueue[Result | _End]] = deque()
    try:
        for task in tasks:
            lanes.append(SimpleQueue())
            pool.submit(_work, task, lanes[-1])
            if len(lanes) >= count:
                yield from _given(lanes.popleft())
        while lanes:
            yield from _given(lanes.popleft())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _alone(task: Callable[[], Result]) -> tuple[Result]:
    return (task(),)


def _work(task: Callable[[], Iterable[Result]], lane: SimpleQueue[Result | _End]) -> None:
    try:
        for result in task():
            lane.put(result)
    except BaseException as error:  # for the thread that waits
        lane.put(_End(error))
    else:
        lane.put(_End())


def _given(lane: SimpleQueue[Result | _End]) -> Iterator[Result]:
    while not isinstance(result := lane.get(), _End):
        yield result
    if result.error is not None:
        raise result.error
