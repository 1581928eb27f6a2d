"""Digests of files, computed while they are read."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..errors import DataError

TAIL = 1 << 16
AHEAD = 16 << 20  # bytes handed out that are not hashed yet


class BackgroundSha256:
    """The SHA-256 of pieces, computed in a background thread while the caller goes on.

    >>> digest = BackgroundSha256()
    >>> digest.update(b"abc")
    >>> digest.hexdigest() == hashlib.sha256(b"abc").hexdigest()
    True
    >>> digest.close()
    """

    def __init__(self) -> None:
        self._digest, self._pool = hashlib.sha256(), ThreadPoolExecutor(1, "avrb-digest")
        self._pending: deque[tuple[int, Future[None]]] = deque()
        self._waiting = 0

    def update(self, piece: Any) -> None:
        """Add a piece, a buffer that must not change; wait where too many are pending."""
        self._pending.append((len(piece), self._pool.submit(self._digest.update, piece)))
        self._waiting += len(piece)
        self._settle(AHEAD)

    def _settle(self, most: int) -> None:
        while self._waiting > most:
            size, done = self._pending.popleft()
            done.result()
            self._waiting -= size

    def hexdigest(self) -> str:
        """Return the digest of all pieces so far."""
        self._settle(0)
        return self._digest.hexdigest()

    def close(self) -> None:
        """Stop the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def verify_stream(
    pieces: Iterable[Any], sha256: str, otherwise: DataError
) -> Generator[Any, None, None]:
    """Yield the `pieces` (buffers) of a file, the last TAIL bytes once the SHA-256 is verified.

    The hash is computed in the background.  Raises `otherwise` where it differs.

    >>> digest = hashlib.sha256(b"abc").hexdigest()
    >>> list(verify_stream([b"ab", b"c"], digest, DataError("others")))
    [b'ab', b'c']
    """
    digest = BackgroundSha256()
    held: deque[Any] = deque()
    waiting = 0
    try:
        for piece in pieces:
            digest.update(piece)
            held.append(piece)
            waiting += len(piece)
            while waiting - len(held[0]) >= TAIL:
                waiting -= len(held[0])
                yield held.popleft()
        if digest.hexdigest() != sha256:
            raise otherwise
        yield from held
    finally:
        digest.close()
