"""A shard and its index written, neither of which has a name before it is whole."""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..atomic import AtomicFile, write_atomic
from ..errors import DataError, reason
from ..shards.index import IndexEntry, ShardIndex, index_file
from ..shards.manifest import ShardEntry
from ..shards.tar_headers import BLOCK, padded

RECORD = 20 * BLOCK  # tar rounds its files up to this


class ShardWriter:
    """Shard number `number` of a dataset, clip by clip; USTAR, no times, no owner."""

    def __init__(self, folder: Path, name: str, number: int) -> None:
        self._path = folder / f"{name}-{number:06d}.tar"
        self._making = AtomicFile(self._path)
        self._digest = hashlib.sha256()
        self._entries: list[IndexEntry] = []
        self._size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def _write(self, data: bytes) -> None:
        self._making.file.write(data)
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
        index, name = ShardIndex(self._entries).to_bytes(), index_file(self._path.name)
        write_atomic(self._path.with_name(name), index)
        self._making.publish()
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
        self._making.discard()


def check_shard(folder: Path, shard: ShardEntry, *, read: bool) -> None:
    """Raise DataError unless a shard and its index are in `folder`; read: byte by byte."""
    tar, index = folder / shard.file, folder / shard.index
    check_files([tar], shard.bytes, shard.sha256 if read else None)
    check_files([index], None, shard.index_sha256 if read else None)


def check_files(paths: Sequence[Path], size: int | None, sha256: str | None) -> None:
    """Raise DataError unless files are there, of `size` bytes and this SHA-256 in all.

    None: whatever they have.
    """
    digest, found = hashlib.sha256(), 0
    for path in paths:
        try:
            found += path.stat().st_size
            if sha256 is not None:
                _feed(digest, path)
        except OSError as error:
            raise DataError(
                f"{path} is gone or changed since it was written: {reason(error)}; give a new "
                f"folder."
            ) from error
    if size not in (None, found) or sha256 not in (None, digest.hexdigest()):
        raise DataError(f"{paths[0]} is gone or changed since it was written; give a new folder.")


def _feed(digest: hashlib._Hash, path: Path) -> None:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)


def sanitize_name(text: str) -> str:
    """A dataset's name as every file system and URL accepts it: shards are named after it.

    >>> sanitize_name("vgg: rain-0+5")
    'vgg-rain-0-5'
    """
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.") or "clips"
