"""Atomic writes: a file is complete or does not exist."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import DataError, UsageError, reason

TEMP_PATTERN = f".avrb-{'[0-9a-f]' * 16}.part"
"""Names of unfinished files, as a pattern for `glob`."""


def check_target(path: Path) -> None:
    """Raise UsageError unless a file may be written at `path`, as far as names tell."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the file to write.")
    if not path.absolute().parent.is_dir():
        raise UsageError(
            f"{path} cannot be written: folder {path.parent} does not exist; make it first."
        )


def make_folder(folder: Path, below: Path | None = None) -> None:
    """Make a folder and its parents, unless they exist; of those only the ones `below` another.

    That other folder is not made again if somebody has removed it.

    >>> make_folder(Path("/dev/null/a"))
    Traceback (most recent call last):
    avrb_wds.errors.DataError: /dev/null/a cannot be written: Not a directory.
    """
    try:
        if below is None:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            _make_below(folder, below)
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {reason(error)}.") from error


def _make_below(folder: Path, root: Path) -> None:
    if folder == root:
        return
    try:
        folder.mkdir(exist_ok=True)
    except FileNotFoundError:
        if folder.parent == root:
            raise
        _make_below(folder.parent, root)
        folder.mkdir(exist_ok=True)


def write_atomic(path: Path, data: bytes | memoryview) -> Path:
    """Write `data` to `path`, as `atomic_file` does; returns the path.

    >>> write_atomic(Path("/dev/null/a"), b"")
    Traceback (most recent call last):
    avrb_wds.errors.DataError: /dev/null/a cannot be written: Not a directory.
    """
    with atomic_file(path) as file:
        file.write(data)
    return path


def write_new(path: Path, data: bytes) -> bool:
    """Write `data` to `path` as `write_atomic` does; False where the file exists already."""
    try:
        making = AtomicFile(path)
        try:
            making.file.write(data)
            return making.publish(replace=False)
        finally:
            making.discard()
    except OSError as error:
        raise DataError(f"{path} cannot be written: {reason(error)}.") from error


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file to write, read and seek in, which is at `path` once the block ends.

    See `AtomicFile`.  Raises DataError, naming path and cause, for any OSError.
    """
    try:
        making = AtomicFile(path)
        try:
            yield making.file
            making.publish()
        finally:
            making.discard()
    except OSError as error:
        raise DataError(f"{path} cannot be written: {reason(error)}.") from error


class AtomicFile:
    """An unfinished file: `path` shows nothing of it before `publish`, and all of it after.

    That holds through errors, kills and power failures, and for concurrent writers, of which the
    last one wins.  An existing file is replaced; a device or folder is left, with an OSError.  On
    Linux the file has no name meanwhile, so that a killed process leaves nothing behind; elsewhere
    it has a name of TEMP_PATTERN in the same folder.  Permissions are those of any new file.

    file: open for writing, reading and seeking, until `publish` or `discard`.
    """

    def __init__(self, path: Path) -> None:
        if path.exists() and not path.is_file():
            raise OSError(0, "it exists and is not a file")
        self._path = path
        # Random, since processes on machines that share a folder may have the same number; and not
        # made from `path`, whose name may have the full length already.
        self._part = path.with_name(f".avrb-{secrets.token_hex(8)}.part")
        nameless = _nameless(path.parent)
        self._named = nameless is None
        self.file = nameless or open(self._part, "x+b")  # noqa: SIM115 - publish(), discard()

    def publish(self, *, replace: bool = True) -> bool:
        """Bring the file to the disk, close it and give it its name; raises OSError.

        replace: any file of that name; False leaves it.  Returns whether the file was placed.
        """
        self.file.flush()
        os.fsync(self.file.fileno())
        placed = not self._named and self._link(self._path)
        if not placed and (replace or self._named):  # a link replaces nothing
            self._named = self._named or self._link(self._part)
        self.file.close()
        if not placed and replace:
            os.replace(self._part, self._path)
            placed, self._named = True, False
        elif self._named:
            placed = _link_new(self._part, self._path)
        sync_folder(self._path.parent)
        return placed

    def discard(self) -> None:
        """Close the file and remove it, unless it is published."""
        with suppress(OSError):  # of what a full disk did not take
            self.file.close()
        if self._named:
            self._part.unlink(missing_ok=True)
            self._named = False

    def _link(self, path: Path) -> bool:
        """Give the nameless file a name; False where something has that name already."""
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            # Given a folder, Python follows the link in /proc; else it would link to that link.
            os.link(f"/proc/self/fd/{self.file.fileno()}", path.name, dst_dir_fd=folder)
        except FileExistsError:
            return False
        finally:
            os.close(folder)
        return True


def _link_new(part: Path, path: Path) -> bool:
    """Give a file another name; False where something has that name already."""
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        os.replace(part, path)
    return True


def _nameless(folder: Path) -> BinaryIO | None:
    """Open a file without a name in `folder`; None where the system does not support that."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.fdopen(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666), "w+b")
    except OSError:
        return None


def sync_file(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk; raises OSError."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system and the disk can."""
    with suppress(OSError):
        sync_file(folder)
