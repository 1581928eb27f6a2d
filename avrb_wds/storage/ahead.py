"""Work done ahead of whoever waits for it: a bounded number of tasks, results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_order", "ramp"]

Result = TypeVar("Result")
FIRST = 1 << 20


def ramp(start: int, stop: int, largest: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of ranges that cover the bytes given, from 1 MiB each doubling to `largest`:
    the first bytes come soon, and later ones in few requests.

    >>> list(ramp(0, 5 << 20, 2 << 20)) == [(0, 1 << 20), (1 << 20, 3 << 20), (3 << 20, 5 << 20)]
    True
    """
    size = min(FIRST, largest)
    while start < stop:
        yield start, min(stop, start + size)
        start, size = start + size, min(2 * size, largest)


def in_order(tasks: Iterable[Callable[[], Result]], count: int) -> Iterator[Result]:
    """The results of `tasks` in order, `count` of them under way or done ahead.

    >>> list(in_order([lambda: 1, lambda: 2, lambda: 3], 2))
    [1, 2, 3]
    """
    pool = ThreadPoolExecutor(count, "avrb-storage")
    pending: deque[Future[Result]] = deque()
    try:
        for task in tasks:
            pending.append(pool.submit(task))
            if len(pending) >= count:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
