"""File names: the same text in every locale, and checks of what is at a path."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from .errors import DataError, UsageError, reason


def path_to_text(path: str | os.PathLike[str]) -> str:
    """A path as text, in UTF-8 whatever the locale; ids, keys and draws depend on it.

    Python reads names in the encoding of the locale.  Bytes that are not UTF-8 stand as lone
    surrogates, as Python has them where the locale is UTF-8.

    >>> path_to_text(Path("a/b.mp4"))
    'a/b.mp4'
    """
    return os.fsencode(path).decode(errors="surrogateescape")


def text_to_path(text: str) -> Path:
    """The path that `text` stands for: the inverse of `path_to_text`.

    >>> text_to_path("a\\0b")
    Traceback (most recent call last):
    avrb_wds.errors.DataError: 'a\\x00b' is not the name of a file.
    """
    try:
        name = text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        name = b"\0"
    if b"\0" in name:
        raise DataError(f"{text!r} is not the name of a file.")
    return Path(os.fsdecode(name))


def stat_path(path: Path) -> os.stat_result | None:
    """The status of the file at `path`, links followed; None where it does not exist.

    Raises DataError where that is unknown: a folder without permission, a name that is too long, a
    link to itself.
    """
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be opened: {reason(error)}.") from error


class Readable(Protocol):
    """A path, of this machine or remote, whose bytes can be read."""

    def read_bytes(self) -> bytes:
        """All bytes of the file."""


def read_file(path: Readable, name: str = "", remedy: str = "") -> bytes:
    """All bytes of a file; raises DataError where it cannot be read.

    name: of the file in that message, its path by default.  remedy: what to do then.

    >>> read_file(Path("a.wav"))
    Traceback (most recent call last):
    avrb_wds.errors.DataError: a.wav cannot be opened: No such file or directory.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        why = f"{reason(error)}; {remedy}" if remedy else reason(error)
        raise DataError(f"{name or path} cannot be opened: {why}.") from error


@contextmanager
def naming(name: object) -> Iterator[None]:
    """Put `name`, of a file for example, before the message of a DataError raised within.

    >>> with naming("a.wav"):
    ...     raise DataError("the audio is empty.")
    Traceback (most recent call last):
    avrb_wds.errors.DataError: a.wav: the audio is empty.
    """
    try:
        yield
    except DataError as error:
        raise DataError(f"{name}: {reason(error)}.") from error


def check_file(path: Path) -> None:
    """Raise DataError where `path` is a device, pipe or socket: these may block or never end."""
    status = stat_path(path)
    if status and not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise DataError(f"{path} is a device, pipe or socket, not a file.")


def check_folder(path: Path, of: str) -> None:
    """Raise UsageError unless `path` is a folder; of: what it should contain."""
    status = stat_path(path)
    if status is None or not stat.S_ISDIR(status.st_mode):
        fault = "is not a folder" if status else "does not exist"
        raise UsageError(f"{path} {fault}; give a folder of {of}.")
