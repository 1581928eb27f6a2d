"""Requests that are tried again, in one way for all."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import DataError, reason
from .limits import StorageLimits
from .responses import TransientError


class Retries:
    """How often in a row requests for one thing failed, and how long they waited for bytes."""

    def __init__(self, limits: StorageLimits) -> None:
        self.limits, self.failures = limits, 0
        self._waited, self._gained = 0.0, 0

    def counted(self, pieces: Iterable[Any]) -> Iterator[Any]:
        """The `pieces` of an answer; what they bring, and how long they let wait, counts."""
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

        subject: the file, and what is done to it, or at which byte.
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
