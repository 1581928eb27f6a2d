"""Lines of JSON, each with a checksum, in a file that one run at a time holds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..locks import HeldFile
from ..shards.json_io import dumps, loads_object

START, DIGITS = b'{"check":"', 16
"""How a line begins: with the digits of its checksum."""


class Log(HeldFile):
    """A file of objects, one a line, to which this process alone appends.

    A line's checksum is of the line and of all before it, so that one that was changed, lost,
    doubled or moved is noticed.  What follows the last whole line was never written: a kill cut it
    short.

    values: of the lines that are there.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Hold the file, as `HeldFile`; raises DataError too, where a line of it was changed."""
        super().__init__(folder, name)
        self._check, self._end = "", 0
        try:
            self.values = self._read()
        except BaseException:
            self.close()
            raise

    def _read(self) -> list[dict[str, Any]]:
        *lines, torn = self.read().split(b"\n")
        values = []
        for number, line in enumerate(lines, 1):
            bare = split_line(line)
            if seal_line(bare, self._check) != line + b"\n":
                raise self.changed(number)
            values.append(loads_object(bare, f"{self.path}: line {number}"))
            self._check = _checksum(bare, self._check)
        if not lines and not _begins_a_line(torn):  # it was never one of these
            raise self.changed(1)
        self._end = sum(len(line) + 1 for line in lines)
        return values

    def changed(self, number: int, why: str = "") -> DataError:
        """What to raise for a line, counted from 1, that is not as it was written."""
        return DataError(
            f"{self.path}: line {number} was changed since it was written"
            f"{why and ': '}{why}; give a new folder."
        )

    def add(self, value: dict[str, Any]) -> None:
        """Append an object that is not empty, on the disk once this returns.

        Raises DataError where the file is no longer the one in the folder.
        """
        bare = dumps(value)
        whole = seal_line(bare, self._check)
        self.check()
        self.truncate(self._end)
        self.append(whole)
        self._check, self._end = _checksum(bare, self._check), self._end + len(whole)
        self.sync()


def is_log(path: Path) -> bool:
    """Whether a file begins as those of `Log` do, as far as it goes."""
    with path.open("rb") as file:
        return _begins_a_line(file.read(len(START)))


def _begins_a_line(data: bytes) -> bool:
    return START.startswith(data[: len(START)])


def seal_line(bare: bytes, before: str) -> bytes:
    """The line that holds an object, spelled, with its checksum; before: that of the last line."""
    return START + _checksum(bare, before).encode() + b'",' + bare[1:] + b"\n"


def split_line(line: bytes) -> bytes:
    """The object that a line holds, without its checksum."""
    return b"{" + line[len(START) + DIGITS + len(b'",') :]


def _checksum(bare: bytes, before: str) -> str:
    return hashlib.sha256(before.encode() + bare).hexdigest()[:DIGITS]
