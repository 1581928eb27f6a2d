"""Members of a tar: whole files of known size with plain names, and nothing else."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping
from typing import BinaryIO

from ..errors import DataError, cause

__all__ = ["BLOCK", "Headers", "clip_members", "padded", "split_name", "unsafe"]

BLOCK = 512
REGULAR = (ord("0"), 0)

# As webdataset splits: the key ends at the first dot of the last path component.
_SPLIT = re.compile(r"((?:.*/)?[^./]+)\.([^/]+)", re.DOTALL)


def padded(size: int) -> int:
    """`size` bytes in whole tar blocks.

    >>> padded(1), padded(512)
    (512, 512)
    """
    return -(-size // BLOCK) * BLOCK


def split_name(name: str) -> tuple[str, str] | None:
    """(key, extension) of a member, as webdataset has it; None where there is no key.

    >>> split_name("train/a.frame_0000.jpg"), split_name("README")
    (('train/a', 'frame_0000.jpg'), None)
    """
    match = _SPLIT.fullmatch(name)
    return (match[1], match[2]) if match else None


def unsafe(name: str) -> bool:
    """Whether a member's name leads out of the folder it is unpacked to."""
    return name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/")


class Headers:
    """The headers of a tar as tarfile reads them: none of more than `most` bytes.

    A header may announce a name or comment as long as the tar, and tarfile would take it into
    memory.  Raises DataError, naming `where` and the byte.
    """

    def __init__(self, file: BinaryIO, most: int, where: str) -> None:
        self._file, self._most, self._where = file, most, where
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int) -> bytes:
        """`count` bytes of headers."""
        if count > self._most:
            raise DataError(
                f"{self._where} has a tar header of {count} bytes at byte {self.tell()}; at most "
                f"{self._most} are read."
            )
        return self._file.read(count)


def clip_members(data: bytes, key: str) -> Mapping[str, memoryview]:
    """The members in the byte range of one clip, by extension, as views of `data`.

    Raises DataError, with the byte within the range, for a damaged header, a link, a name that
    leads elsewhere, a member of another clip, and sizes past the end.
    """
    if unsafe(key):
        raise DataError("the key leads out of the shard.")
    members: dict[str, memoryview] = {}
    view, at, end, prefix = memoryview(data), 0, len(data), f"{key}.".encode()
    while at < end:
        start = at + BLOCK
        header = data[at:start]
        # Long names (pax, GNU) and sizes past 8 GiB are rare: tarfile knows them all.
        if len(header) < BLOCK or header[156] not in REGULAR or header[345] or header[124] > 0x7F:
            return _by_tarfile(data, key)
        name = header[:100].split(b"\0", 1)[0]
        extension = name[len(prefix) :].decode(errors="replace")
        try:
            size = int(header[124:136].strip(b"\0 "), 8)
        except ValueError:
            raise DataError(f"the tar header at byte {at} of the clip is damaged.") from None
        if not name.startswith(prefix) or not extension or "/" in extension:
            raise DataError(f"byte {at} of the clip begins a member of another one, {name!r}.")
        if start + size > end or extension in members:
            fault = "is there twice" if extension in members else "runs past the clip's end"
            raise DataError(f"member {extension!r}, at byte {at} of the clip, {fault}.")
        members[extension] = view[start : start + size]
        at = start + padded(size)
    return members


def _by_tarfile(data: bytes, key: str) -> Mapping[str, memoryview]:
    members: dict[str, memoryview] = {}
    view = memoryview(data)
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for member in tar:
                if member.isdir():
                    continue
                split = split_name(member.name)
                start = member.offset_data
                if not member.isreg() or member.issparse() or split is None or split[0] != key:
                    raise DataError(f"member {member.name!r} is not a file of this clip.")
                if start + member.size > len(data) or split[1] in members:
                    raise DataError(f"member {member.name!r} is cut off or there twice.")
                members[split[1]] = view[start : start + member.size]
    except (tarfile.TarError, EOFError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"the tar headers are damaged: {cause(error)}.") from error
    return members
