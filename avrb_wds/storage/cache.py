"""A bounded folder of whole files, shared by processes; only proven files are ever in it.

A file is `NAME.shard`, NAME being a digest of its address and SHA-256 or ETag; while it is
fetched, `NAME.part`, of its full size from the start.  Nothing else in the folder is counted or
removed, and without the file MARK the folder is no cache.  Locks (flock) end with their process:
who fetches holds his part, who reads holds his shard, who makes room holds `lock`, for a moment.
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
"""The file by which a folder says that it is a cache of ours."""
_OURS = re.compile(r"[0-9a-f]{64}\.(?:shard|part)")


class CachedFile:
    """An open file of the cache, which stays there until this object is dropped."""

    def __init__(self, number: int, path: Path) -> None:
        self.number, self._path = number, path

    def __del__(self) -> None:
        os.close(self.number)

    def remove(self) -> None:
        """Take a file that went bad out of the cache, also where others read it."""
        if is_at(self.number, self._path):  # and not one that was fetched since
            self._path.unlink(missing_ok=True)


def check_cache(folder: str | Path) -> None:
    """Raise UsageError where a folder holds files of others, and no mark that it is a cache.

    A cache from before there was a mark holds nothing else, and is one still.
    """
    try:
        names = set(os.listdir(folder))
    except OSError:
        return  # there is none yet; or it cannot be read, which its first use tells
    other = sorted(name for name in names if name != "lock" and not _OURS.fullmatch(name))
    if other and MARK not in names:
        raise UsageError(
            f"{folder} holds other files, such as {other[0]!r}, and is not a cache; "
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
    """Remove a file of the cache unless somebody holds it."""
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

    Where a file does not fit, since it is larger than the limit, all else is in use or the disk is
    full, there is one warning, and the file is to be read from where it is.
    """

    def __init__(self, folder: str | Path, limit: int) -> None:
        self.folder, self.limit = Path(folder), check_int("cache_size", limit, 1)
        self._warned = False
        check_cache(folder)

    def open(self, store: ObjectReader, url: str, sha256: str = "") -> CachedFile | None:
        """The whole file at `url`, from the cache, or fetched into it; None where it cannot be.

        sha256: what it must have; where it is not known, the ETag stands for it.  Raises DataError
        where the file itself is at fault.
        """
        stat = store.stat(url) if not sha256 else None
        version = f"{stat.etag} {stat.size} {stat.modified}" if stat else sha256
        name = hashlib.sha256(f"{redacted(url)}\0{version}".encode()).hexdigest()
        try:
            return self._opened(store, url, sha256, self.folder / f"{name}.shard")
        except OSError as error:  # a disk that is full, read-only, or fails
            self._warn(url, reason(error))
            return None

    def _opened(self, store: ObjectReader, url: str, sha256: str, shard: Path) -> CachedFile | None:
        part = shard.with_suffix(".part")
        self.folder.mkdir(parents=True, exist_ok=True)
        check_cache(self.folder)
        (self.folder / MARK).touch()
        while True:
            if file := _leased(shard):
                return file
            number = os.open(part, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                if try_lock(number) and is_at(number, part):
                    if shard.exists():
                        part.unlink()  # begun for nothing: another was quicker
                        continue
                    if not self._fetched(store, url, sha256, number, part):
                        return None
                    with self._room():  # who counts what is there must not miss it
                        part.replace(shard)
                    continue
            finally:
                os.close(number)
            time.sleep(POLL)

    def _fetched(self, store: ObjectReader, url: str, sha256: str, number: int, part: Path) -> bool:
        """Whether the file is now in its part, proven; if not, the part is gone."""
        done = False
        try:
            size = store.stat(url).size
            if not self._reserved(number, size):
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

    def _reserved(self, number: int, size: int) -> bool:
        """Make room and take it: the part has its full size at once, on the disk too."""
        with self._room():
            os.ftruncate(number, 0)
            for path, _, _ in list_cache(self.folder):
                if path.suffix == ".part":
                    _remove(path)  # left by a process that is no more
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


def _leased(shard: Path) -> CachedFile | None:
    """The shard opened, held and marked as used; None where it is not there."""
    try:
        file = CachedFile(os.open(shard, os.O_RDONLY), shard)
        fcntl.flock(file.number, fcntl.LOCK_SH)
        if not is_at(file.number, shard):
            return None
        with suppress(OSError):  # a disk for reading only
            os.utime(shard)
    except FileNotFoundError:
        return None
    return file
