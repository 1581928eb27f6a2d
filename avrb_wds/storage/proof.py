"""The digest of a file, reckoned while it passes by."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..errors import DataError

__all__ = ["TAIL", "proven"]

TAIL = 1 << 16
AHEAD = 16  # pieces handed out that wait to be digested


def proven(pieces: Iterable[Any], sha256: str, otherwise: DataError) -> Generator[Any, None, None]:
    """The `pieces` (buffers) of a file; the last TAIL bytes only once all have that SHA-256.

    A thread of its own reckons it, so that this costs whoever uses the pieces no time.  Raises
    `otherwise` where the digest is another one.

    >>> digest = hashlib.sha256(b"abc").hexdigest()
    >>> list(proven([b"ab", b"c"], digest, DataError("others")))
    [b'ab', b'c']
    """
    digest, pool = hashlib.sha256(), ThreadPoolExecutor(1, "avrb-digest")
    pending: deque[Future[None]] = deque()
    held: deque[Any] = deque()
    waiting = 0
    try:
        for piece in pieces:
            pending.append(pool.submit(digest.update, piece))
            if len(pending) > AHEAD:
                pending.popleft().result()
            held.append(piece)
            waiting += len(piece)
            while waiting - len(held[0]) >= TAIL:
                waiting -= len(held[0])
                yield held.popleft()
        while pending:
            pending.popleft().result()
        if digest.hexdigest() != sha256:
            raise otherwise
        yield from held
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
