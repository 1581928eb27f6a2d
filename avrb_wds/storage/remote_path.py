"""Paths of remote files, with the part of `pathlib.Path` that the readers of shards use."""

from __future__ import annotations

import io
import os
import re
from collections import OrderedDict, deque
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from ..errors import UsageError
from .cache import Cache, CachedFile
from .client import check_not_forked
from .limits import StorageLimits
from .readahead import Readahead
from .reader import ObjectReader
from .responses import RemoteFileNotFoundError
from .stream import Stream
from .url import WEB, ParsedUrl, join, parent, redacted

SHA256 = re.compile("[0-9a-f]{64}")
# Each keeps its shard in the cache, which other processes may want room in.
OPEN_FILES = 2


class Storage:
    """How remote files are read: credentials, limits and cache.

    Threads can share it, and it can be pickled.

    Args:
        options: Credentials and endpoint with obstore's names ("access_key_id", "endpoint", ...),
            and "headers" for web servers; what is missing comes from the environment variables.
        cache_dir: Folder of the cache, which processes may share; None for no cache.
        cache_size: Largest size of the cache, in bytes.
        limits: Limits of requests; None for the defaults.

    Raises:
        UsageError: Only one of `cache_dir` and `cache_size` is given.
    """

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        *,
        cache_dir: str | Path | None = None,
        cache_size: int | None = None,
        limits: StorageLimits | None = None,
    ) -> None:
        if (cache_dir is None) != (cache_size is None):
            raise UsageError(
                f"cache_dir {cache_dir!r} and cache_size {cache_size!r} go together; "
                f"give both or neither."
            )
        self.store = ObjectReader(options, limits)
        self._window = Readahead(self.store)
        self._cache = None if cache_dir is None else Cache(cache_dir, cache_size or 0)
        self._open: OrderedDict[str, CachedFile] = OrderedDict()
        # What did not fit lately: its other ranges are not to try again, one by one.
        self._refused: deque[str] = deque(maxlen=OPEN_FILES)
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": OrderedDict(), "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = Lock()

    def without_cache(self) -> Storage:
        """Return the same storage without the cache, to read what is at a URL now."""
        other = copy(self)
        other._cache = None
        return other

    def file(self, url: str) -> RemotePath:
        """Return the path of a URL; nothing is requested yet.

        Args:
            url: The URL. "#sha256=..." at its end is the SHA-256 that the manifest must have, from
                which all other files are verified.
        """
        url, _, pin = url.partition("#sha256=")
        ParsedUrl.of(url)
        if pin and not SHA256.fullmatch(pin):
            raise UsageError(
                f"{redacted(url)}#sha256={pin[:64]} does not end in a SHA-256; give its 64 digits, "
                f"0 to 9 and a to f."
            )
        return RemotePath(self, url, pin)

    def range(self, url: str, start: int, length: int, sha256: str = "") -> bytes:
        """Read a range of a large file, through the cache if there is one.

        Args:
            url: The URL.
            start: First byte.
            length: Number of bytes; fewer are returned at the end of the file.
            sha256: SHA-256 of the whole file, if known.
        """
        check_not_forked()  # before any lock that a forked child would find held
        file = self._cached(url, sha256) if self._cache else None
        if file is not None:
            try:
                return os.pread(file.number, length, start)
            except OSError:  # a disk that fails
                self._forget(url, file)
        size = self.store.stat(url).size
        length = max(0, min(length, size - start))
        return self._window.read(url, start, length, size) if length else b""

    def reread(self, url: str, start: int, bad: bytes, length: int, sha256: str) -> bytes:
        """Read a range from the URL itself after the cache returned `bad` bytes.

        If they differ, the cached file is removed.

        Args:
            url: The URL.
            start: First byte.
            bad: What the cache returned.
            length: Number of bytes.
            sha256: SHA-256 of the whole file.
        """
        data = self.store.get_range(url, start, length) if self._cache else bad
        if data == bad:
            return bad
        file = self._cached(url, sha256)
        if file is not None and os.pread(file.number, length, start) == bad:
            self._forget(url, file)
        return data

    def _forget(self, url: str, file: CachedFile) -> None:
        """Remove a damaged file from the cache."""
        with self._lock:
            if self._open.get(url) is file:
                del self._open[url]
        file.remove()

    def _cached(self, url: str, sha256: str) -> CachedFile | None:
        assert self._cache is not None
        with self._lock:
            if url in self._refused:
                return None
            file = self._open.pop(url, None)
            while file is None and len(self._open) >= OPEN_FILES:
                self._open.popitem(last=False)
            file = file or self._cache.open(self.store, url, sha256)
            if file is None:
                self._refused.append(url)
            else:
                self._open[url] = file
            return file

    def close(self) -> None:
        """Close open files and discard what was read ahead."""
        with self._lock:
            self._open.clear()
        self._window.close()


class RemotePath:
    """A remote file or folder, used like a `pathlib.Path`; `str` hides secrets.

    Args:
        storage: How it is read.
        url: Its URL.
        pin: SHA-256 that the file, or the manifest in the folder, must have; "" for any.
    """

    def __init__(self, storage: Storage, url: str, pin: str = "") -> None:
        self.storage, self.url, self.pin = storage, url, pin

    def __str__(self) -> str:
        return redacted(self.url)

    def __repr__(self) -> str:
        return f"RemotePath({redacted(self.url)!r})"

    def __truediv__(self, name: str) -> RemotePath:
        return RemotePath(self.storage, join(self.url, name))

    @property
    def name(self) -> str:
        """The last part of the path."""
        return redacted(self.url).rpartition("/")[2]

    @property
    def parent(self) -> RemotePath:
        """The folder that contains it."""
        return RemotePath(self.storage, parent(self.url))

    def is_file(self) -> bool:
        """Return whether the file exists."""
        try:
            self.storage.store.stat(self.url)
        except RemoteFileNotFoundError:
            return False
        return True

    @property
    def can_list(self) -> bool:
        """Whether the files of a folder can be listed, as in a bucket but not on a web server."""
        return ParsedUrl.of(self.url).scheme not in WEB

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.storage.store.stat(self.url).size

    def names(self) -> list[str]:
        """List the names of the files in the folder, sorted."""
        return self.storage.store.names(self.url)

    def read_bytes(self) -> bytes:
        """Read all of a small file."""
        return self.storage.store.read(self.url, self.pin)

    def read_range(self, start: int, length: int, sha256: str = "") -> bytes:
        """Read a range of the file.

        Args:
            start: First byte.
            length: Number of bytes; fewer are returned at the end of the file.
            sha256: SHA-256 of the whole file, for the cache.
        """
        return self.storage.range(self.url, start, length, sha256)

    def reread_range(self, start: int, bad: bytes, length: int, sha256: str = "") -> bytes:
        """Read a range again after the cache returned `bad` bytes; see `Storage.reread`."""
        return self.storage.reread(self.url, start, bad, length, sha256)

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open the file as a binary stream; it seeks forwards, and to the end for the size."""
        store = self.storage.store
        size = store.stat(self.url).size
        return io.BufferedReader(Stream(store.stream(self.url), size), 1 << 20)


AnyPath = Path | RemotePath
"""Where a file lies."""


def to_path(path: str | AnyPath) -> AnyPath:
    """Return a text as a local path, and a path unchanged."""
    return path if isinstance(path, RemotePath) else Path(path)


def file_size(place: AnyPath) -> int:
    """Return the size of a file in bytes."""
    return place.size if isinstance(place, RemotePath) else place.stat().st_size
