"""The index of a shard: where each clip lies, so that any range of clips is read by byte range."""

from __future__ import annotations

import hashlib
import tarfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast, overload

from ..bounds import DEFAULT, Bounds
from ..corruptions._json import parse_json
from ..errors import DataError, cause
from ..storage import Place, as_place
from .canonical import spell
from .members import Headers, padded, split_name, unsafe

__all__ = ["IndexEntry", "ShardIndex", "index_file", "reading", "scan_index", "walk"]


@dataclass(frozen=True)
class IndexEntry:
    """One clip: the bytes `offset` to `offset + length` of its shard hold all its tar members.

    checksum: SHA-256 of these bytes in hexadecimal digits; "" where it is not known.
    """

    key: str
    offset: int
    length: int
    checksum: str


def index_file(shard: str) -> str:
    """The file name or path of a shard's index.

    >>> index_file("vgg-000000.tar")
    'vgg-000000.index.jsonl'
    """
    return shard.removesuffix(".tar") + ".index.jsonl"


class ShardIndex(Sequence[IndexEntry]):
    """The entries of one shard in order, held in about 70 bytes a clip."""

    def __init__(self, entries: Iterable[IndexEntry]) -> None:
        keys, checksums, self._ends = [], [], array("Q")
        self._offsets, self._lengths = array("Q"), array("Q")
        end = 0
        for entry in entries:
            key = entry.key.encode(errors="surrogateescape")
            end += len(key)
            keys.append(key)
            checksums.append(bytes.fromhex(entry.checksum) or bytes(32))
            self._ends.append(end)
            self._offsets.append(entry.offset)
            self._lengths.append(entry.length)
        self._keys, self._checksums = b"".join(keys), b"".join(checksums)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, number: int) -> IndexEntry: ...
    @overload
    def __getitem__(self, number: slice) -> list[IndexEntry]: ...
    def __getitem__(self, number: int | slice) -> IndexEntry | list[IndexEntry]:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(f"clip {number} of {len(self)}")
        number %= len(self)
        start = self._ends[number - 1] if number else 0
        key = self._keys[start : self._ends[number]].decode(errors="surrogateescape")
        checksum = self._checksums[32 * number : 32 * number + 32]
        return IndexEntry(
            key,
            self._offsets[number],
            self._lengths[number],
            checksum.hex() if any(checksum) else "",
        )

    def to_bytes(self) -> bytes:
        """The index file: a line a clip, `["key",offset,length,"checksum"]`."""
        return b"".join(
            spell([entry.key, entry.offset, entry.length, entry.checksum]) + b"\n" for entry in self
        )

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> ShardIndex:
        """The index that `data` spells; raises DataError, naming `where` and the line."""
        entries = []
        for number, line in enumerate(data.splitlines(), 1):
            try:
                key, offset, length, checksum = parse_json(line)
                whole = isinstance(key, str) and offset >= 0 < length
                if not (whole and len(checksum) in (0, 64)):
                    raise ValueError(f"wrong values in {line[:80]!r}")
                entries.append(IndexEntry(key, offset, length, checksum))
            except (ValueError, TypeError, RecursionError) as error:
                raise DataError(
                    f"{where}, line {number}, is not an index entry: {cause(error)}."
                ) from error
        try:
            return cls(entries)
        except (ValueError, TypeError, OverflowError) as error:
            raise DataError(
                f"{where} holds a value that is not allowed: {cause(error)}."
            ) from error

    @classmethod
    def read(cls, path: str | Place, sha256: str | None = None) -> ShardIndex:
        """The index in a file; raises DataError where it is missing, broken or not `sha256`."""
        try:
            data = as_place(path).read_bytes()
        except OSError as error:
            raise DataError(f"index {path} does not open: {cause(error)}.") from error
        if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
            raise DataError(
                f"index {path} is not the one the manifest names: the SHA-256 of its bytes 0 to "
                f"{len(data)} differs."
            )
        return cls.from_bytes(data, f"index {path}")


def scan_index(
    path: str | Place, *, checksums: bool = False, bounds: Bounds = DEFAULT
) -> ShardIndex:
    """The index of a tar that has none: members that follow one another and share a key.

    checksums: read every byte and digest it, not the headers only.  Raises DataError where the
    file is missing, damaged or cut off, and where it holds links, names that lead elsewhere, or
    headers of more than `bounds.text` bytes.
    """
    with reading(path), as_place(path).open("rb") as file:
        clips = walk(file, path, bounds)
        return ShardIndex(_digested(file, clips) if checksums else clips)


@contextmanager
def reading(path: str | Place) -> Iterator[None]:
    """What goes wrong while a shard is read, as a DataError that names it."""
    try:
        yield
    except OSError as error:
        raise DataError(f"shard {path} does not open: {cause(error)}.") from error
    except tarfile.TarError as error:
        raise DataError(f"shard {path} is not a whole tar: {cause(error)}.") from error


def walk(file: BinaryIO, path: str | Place, bounds: Bounds = DEFAULT) -> Iterator[IndexEntry]:
    """The clips of a tar, as `scan_index` finds them, each once the header after it is read.

    file: read and sought in forwards, but for its size.
    """
    size = file.seek(0, 2)
    file.seek(0)
    key, offset, end = "", 0, 0
    headers = Headers(file, bounds.text, f"shard {path}")
    with tarfile.open(fileobj=cast(BinaryIO, headers), mode="r:", ignore_zeros=False) as tar:
        while (member := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined] # it would keep them all
            split = split_name(member.name)
            if unsafe(member.name) or not (member.isreg() or member.isdir()):
                raise DataError(
                    f"shard {path} holds {member.name!r} at byte {member.offset}, which is a link, "
                    f"a device or a name that leads elsewhere."
                )
            if member.isdir() or split is None or split[0].split("/")[-1].startswith("__"):
                continue
            if split[0] != key and key:
                yield IndexEntry(key, offset, end - offset, "")
            if split[0] != key:
                key, offset = split[0], member.offset
            end = member.offset_data + padded(member.size)
            if end > size:
                raise DataError(
                    f"shard {path} is cut off at byte {size}, within {member.name!r}, which ends "
                    f"at byte {end}."
                )
        if size < tar.offset:
            raise DataError(f"shard {path} is cut off at byte {size}.")
    if key:
        yield IndexEntry(key, offset, end - offset, "")


def _digested(file: BinaryIO, entries: Iterable[IndexEntry]) -> Iterator[IndexEntry]:
    for entry in list(entries):
        file.seek(entry.offset)
        digest = hashlib.sha256(file.read(entry.length)).hexdigest()
        yield IndexEntry(entry.key, entry.offset, entry.length, digest)
