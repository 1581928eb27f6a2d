"""Tar headers read strictly: what each says must be sure, and it ends where the tar says it ends.

Formats: USTAR with its prefix, GNU (long names, sizes past 8 GiB), pax and v7.  The standard
library's tarfile is forgiving where it should not be here: it takes a damaged header for the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from ..errors import DataError

BLOCK = 512
END = bytes(2 * BLOCK)
PIECE = 1 << 16

FILES = (b"0", b"\0", b"7")
NO_FILE = (b"5", b"D", b"V")  # folders, with or without a list of what was in them; a label
PAX, PAX_GLOBAL = (b"x", b"X"), b"g"
GNU_NAME, GNU_LINK, SPARSE = b"L", b"K", b"S"
EXTENDED = (*PAX, PAX_GLOBAL, GNU_NAME, GNU_LINK)

_OCTAL = re.compile(rb" *([0-7]*) *")
_RECORD = re.compile(rb"([1-9][0-9]{0,9}) ([^=]+)=")

ReadAt = Callable[[int, int], bytes]
"""(byte, count) to so many bytes from there, fewer at the end."""


class TarMember(NamedTuple):
    """One member.  name: bytes that are not UTF-8 as Python has them in file names.

    kind: "skipped" for what holds no file, such as a folder or a comment on the tar; "other" for
    links and devices.  start: byte of its first header, extended ones included.  data: byte of its
    contents, `size` bytes long.
    """

    name: str
    kind: Literal["file", "skipped", "other"]
    size: int
    start: int
    data: int

    @property
    def end(self) -> int:
        """The byte of the next header."""
        return self.data + padded(self.size)


def padded(size: int) -> int:
    """`size` bytes in whole tar blocks.

    >>> padded(1), padded(512)
    (512, 512)
    """
    return -(-size // BLOCK) * BLOCK


def read_member(read: ReadAt, start: int, most: int, where: str) -> TarMember | None:
    """The member whose headers begin at byte `start`; None where a block of zeros does.

    Raises DataError, naming `where` and the byte, for headers that are damaged or cut off, extended
    ones of more than `most` bytes, and what no reader of clips needs: sparse files.
    """
    at, name, size = start, None, None
    while True:
        header = read(at, BLOCK)
        if len(header) < BLOCK:
            raise DataError(f"{where} is cut off at byte {at + len(header)}, before its end mark.")
        if not any(header) and at == start:
            return None
        kind, held = header[156:157], _size(header, at, where)
        if kind not in EXTENDED:
            break
        long_name, long_size = _extended(read, kind, at + BLOCK, held, most, where)
        if kind == PAX_GLOBAL and at == start:
            return TarMember("", "skipped", held, start, at + BLOCK)
        name, size = name or long_name, size if long_size is None else long_size
        at += BLOCK + padded(held)
    if kind == SPARSE:
        raise DataError(f"{where} has a sparse file at byte {at}; pack it as a plain one.")
    name, size = name or _name(header), held if size is None else size
    return TarMember(name, _kind(kind, name), _stored(kind, size), start, at + BLOCK)


def check_end(read: ReadAt, at: int, where: str) -> None:
    """Check what follows the block of zeros at byte `at`: one more, and only zeros.

    Raises DataError, naming `where`, where the tar goes on after it, or ends before it is whole.
    """
    start, at = at, at + BLOCK
    while piece := read(at, PIECE):
        if any(piece):
            byte = at + len(piece) - len(piece.lstrip(b"\0"))
            raise DataError(f"{where} has an end mark at byte {start}, but goes on at byte {byte}.")
        at += len(piece)
    if at - start < len(END):
        raise DataError(f"{where} is cut off at byte {at}, within its end mark.")


def octal(field: bytes) -> int | None:
    """A number in octal digits, as most headers have it; None where it is none."""
    match = _OCTAL.fullmatch(field.split(b"\0", 1)[0])
    return int(match[1] or b"0", 8) if match else None


def _size(header: bytes, at: int, where: str) -> int:
    """The size that a header states, whose checksum is right."""
    if _number(header[148:156]) not in _checksums(header):
        raise DataError(f"{where} has a damaged tar header at byte {at}.")
    size = _number(header[124:136])
    if size is None:
        raise DataError(f"{where} has a tar header without a size at byte {at}.")
    return size


def _checksums(header: bytes) -> tuple[int, int]:
    """Of unsigned bytes, as it should be, and of signed ones, as some have made it."""
    summed = header[:148] + header[156:]
    total = sum(summed) + 8 * ord(" ")
    return total, total - 256 * sum(byte > 127 for byte in summed)


def _number(field: bytes) -> int | None:
    """A number in octal digits, or from 0 up in base 256; None where it is neither."""
    return int.from_bytes(field[1:], "big") if field[0] == 0x80 else octal(field)


def _name(header: bytes) -> str:
    name, prefix = _text(header[:100]), _text(header[345:500])
    # Where POSIX has the rest of a long name, GNU tar has times.
    ustar = header[257:265] != b"ustar  \0"
    return f"{prefix}/{name}" if prefix and ustar else name


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode(errors="surrogateescape")


def _kind(kind: bytes, name: str) -> Literal["file", "skipped", "other"]:
    if kind in NO_FILE or (kind == b"\0" and name.endswith("/")):
        return "skipped"
    return "file" if kind in FILES else "other"


def _stored(kind: bytes, size: int) -> int:
    """How much of a size is there as contents: links, folders and devices have none."""
    return 0 if kind in (b"1", b"2", b"3", b"4", b"5", b"6") else size


def _extended(
    read: ReadAt, kind: bytes, at: int, size: int, most: int, where: str
) -> tuple[str | None, int | None]:
    """The name and size that an extended header gives to the member after it, None for neither."""
    if size > most:
        raise DataError(
            f"{where} has a tar header of {size} bytes at byte {at}; at most {most} are read."
        )
    data = read(at, size)
    if len(data) < size:
        raise DataError(f"{where} is cut off at byte {at + len(data)}, within a tar header.")
    if kind == GNU_NAME:
        return _text(data), None
    if kind == GNU_LINK:
        return None, None
    fields = _pax_fields(data, at, where)
    name, length = fields.get(b"path"), fields.get(b"size")
    if any(field.startswith(b"GNU.sparse.") for field in fields):
        raise DataError(f"{where} has a sparse file at byte {at}; pack it as a plain one.")
    if kind == PAX_GLOBAL and (name or length):
        raise DataError(f"{where} has a pax header at byte {at} that names every file the same.")
    if length is not None and not re.fullmatch(rb"[0-9]{1,19}", length):
        raise DataError(f"{where} has a pax header with a wrong size at byte {at}.")
    return _text(name) if name else None, None if length is None else int(length)


def _pax_fields(data: bytes, at: int, where: str) -> dict[bytes, bytes]:
    """What records of the form "LENGTH NAME=VALUE\\n" hold."""
    fields: dict[bytes, bytes] = {}
    place = 0
    while place < len(data) and data[place]:
        match = _RECORD.match(data, place)
        end = place + int(match[1]) if match else 0
        if match is None or end <= match.end() or data[end - 1 : end] != b"\n":
            raise DataError(f"{where} has a damaged pax header at byte {at + place}.")
        fields[match[2]] = data[match.end() : end - 1]
        place = end
    return fields
