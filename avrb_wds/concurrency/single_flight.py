"""Work that several threads want at the same time, done by one of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any


class SingleFlight:
    """Lets one thread do what others ask for meanwhile, too; pickles as a new one.

    >>> SingleFlight().run("a key", lambda: print("done"))
    done
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[Hashable, Future[None]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return SingleFlight, ()

    def run(self, key: Hashable, work: Callable[[], None]) -> None:
        """Do `work`, or wait for the thread that does the same; raises what it raises in both."""
        mine: Future[None] = Future()
        with self._lock:
            first = self._under_way.setdefault(key, mine)
        if first is mine:
            try:
                work()
            except BaseException as error:
                mine.set_exception(error)
            else:
                mine.set_result(None)
            finally:
                with self._lock:
                    del self._under_way[key]
        first.result()
