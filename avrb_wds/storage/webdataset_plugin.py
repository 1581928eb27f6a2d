"""The same addresses for plain `wds.WebDataset("s3://…")`."""

from __future__ import annotations

import importlib
import io
from collections.abc import Generator, Mapping
from typing import Any, BinaryIO

from ..errors import UsageError
from .limits import StorageLimits
from .reader import ObjectReader
from .url import SCHEMES


class Stream(io.RawIOBase):
    """A file's pieces as a file to read from start to end.

    size: of the file, where it is to be sought in too: that skips forwards, never back.
    """

    def __init__(self, pieces: Generator[Any, None, None], size: int | None = None) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")
        self._size, self._at, self._wanted = size, 0, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Bytes into `buffer`: how many, 0 at the end."""
        if self._wanted < self._at:
            raise io.UnsupportedOperation("a remote file is read forwards")
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
        """Where the size is known."""
        return self._size is not None

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go on from byte `offset`; the bytes before are skipped at the next read."""
        if self._size is None:
            raise io.UnsupportedOperation("a stream of unknown size is not sought in")
        self._wanted = offset + (0, self._wanted, self._size)[whence]
        return self._wanted

    def tell(self) -> int:
        """The byte that is read next."""
        return self._wanted

    def close(self) -> None:
        """Stop what is read ahead."""
        if not self.closed:
            self._pieces.close()
        super().close()


class _Opener:
    """What webdataset calls for an address."""

    def __init__(self, options: Mapping[str, Any], limits: StorageLimits | None) -> None:
        self._options, self._limits = options, limits

    def __call__(self, url: str, mode: str = "rb", bufsize: int = 1 << 20) -> BinaryIO:
        if mode[:1] != "r":
            raise UsageError(f"mode {mode!r} does not read; give 'rb'.")
        # A store for every pass: between two of them a file may be replaced.
        pieces = ObjectReader(self._options, self._limits).stream(url)
        return io.BufferedReader(Stream(pieces), max(bufsize, 1 << 16))


def register_webdataset(
    storage_options: Mapping[str, Any] | None = None, limits: StorageLimits | None = None
) -> None:
    """Let webdataset open s3://, gs://, az://, hf://, http:// and https:// with this package.

    webdataset by itself starts a program (curl, gsutil) for each. A process that has read must not
    be forked: give the DataLoader `multiprocessing_context="spawn"`, and call this function in
    workers too, for example in `worker_init_fn`.

    Args:
        storage_options: Credentials and endpoint, with obstore's names; None for the environment.
        limits: Limits of requests; None for the defaults.
    """
    # webdataset.gopen, by name, is the function; the table is beside it in the module.
    gopen = importlib.import_module("webdataset.gopen")
    opener = _Opener(storage_options or {}, limits)
    gopen.gopen_schemes.update(dict.fromkeys(SCHEMES, opener))
