"""Lists that people give as text files: decoded, and taken apart as CSV."""

from __future__ import annotations

import codecs
import csv
import io
import stat
from pathlib import Path

from ...errors import UsageError, reason

# The marks that editors and spreadsheets put before text, the longer first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_END = "\x1e"


def read_lines(path: Path, what: str) -> list[str]:
    """The lines of a text file, in UTF-8 or with a byte order mark; `what` it should be.

    Raises UsageError where it is none.
    """
    text = _decode(_read(path, what), path, what)
    if "\0" in text:
        raise UsageError(f"{path} is not text: it holds a NUL character; give a {what}.")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_rows(path: Path, what: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of the rows of a CSV, rows of empty cells left out.

    Raises UsageError where it is none.
    """
    lines = read_lines(path, what)
    # What follows the last line is a row of its own, unless a quote swallows it.
    text = io.StringIO("\n".join([*lines, _END]), newline="")
    reader = csv.reader(text, skipinitialspace=True)
    rows, line = [], 1
    try:
        for row in reader:
            rows.append((line, row))
            if reader.line_num > line and not _is_strict(lines[line - 1 : reader.line_num]):
                raise UsageError(f"{path}, line {line}: a quote spans several lines; close it.")
            line = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{path} is not a CSV: {reason(error)}; give a {what}.") from error
    start, last = rows.pop()
    if last != [_END]:
        raise UsageError(f"{path} is not a CSV: line {start} opens a quote; close it.")
    return [(number, row) for number, row in rows if any(cell.strip() for cell in row)]


def _is_strict(lines: list[str]) -> bool:
    """Whether quotes end where cells do; the end of all lines is no matter here."""
    try:
        list(csv.reader(["\n".join(lines)], skipinitialspace=True, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return True


def _read(path: Path, what: str) -> bytes:
    try:
        if stat.S_IFMT(path.stat().st_mode) in (stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK):
            raise UsageError(f"{path} is a device or socket; give a {what}.")
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; give a {what}.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be opened: {reason(error)}; give a {what}.") from error


def _decode(data: bytes, path: Path, what: str) -> str:
    coding = next((coding for mark, coding in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(coding)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not in UTF-8: {reason(error)}; give a {what} that is."
        ) from error
