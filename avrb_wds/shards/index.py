"""The index of a shard: where each clip lies, so that any range of clips is read by byte range."""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, overload

from ..corruptions._json import parse_json
from ..errors import DataError, reason
from ..limits import DEFAULT_LIMITS, DecodeLimits
from ..paths import read_file
from ..storage import AnyPath, to_path
from .json_io import dumps
from .tar import is_media, split_name, unsafe
from .tar_headers import TarMember, check_end, read_member

COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")
"""What gzip, bzip2, xz and Zstandard begin with: no clip in them has a byte range."""

_DIGEST = re.compile("([0-9a-f]{64})?")


@dataclass(frozen=True)
class IndexEntry:
    """Where one clip is in its shard.

    Attributes:
        key: Key of the clip.
        offset: First byte of its tar members.
        length: Number of bytes of all its members.
        checksum: SHA-256 of these bytes, in hexadecimal; "" if unknown.
    """

    key: str
    offset: int
    length: int
    checksum: str


def index_file(shard: str) -> str:
    """Return the file name or path of a shard's index.

    Args:
        shard: File name or path of the tar.

    Example:
        >>> index_file("vgg-000000.tar")
        'vgg-000000.index.jsonl'
    """
    return shard.removesuffix(".tar") + ".index.jsonl"


class ShardIndex(Sequence[IndexEntry]):
    """The entries of one shard, in order; a sequence that takes about 70 bytes per clip.

    Args:
        entries: The entries.
    """

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
        """Return the bytes of the file, a line `["key",offset,length,"checksum"]` per clip."""
        return b"".join(
            dumps([entry.key, entry.offset, entry.length, entry.checksum]) + b"\n" for entry in self
        )

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> ShardIndex:
        """Read an index from the bytes of its file.

        Args:
            data: The bytes.
            where: Name of the file, for messages.

        Raises:
            DataError: The bytes are not a valid index; the message names the line.
        """
        entries: list[IndexEntry] = []
        for number, line in enumerate(data.splitlines(), 1):
            try:
                key, offset, length, checksum = parse_json(line)
                whole = type(offset) is type(length) is int and offset >= 0 < length
                if not (whole and offset + length < 1 << 63 and _DIGEST.fullmatch(checksum)):
                    raise ValueError(f"wrong values in {line[:80]!r}")
                key.encode(errors="surrogateescape")  # which refuses half of a surrogate pair
                if entries and offset < entries[-1].offset + entries[-1].length:
                    raise ValueError(f"its clip begins at byte {offset}, within or before the last")
                entries.append(IndexEntry(key, offset, length, checksum))
            except (ValueError, TypeError, AttributeError) as error:
                raise DataError(
                    f"{where}, line {number}, is not an index entry: {reason(error)}."
                ) from error
        return cls(entries)

    @classmethod
    def read(cls, path: str | AnyPath, sha256: str | None = None) -> ShardIndex:
        """Read an index.

        Args:
            path: Path of the file.
            sha256: SHA-256 that the file must have; None for any.

        Raises:
            DataError: The file does not exist, is invalid, or has another SHA-256.
        """
        data = read_file(to_path(path), f"index {path}")
        if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
            raise DataError(
                f"index {path} is not the one the manifest names: the SHA-256 of its bytes 0 to "
                f"{len(data)} differs."
            )
        return cls.from_bytes(data, f"index {path}")


def scan_index(
    path: str | AnyPath, *, checksums: bool = False, limits: DecodeLimits = DEFAULT_LIMITS
) -> ShardIndex:
    """Make the index of a tar that has none: adjacent members with the same key are a clip.

    Args:
        path: Path of the tar.
        checksums: Read and hash every byte, not only the headers.
        limits: Limits on the headers.

    Raises:
        DataError: The file is missing, invalid or truncated, or contains links, names that lead
            out of the folder, or headers larger than `limits.max_json_bytes`.
    """
    with reading(path), to_path(path).open("rb") as file:
        clips = walk(file, path, limits)
        return ShardIndex(_digested(file, clips) if checksums else clips)


@contextmanager
def reading(path: str | AnyPath) -> Iterator[None]:
    """Raise a DataError that names the shard, where it cannot be read."""
    try:
        yield
    except OSError as error:
        raise DataError(f"shard {path} cannot be opened: {reason(error)}.") from error


def walk(
    file: BinaryIO, path: str | AnyPath, limits: DecodeLimits = DEFAULT_LIMITS
) -> Iterator[IndexEntry]:
    """The clips of a tar, as `scan_index` finds them, each once the header after it is read.

    file: read forwards only, except to learn its size.
    """
    size, at = file.seek(0, 2), 0
    key, offset, end, media = "", 0, 0, False
    for member in _members(file, path, limits.max_json_bytes):
        split, at = split_name(member.name), member.end
        if unsafe(member.name) or member.kind == "other":
            raise DataError(
                f"shard {path} holds {member.name!r} at byte {member.start}, which is a link, "
                f"a device or a name that leads elsewhere."
            )
        if at > size:
            raise DataError(
                f"shard {path} is cut off at byte {size}, within {member.name!r}, which ends "
                f"at byte {at}."
            )
        if member.kind == "skipped" or split is None:
            continue
        if split[0] != key:
            if media or _is_clip(key):
                yield IndexEntry(key, offset, end - offset, "")
            key, offset, media = split[0], member.start, False
        end, media = at, media or is_media(split[1])
    if media or _is_clip(key):
        yield IndexEntry(key, offset, end - offset, "")


def _is_clip(key: str) -> bool:
    """Whether members without an image or audio are an invalid clip, not notes on the shard."""
    name = key.rpartition("/")[2]
    return bool(name) and not (name.startswith("__") and name.endswith("__"))


def _members(file: BinaryIO, path: str | AnyPath, most: int) -> Iterator[TarMember]:
    """The members of a tar up to its end mark, which must be there."""

    def read(at: int, count: int) -> bytes:
        file.seek(at)
        data = file.read(count)
        if at == 0 and data.startswith(COMPRESSED):
            raise DataError(f"shard {path} is compressed; unpack it to a plain tar.")
        return data

    at, where = 0, f"shard {path}"
    while (member := read_member(read, at, most, where)) is not None:
        yield member
        at = member.end
    check_end(read, at, where)


def _digested(file: BinaryIO, entries: Iterable[IndexEntry]) -> Iterator[IndexEntry]:
    for entry in list(entries):
        file.seek(entry.offset)
        digest = hashlib.sha256(file.read(entry.length)).hexdigest()
        yield IndexEntry(entry.key, entry.offset, entry.length, digest)
