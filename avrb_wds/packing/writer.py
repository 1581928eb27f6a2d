"""A shard and its index written, under another name until both are whole."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path

from ..shards.index import IndexEntry, ShardIndex, index_file
from ..shards.manifest import ShardEntry
from ..shards.members import BLOCK, padded

__all__ = ["PART", "ShardWriter", "write_whole"]

PART = ".part"
RECORD = 20 * BLOCK  # tar rounds its files up to this


def write_whole(path: Path, data: bytes) -> None:
    """Write a file such that it is there whole or not at all, whenever the machine stops."""
    part = path.with_name(path.name + PART)
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


class ShardWriter:
    """Shard number `number` of a data set, clip by clip; USTAR, no times, no owner."""

    def __init__(self, folder: Path, name: str, number: int) -> None:
        self._path = folder / f"{name}-{number:06d}.tar"
        self._part = self._path.with_name(self._path.name + PART)
        self._file = open(self._part, "wb")  # noqa: SIM115 - closed by finish() or discard()
        self._digest = hashlib.sha256()
        self._entries: list[IndexEntry] = []
        self._size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def add(self, key: str, members: Iterable[tuple[str, bytes]]) -> None:
        """Append a clip of members (extension, bytes)."""
        blocks = []
        for extension, data in members:
            header = tarfile.TarInfo(f"{key}.{extension}")
            header.size = len(data)
            blocks += [
                header.tobuf(tarfile.USTAR_FORMAT, "utf-8", "surrogateescape"),
                data,
                bytes(padded(len(data)) - len(data)),
            ]
        clip, offset = b"".join(blocks), self._size
        self._write(clip)
        digest = hashlib.sha256(clip).hexdigest()
        self._entries.append(IndexEntry(key, offset, len(clip), digest))

    def finish(self) -> ShardEntry:
        """Close the tar, write its index, and give both their names."""
        end = self._size + 2 * BLOCK
        self._write(bytes(-(-end // RECORD) * RECORD - self._size))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        index, name = ShardIndex(self._entries).to_bytes(), index_file(self._path.name)
        write_whole(self._path.with_name(name), index)
        os.replace(self._part, self._path)
        return ShardEntry(
            self._path.name,
            self._size,
            len(self._entries),
            self._digest.hexdigest(),
            name,
            hashlib.sha256(index).hexdigest(),
        )

    def discard(self) -> None:
        """Remove what is written so far, unless finished."""
        self._file.close()
        self._part.unlink(missing_ok=True)
