"""Retries of requests: when to try again, how long to wait, and when to give up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from ..errors import AvrbError, DataError, reason
from .limits import StorageLimits
from .responses import TransientError

Result = TypeVar("Result")


class Retries:
    """The failed requests in a row for one file, and how long they waited for its bytes."""

    def __init__(self, limits: StorageLimits) -> None:
        self.limits, self.failures = limits, 0
        self._waited, self._gained = 0.0, 0

    def run(
        self,
        subject: str,
        act: Callable[[], Result],
        translate: Callable[[Exception], TransientError | DataError],
    ) -> Result:
        """Return what `act` returns once it succeeds.

        subject: as for `failed`.  translate: makes of a client's error what to raise, or a
        TransientError, which is tried again.
        """
        while True:
            try:
                return act()
            except AvrbError:
                raise
            except Exception as error:
                meaning = translate(error)
            if not isinstance(meaning, TransientError):
                raise meaning
            self.failed(subject, meaning)

    def counted(self, pieces: Iterable[Any]) -> Iterator[Any]:
        """The `pieces` of a response, whose bytes and waiting time are counted."""
        self._waited, self._gained = 0.0, 0
        source = iter(pieces)
        while True:
            began = time.monotonic()
            try:
                piece = next(source, None)
            finally:
                self._waited += time.monotonic() - began
            if piece is None:
                return
            self._gained += len(piece)
            yield piece

    def failed(self, subject: str, error: TransientError) -> None:
        """Wait before trying again; raises DataError after too many failures in a row.

        subject: the file, and what is done with it, or the byte.
        """
        if self._gained and self._gained >= self.limits.min_throughput * self._waited:
            self.failures = 0
        self._waited, self._gained = 0.0, 0
        self.failures += 1
        if self.failures > self.limits.retries:
            raise DataError(
                f"{subject}: {reason(error)}; given up after {self.failures} attempts."
            ) from None
        asked = min(error.after, self.limits.max_retry_after)
        time.sleep(max(self.limits.wait(self.failures), asked))
