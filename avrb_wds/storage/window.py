"""Ranges of large files, asked for one after another: what comes next is read ahead."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import Any

from ..errors import DataError
from .store import Store

__all__ = ["Window"]

FIRST = 1 << 20
LARGEST = 4 << 20


@dataclass
class _Segment:
    """Bytes `start` to `stop` of a file, under way or here; served: how many were handed out."""

    url: str
    start: int
    stop: int
    data: Future[bytes]
    served: int = 0


class Window:
    """Ranges by several threads at once; thread-safe; pickles, and begins anew.

    A range on its own is asked for on its own.  One that begins where another ended starts a run:
    what follows is read ahead in segments from 1 MiB doubling to 4 MiB, `in_flight` of them, and
    twice as many are held at most.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._begin()

    def _begin(self) -> None:
        self._lock = Lock()
        self._segments: list[_Segment] = []
        self._ends: deque[tuple[str, int]] = deque(maxlen=64)
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
            parts = self._parts(url, start, stop, size)
            self._ends.append((url, stop))
        if not parts:
            return self.store.get_range(url, start, length)
        try:
            data = [part.data.result() for part in parts]
        except DataError:
            with self._lock:
                self._segments = [part for part in self._segments if part not in parts]
            # What failed may be ahead of what is wanted.
            return self.store.get_range(url, start, length)
        self._account(parts, start, stop)
        return b"".join(
            whole[max(0, start - part.start) : stop - part.start]
            for part, whole in zip(parts, data, strict=True)
        )

    def _parts(self, url: str, start: int, stop: int, size: int) -> list[_Segment]:
        """The segments that hold a range, begun if need be; none where it is to be read alone."""
        mine = [part for part in self._segments if part.url == url]
        begun = any(part.start <= start < part.stop for part in mine)
        near = stop + LARGEST * self.store.limits.in_flight
        if not begun:
            # A thread that is late must not start a second run just before the first.
            late = any(start < part.start < near for part in mine)
            if late or (url, start) not in self._ends:
                return []
            mine = [self._fetch(url, start, min(size, max(stop, start + FIRST)))]
        end, ahead = max(p.stop for p in mine), [p for p in mine if p.stop > start]
        step = ahead[-1].stop - ahead[-1].start
        while end < stop or (end < size and len(ahead) < self.store.limits.in_flight):
            step = min(2 * step, LARGEST)
            ahead.append(self._fetch(url, end, min(size, end + step)))
            end = ahead[-1].stop
        parts = [part for part in ahead if part.start < stop]
        whole = parts[0].start <= start and all(a.stop == b.start for a, b in pairwise(parts))
        return parts if whole else []

    def _fetch(self, url: str, start: int, stop: int) -> _Segment:
        pool = self._pool
        if pool is None:
            pool = self._pool = ThreadPoolExecutor(self.store.limits.in_flight, "avrb-window")
        data = pool.submit(self.store.get_range, url, start, stop - start)
        segment = _Segment(url, start, stop, data)
        self._segments.append(segment)
        while len(self._segments) > 2 * self.store.limits.in_flight:
            self._segments.pop(0).data.cancel()
        return segment

    def _account(self, parts: list[_Segment], start: int, stop: int) -> None:
        """Let go of what is handed out in full."""
        with self._lock:
            for part in parts:
                part.served += min(stop, part.stop) - max(start, part.start)
                if part.served >= part.stop - part.start and part in self._segments:
                    self._segments.remove(part)

    def close(self) -> None:
        """Forget what was read ahead."""
        with self._lock:
            pool = self._pool
            self._begin()
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
