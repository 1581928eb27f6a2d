"""Read-ahead for large files whose ranges are read in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any

from ..errors import DataError
from .reader import ObjectReader

FIRST = 1 << 20
LARGEST = 4 << 20
RECENT = 32  # reads, since threads are not quite in order


@dataclass
class _Segment:
    """Bytes `start` to `stop` of a file, under way or here; served: how many were handed out."""

    url: str
    start: int
    stop: int
    data: Future[bytes]
    served: int = 0


class Readahead:
    """Reads ranges, several at a time, and reads ahead; thread-safe; a pickled copy starts empty.

    A single range is one request.  The third of three in a row starts a run: what follows is read
    ahead in segments from 1 MiB doubling to 4 MiB, `max_concurrency` of them; at most twice as
    many are held, of all runs together.
    """

    def __init__(self, store: ObjectReader) -> None:
        self.store = store
        self._begin()

    def _begin(self) -> None:
        self._lock = Lock()
        self._segments: list[_Segment] = []
        self._rows: deque[tuple[str, int, int]] = deque(maxlen=RECENT)
        self._pool: ThreadPoolExecutor | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"store": self.store}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.store = state["store"]
        self._begin()

    def read(self, url: str, start: int, length: int, size: int) -> bytes:
        """The bytes `start` to `start + length` of the file of `size` bytes at `url`."""
        stop = start + length
        with self._lock:
            row = self._row(url, start)
            parts = self._parts(url, start, stop, size, row)
            self._rows.append((url, stop, row))
        try:
            data = [part.data.result() for part in parts]
        except (DataError, CancelledError):
            with self._lock:
                self._segments = [part for part in self._segments if part not in parts]
            parts = []  # what failed may be ahead of what is wanted
        if not parts:
            return self.store.get_range(url, start, length)
        taken, at = [], start
        for part, whole in zip(parts, data, strict=True):  # of two runs, they may overlap
            taken.append(whole[at - part.start : stop - part.start])
            at += len(taken[-1])
        self._account(parts, start, stop)
        return b"".join(taken)

    def _row(self, url: str, start: int) -> int:
        """How many ranges lie in a row up to the one that starts here."""
        return 1 + max((n for u, end, n in self._rows if (u, end) == (url, start)), default=0)

    def _parts(self, url: str, start: int, stop: int, size: int, row: int) -> list[_Segment]:
        """Adjacent segments that hold a range, started if needed; none where it is read alone."""
        run = self._run(url, start)
        if run:
            self._extend(run, stop, size, self.store.limits.max_concurrency)
        elif row > 2 and not self._late(url, start, stop):  # two may be chance
            run = [self._fetch(url, start, min(size, max(stop, start + FIRST)))]
        return [part for part in run if part.start < stop]

    def _run(self, url: str, start: int) -> list[_Segment]:
        """The segment that holds byte `start`, and those that go on from it."""
        run: list[_Segment] = []
        at = start
        while found := [p for p in self._segments if p.url == url and p.start <= at < p.stop]:
            run.append(found[0])
            at = found[0].stop
        return run

    def _extend(self, run: list[_Segment], stop: int, size: int, count: int) -> None:
        """Let a run hold the bytes up to `stop`, and be `count` segments long."""
        while (end := run[-1].stop) < size and (end < stop or len(run) < count):
            step = min(2 * (end - run[-1].start), LARGEST)
            run.append(self._fetch(run[-1].url, end, min(size, end + step)))

    def _late(self, url: str, start: int, stop: int) -> bool:
        """Whether a run has begun just after this range: its thread was slower than others."""
        near = stop + LARGEST * self.store.limits.max_concurrency
        return any(part.url == url and start < part.start < near for part in self._segments)

    def _fetch(self, url: str, start: int, stop: int) -> _Segment:
        pool = self._pool
        if pool is None:
            pool = self._pool = ThreadPoolExecutor(self.store.limits.max_concurrency, "avrb-window")
        data = pool.submit(self.store.get_range, url, start, stop - start)
        segment = _Segment(url, start, stop, data)
        self._segments.append(segment)
        while len(self._segments) > 2 * self.store.limits.max_concurrency:
            self._segments.pop(0).data.cancel()
        return segment

    def _account(self, parts: list[_Segment], start: int, stop: int) -> None:
        """Drop segments that are handed out in full."""
        with self._lock:
            for part in parts:
                part.served += min(stop, part.stop) - max(start, part.start)
                if part.served >= part.stop - part.start and part in self._segments:
                    self._segments.remove(part)

    def close(self) -> None:
        """Discard what was read ahead."""
        with self._lock:
            pool = self._pool
            self._begin()
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
