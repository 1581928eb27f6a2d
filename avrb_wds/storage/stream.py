"""A file object over the pieces of a remote file."""

from __future__ import annotations

import io
from collections.abc import Generator
from typing import Any


class Stream(io.RawIOBase):
    """A binary file, read from start to end, whose bytes come in pieces.

    size: in bytes, which makes it seekable, but only forwards.
    """

    def __init__(self, pieces: Generator[Any, None, None], size: int | None = None) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")
        self._size, self._at, self._wanted = size, 0, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as a piece goes; return the number of bytes, 0 at the end."""
        if self._wanted < self._at:
            raise io.UnsupportedOperation("a remote file is read forwards only")
        while not self._rest or self._at < self._wanted:
            skipped = min(self._wanted - self._at, len(self._rest))
            self._rest, self._at = self._rest[skipped:], self._at + skipped
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    return 0
                self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self._at = self._wanted = self._at + count
        return count

    def seekable(self) -> bool:
        """Whether the size is known."""
        return self._size is not None

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to byte `offset`; the next read skips the bytes before it."""
        if self._size is None:
            raise io.UnsupportedOperation("a stream of unknown size is not seekable")
        self._wanted = offset + (0, self._wanted, self._size)[whence]
        return self._wanted

    def tell(self) -> int:
        """Return the position of the next byte."""
        return self._wanted

    def close(self) -> None:
        """Stop the read-ahead."""
        if not self.closed:
            self._pieces.close()
        super().close()
