"""File locks, so that two runs do not write to one folder."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import DataError, UsageError

ATTEMPTS = 100
"""How often to open a file that others remove, before giving up."""
NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOLCK)
"""Errors of file systems without locks: some cluster file systems, and NFS without its daemon."""


def try_lock(number: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file; False where another holds it."""
    try:
        fcntl.flock(number, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_at(number: int, path: Path) -> bool:
    """Whether an open file or folder is still the one at `path`."""
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except FileNotFoundError:
        return False


def in_use(folder: Path) -> UsageError:
    """The error to raise where another run uses a folder."""
    return UsageError(f"{folder} is in use by another run; let it end, or give another folder.")


class HeldFile:
    """A file in a folder, open for appending and locked by this object alone.

    The lock is flock's (on NFS it holds for all clients of the server), on a file because NFS
    cannot lock folders.  It ends with `close` or with the process, however that ends; a suspended
    process keeps it.  Other programs do not inherit it, and a fork of this process closes its copy
    at once, so that a worker that outlives its parent does not keep the lock.  `close` unlocks
    explicitly, since a fork that has just started still has the file open.

    made: whether the file was created.  made_folder: whether its folder was.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Open `folder / name`, created where it does not exist.

        Raises UsageError where another process holds it, OSError where it cannot be written.
        """
        self.folder, self.path = folder, folder / name
        self.made = self.made_folder = False
        self._number = self._folder_number = -1
        for left in reversed(range(ATTEMPTS)):
            try:
                self._open()
                self._lock()
                self.check()
            except (FileNotFoundError, DataError):  # a rival gave up and removed what it had made
                self.close()
                if not left:
                    raise
            except BaseException:
                self.close()
                raise
            else:
                _held.add(self)
                return

    def _open(self) -> None:
        self.made_folder = not self.folder.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND
        try:
            self._number, self.made = (
                os.open(self.path, flags | os.O_CREAT | os.O_EXCL, 0o666),
                True,
            )
        except FileExistsError:
            self._number, self.made = os.open(self.path, flags | os.O_NONBLOCK), False
        if not stat.S_ISREG(os.fstat(self._number).st_mode):
            raise OSError(0, "it exists and is not a file")
        self._folder_number = os.open(self.folder, os.O_RDONLY)

    def _lock(self) -> None:
        try:
            if not try_lock(self._number):
                raise in_use(self.folder)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            warnings.warn(
                f"{self.folder} is on a file system without locks; start no second run there.",
                stacklevel=4,
            )

    def _is_there(self) -> bool:
        """Whether folder and file are still those that were opened."""
        try:
            return is_at(self._folder_number, self.folder) and is_at(self._number, self.path)
        except OSError:
            return False

    def check(self) -> None:
        """Raise DataError where somebody has removed or replaced the folder, or the file in it."""
        if not self._is_there():
            raise DataError(
                f"{self.folder} was removed or replaced while it was being written; leave it "
                f"alone and run the same again."
            )

    def read(self) -> bytes:
        """All that is in the file."""
        size = os.fstat(self._number).st_size
        data = bytearray()
        while len(data) < size and (piece := os.pread(self._number, size - len(data), len(data))):
            data += piece
        return bytes(data)

    def append(self, data: bytes) -> None:
        """Write at the end of the file; a process killed later does not lose it."""
        left = memoryview(data)
        while left:
            left = left[os.write(self._number, left) :]

    def truncate(self, size: int) -> None:
        """Cut the file off."""
        os.ftruncate(self._number, size)

    def sync(self) -> None:
        """Bring the file to the disk."""
        os.fsync(self._number)

    def remove(self) -> None:
        """Remove the file, unless what is there is another, and its folder if made for it."""
        if self._is_there():
            self.path.unlink()
            if self.made_folder:
                with suppress(OSError):  # something else is in it
                    self.folder.rmdir()
        self.close()

    def close(self) -> None:
        """Unlock and close the file; harmless if done already."""
        if self._number >= 0:
            _unlock(self._number)
        self._close_files()

    def _close_files(self) -> None:
        _held.discard(self)
        for number in (self._folder_number, self._number):
            if number >= 0:
                os.close(number)
        self._number = self._folder_number = -1

    def __enter__(self) -> HeldFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def _unlock(number: int) -> None:
    """End a lock, for every fork that has inherited it as well."""
    with suppress(OSError):  # a file system without locks
        fcntl.flock(number, fcntl.LOCK_UN)


_held: weakref.WeakSet[HeldFile] = weakref.WeakSet()


def _forget() -> None:
    """Close, in a fork, what its parent holds; the parent's lock stays."""
    for file in list(_held):
        file._close_files()


os.register_at_fork(after_in_child=_forget)


def is_held(path: Path) -> bool:
    """Whether another has a file as its `HeldFile`."""
    try:
        number = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not try_lock(number, fcntl.LOCK_SH)
    except OSError:
        return False
    finally:
        os.close(number)


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Lock a file, waiting for others; yields False where they have removed it."""
    try:
        number = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield False
        return
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(number, fcntl.LOCK_EX)
        try:
            there = is_at(number, path)
        except OSError:
            there = False
        yield there
    finally:
        _unlock(number)
        os.close(number)
