"""Work that several threads request at the same time, done once, by one of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any


class SingleFlight:
    """Runs the work for a key in one thread while others wait for it; pickles as a new object.

    >>> SingleFlight().run("a key", lambda: print("done"))
    done
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[Hashable, Future[None]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return SingleFlight, ()

    def run(self, key: Hashable, work: Callable[[], None]) -> None:
        """Do `work`, or wait for the thread that does it for `key`; both raise what it raises."""
        own: Future[None] = Future()
        with self._lock:
            first = self._running.setdefault(key, own)
        if first is own:
            try:
                work()
            except BaseException as error:
                own.set_exception(error)
            else:
                own.set_result(None)
            finally:
                with self._lock:
                    del self._running[key]
        first.result()
