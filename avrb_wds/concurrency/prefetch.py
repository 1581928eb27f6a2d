"""An iterator that runs in a thread of its own, a bounded number of items ahead."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from queue import Queue
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterator[Item], depth: int) -> Generator[Item, None, None]:
    """The same items in the same order, up to `depth` of them made before they are asked for.

    An error of `items` comes out after the items before it.  The thread ends, and what `items`
    holds is closed, once all is taken or the generator is closed.

    >>> list(prefetch(iter("abc"), 2))
    ['a', 'b', 'c']
    """
    made: Queue[Item | BaseException | None] = Queue(depth)
    stop = threading.Event()
    thread = threading.Thread(target=_fill, args=(made, items, stop), name="avrb-ahead")
    thread.start()
    try:
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        while thread.is_alive():  # it may wait for room in the queue
            _drain(made)
            thread.join(0.01)


def _fill(
    made: Queue[Item | BaseException | None], items: Iterator[Item], stop: threading.Event
) -> None:
    last: BaseException | None = None
    try:
        for item in items:
            if stop.is_set():
                break
            made.put(item)
    except BaseException as error:
        last = error
    finally:
        if isinstance(items, Generator):
            items.close()
    made.put(last)


def _drain(made: Queue[Item | BaseException | None]) -> None:
    while not made.empty():
        made.get_nowait()
