"""A shard read from its first byte to its last, each once, for all who want to see them."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

from ..errors import DataError
from ..limits import DEFAULT_LIMITS
from ..storage import AnyPath, file_size
from ..storage.hashing import BackgroundSha256
from ..storage.stream import Stream
from .index import IndexEntry, ShardIndex, reading, walk
from .tar_headers import BLOCK

PIECE = 1 << 18
HELD = 256 << 20


class ShardScan:
    """The bytes of a shard in order: digested, its tar walked, its clips cut out.

    index: where its clips lie; None to go by the tar's own headers.  whole: up to the last byte,
    and digested; else to the last clip.  use: called with the number, entry and bytes of each clip
    in passing; not with those that begin within another one, don't lie within the shard or have
    more bytes than a clip may, nor after a read that failed, nor, without an index, with those that
    come to more than HELD with what lies before them.  seen: called with how many bytes have
    passed.
    """

    def __init__(
        self,
        tar: AnyPath,
        index: ShardIndex | None,
        *,
        whole: bool,
        use: Callable[[int, IndexEntry, bytes], object],
        seen: Callable[[int], object],
    ) -> None:
        self._tar, self._index, self._use, self._seen = tar, index, use, seen
        self.size = file_size(tar)
        self.error: DataError | None = None
        self._digest = BackgroundSha256() if whole else None
        self._due = _in_order(index, self.size) if index is not None else deque()
        # Without an index: pieces that hold the bytes from `_start` to `_at`, which have passed.
        self._kept: deque[bytes] = deque()
        self._start = self._at = self._told = 0
        self._pieces = self._read()
        # Who walks the tar reads headers and seeks over the rest, which the stream then reads.
        self._file = io.BufferedReader(Stream(self._pieces, self.size), BLOCK)

    def walk(self) -> ShardIndex:
        """The index that the tar's headers come to; raises DataError as `scan_index` does."""
        return ShardIndex(self._walked())

    def _walked(self) -> Iterator[IndexEntry]:
        with reading(self._tar):
            for number, clip in enumerate(walk(self._file, self._tar)):
                if self._index is None:
                    self._cut(number, clip)
                yield clip

    def finish(self) -> str:
        """Read what is left.  The SHA-256 of the shard, "" where not the whole of it is read."""
        with suppress(StopIteration, DataError):  # an error is kept
            while self._digest or self._due:
                next(self._pieces)
        return self._digest.hexdigest() if self._digest else ""

    def close(self) -> None:
        """End it, wherever it is."""
        self._file.close()
        if self._digest:
            self._digest.close()

    def _read(self) -> Generator[bytes, None, None]:
        try:
            with reading(self._tar), self._tar.open("rb") as file:
                while piece := file.read(self._step()):
                    if self._digest:
                        self._digest.update(piece)
                    self._pass(piece)
                    yield piece
        except DataError as error:
            self.error = error
            raise

    def _step(self) -> int:
        """How much to read next: a clip, or of what lies before it."""
        while self._index is not None and self._due:
            clip = self._index[self._due[0]]
            if clip.offset == self._at:
                return clip.length
            if clip.offset > self._at:
                return min(clip.offset - self._at, PIECE)
            self._due.popleft()
        return PIECE

    def _pass(self, piece: bytes) -> None:
        start, self._at = self._at, self._at + len(piece)
        if self._index is None:
            self._kept.append(piece)
            if self._at - self._start > HELD:
                self._forget(self._at)
        elif self._due and (clip := self._index[self._due[0]]).offset == start:
            self._use(self._due.popleft(), clip, piece)
        if self._at - self._told >= PIECE:
            self._told = self._at
            self._seen(self._at)

    def _cut(self, number: int, clip: IndexEntry) -> None:
        """Use a clip whose bytes have passed, if they are kept, and keep what comes after it."""
        end, at, parts = clip.offset + clip.length, self._start, []
        if at <= clip.offset and clip.length <= DEFAULT_LIMITS.max_clip_bytes:
            for piece in self._kept:
                parts.append(memoryview(piece)[max(0, clip.offset - at) : max(0, end - at)])
                at += len(piece)
            self._use(number, clip, b"".join(parts))
        self._forget(end)

    def _forget(self, offset: int) -> None:
        """Keep only pieces that go beyond byte `offset`."""
        while self._kept and self._start + len(self._kept[0]) <= offset:
            self._start += len(self._kept.popleft())


def _in_order(index: ShardIndex, size: int) -> deque[int]:
    """The numbers of the clips that can be cut out of so many bytes, by where they begin."""
    numbers = (
        number
        for number, clip in enumerate(index)
        if clip.offset + clip.length <= size and clip.length <= DEFAULT_LIMITS.max_clip_bytes
    )
    return deque(sorted(numbers, key=lambda number: index[number].offset))
