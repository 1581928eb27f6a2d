"""A cache of whole files: bounded, shared by processes, and of verified files only.

A file is `NAME.shard`, where NAME is a digest of its URL and SHA-256 or ETag; while it is fetched,
`NAME.part`, of its full size from the start.  Nothing else in the folder is counted or removed, and
a folder without the file MARK is not a cache.  Locks (flock) end with their process: a fetch locks
its part, a reader its shard, and eviction `lock`, briefly.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import UsageError, check_int, reason
from ..locks import is_at, try_lock
from ..progress import Progress
from .reader import ObjectReader
from .url import redacted

POLL = 0.02
MARK = ".avrb-cache"
"""The file that marks a folder as a cache."""
_OURS = re.compile(r"[0-9a-f]{64}\.(?:shard|part)")


class CachedFile:
    """An open file of the cache, which is not removed while this object exists."""

    def __init__(self, number: int, path: Path) -> None:
        self.number, self._path = number, path

    def __del__(self) -> None:
        os.close(self.number)

    def remove(self) -> None:
        """Remove a damaged file from the cache, even while others read it."""
        if is_at(self.number, self._path):  # and not one that was fetched since
            self._path.unlink(missing_ok=True)


def check_cache(folder: str | Path) -> None:
    """Raise UsageError where a folder contains other files and is not marked as a cache.

    A cache that is older than the mark contains nothing else, and is accepted.
    """
    try:
        names = set(os.listdir(folder))
    except OSError:
        return  # it does not exist, or cannot be read, which its first use reports
    other = sorted(name for name in names if name != "lock" and not _OURS.fullmatch(name))
    if other and MARK not in names:
        raise UsageError(
            f"{folder} contains other files, such as {other[0]!r}, and is not a cache; "
            f"give a new or an empty folder."
        )


def list_cache(folder: str | Path) -> list[tuple[Path, int, float]]:
    """(path, bytes, time of last use) of every file in a cache, parts included, oldest first.

    Raises UsageError as `check_cache`.
    """
    check_cache(folder)
    found = []
    for path in Path(folder).iterdir() if Path(folder).is_dir() else ():
        if _OURS.fullmatch(path.name):
            with suppress(FileNotFoundError):
                about = path.lstat()
                if stat.S_ISREG(about.st_mode):
                    found.append((path, about.st_size, about.st_mtime))
    return sorted(found, key=lambda entry: (entry[2], entry[0]))


def clear_cache(folder: str | Path, progress: Progress | None = None) -> tuple[int, int]:
    """Remove every file of a cache that is not in use: (files, bytes) removed.

    progress: called with (files done, files).  Raises UsageError as `check_cache`.
    """
    held, removed = list_cache(folder), []
    for done, (path, size, _) in enumerate(held, 1):
        if _remove(path):
            removed.append(size)
        if progress:
            progress(done, len(held))
    return len(removed), sum(removed)


def _remove(path: Path) -> bool:
    """Remove a file of the cache unless it is in use."""
    try:
        number = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        # What was a part when it was opened may be a shard under its lock by now.
        if not (try_lock(number) and is_at(number, path)):
            return False
        path.unlink()
    finally:
        os.close(number)
    return True


class Cache:
    """A cache of at most `limit` bytes in `folder`; any number of processes may share it.

    A file that does not fit (it is larger than the limit, all others are in use, or the disk is
    full) gives one warning, and is read from its URL.
    """

    def __init__(self, folder: str | Path, limit: int) -> None:
        self.folder, self.limit = Path(folder), check_int("cache_size", limit, 1)
        self._warned = False
        check_cache(folder)

    def open(self, store: ObjectReader, url: str, sha256: str = "") -> CachedFile | None:
        """Open the file at `url` in the cache, fetching it if needed; None where it does not fit.

        sha256: what it must have; where unknown, the ETag identifies the file.  Raises DataError
        where the file itself is invalid.
        """
        stat = store.stat(url) if not sha256 else None
        version = f"{stat.etag} {stat.size} {stat.modified}" if stat else sha256
        name = hashlib.sha256(f"{redacted(url)}\0{version}".encode()).hexdigest()
        try:
            return self._open_or_fetch(store, url, sha256, self.folder / f"{name}.shard")
        except OSError as error:  # a disk that is full, read-only, or fails
            self._warn(url, reason(error))
            return None

    def _open_or_fetch(
        self, store: ObjectReader, url: str, sha256: str, shard: Path
    ) -> CachedFile | None:
        part = shard.with_suffix(".part")
        self.folder.mkdir(parents=True, exist_ok=True)
        check_cache(self.folder)
        (self.folder / MARK).touch()
        while True:
            if file := _lease(shard):
                return file
            number = os.open(part, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                if try_lock(number) and is_at(number, part):
                    if shard.exists():
                        part.unlink()  # another process was faster
                        continue
                    if not self._fetch(store, url, sha256, number, part):
                        return None
                    with self._room():  # so that no count misses the file
                        part.replace(shard)
                    continue
            finally:
                os.close(number)
            time.sleep(POLL)

    def _fetch(self, store: ObjectReader, url: str, sha256: str, number: int, part: Path) -> bool:
        """Fetch and verify the file; False, with the part removed, where it does not fit."""
        done = False
        try:
            size = store.stat(url).size
            if not self._reserve(number, size):
                self._warn(url, f"{size} bytes do not fit into its {self.limit}")
                return False
            with open(number, "wb", closefd=False) as file:
                for piece in store.stream(url, size=size, sha256=sha256):
                    file.write(piece)
            os.fsync(number)
            done = True
        finally:
            if not done:
                part.unlink(missing_ok=True)
        return done

    def _reserve(self, number: int, size: int) -> bool:
        """Evict files and allocate the part's full size; False where it does not fit."""
        with self._room():
            os.ftruncate(number, 0)
            for path, _, _ in list_cache(self.folder):
                if path.suffix == ".part":
                    _remove(path)  # left by a process that ended
            there = list_cache(self.folder)
            excess = sum(entry[1] for entry in there) + size - self.limit
            for path, held, _ in there if size <= self.limit else ():
                if excess > 0 and path.suffix == ".shard" and _remove(path):
                    excess -= held
            if excess > 0:
                return False
            if size and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(number, 0, size)
            return True

    @contextmanager
    def _room(self) -> Iterator[None]:
        with open(self.folder / "lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _warn(self, url: str, why: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"cache {self.folder} cannot hold {redacted(url)}: {why}; "
                f"what does not fit is read from where it is.",
                stacklevel=4,
            )


def _lease(shard: Path) -> CachedFile | None:
    """Open and lock a shard, and mark it as used; None where it does not exist."""
    try:
        file = CachedFile(os.open(shard, os.O_RDONLY), shard)
        fcntl.flock(file.number, fcntl.LOCK_SH)
        if not is_at(file.number, shard):
            return None
        with suppress(OSError):  # a read-only disk
            os.utime(shard)
    except FileNotFoundError:
        return None
    return file
