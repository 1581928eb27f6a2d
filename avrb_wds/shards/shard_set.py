"""Clips out of shards, by position, from any number of threads at once."""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import Any

from ..concurrency import SingleFlight
from ..errors import DataError, UsageError, reason
from ..limits import DEFAULT_LIMITS, DecodeLimits
from ..paths import naming
from ..progress import Progress
from ..storage import AnyPath, RemotePath, Storage
from .clip import RawClip
from .index import IndexEntry, ShardIndex, index_file, scan_index
from .locate import locate_shards
from .manifest import MANIFEST, Manifest, ShardEntry
from .tar import clip_members

OPEN_FILES = 64


class _File:
    """A file descriptor that closes once nobody uses it any more."""

    def __init__(self, path: Path) -> None:
        self.number = -1
        self.number = os.open(path, os.O_RDONLY)

    def __del__(self) -> None:
        if self.number >= 0:
            os.close(self.number)


class ShardSet:
    """The clips of a set of shards, by index; open one with `ShardSet.open`.

    `len` gives the number of clips; `manifest` is None for shards without one. Threads can share
    it; a pickled copy opens its own files.
    """

    def __init__(
        self,
        folder: AnyPath,
        manifest: Manifest | None,
        shards: Sequence[ShardEntry | AnyPath],
        indexes: dict[int, ShardIndex],
        limits: DecodeLimits = DEFAULT_LIMITS,
    ) -> None:
        self.manifest, self.limits = manifest, limits
        if manifest is not None:
            manifest.check_limits(self.limits, str(folder / MANIFEST))
        self._folder = folder
        self._shards = tuple(shards)
        self._indexes = indexes
        counts = (
            shard.clips if isinstance(shard, ShardEntry) else len(indexes[number])
            for number, shard in enumerate(shards)
        )
        self._starts = [0, *accumulate(counts)]
        self._files: OrderedDict[int, _File] = OrderedDict()
        self._lock, self._once = Lock(), SingleFlight()

    @classmethod
    def open(
        cls,
        source: Source,
        storage: Storage | None = None,
        limits: DecodeLimits = DEFAULT_LIMITS,
        progress: Progress | None = None,
    ) -> ShardSet:
        """Open shards.

        Args:
            source: A folder with a manifest, a manifest, a tar, a list of tars, or a brace
                expression; as paths or URLs (s3://, gs://, az://, hf://, https://). Tars without
                an index are scanned; that reads remote ones completely. An open ShardSet is
                returned as it is.
            storage: How remote files are read; None for no cache.
            limits: How much memory a clip may ask for.
            progress: Called with (tars done, tars) while tars are scanned.

        Raises:
            UsageError: `source` is not allowed, or `storage` is given for an open ShardSet.
            DataError: A file is missing or invalid; the message names it.
        """
        if isinstance(source, ShardSet):
            if storage is not None:
                raise UsageError(
                    "storage has no effect on an open ShardSet; give it to ShardSet.open."
                )
            return source
        path, tars = locate_shards(source, storage)
        if path is not None:
            manifest = Manifest.read(path)
            return cls(path.parent, manifest, manifest.shards, {}, limits)
        indexes = {}
        for number, tar in enumerate(tars):
            indexes[number] = _index_of(tar, limits)
            if progress:
                progress(number + 1, len(tars))
        return cls(Path(), None, tars, indexes, limits)

    def __len__(self) -> int:
        return self._starts[-1]

    def require_manifest(self) -> Manifest:
        """Return the manifest; raise UsageError if there is none."""
        if self.manifest is None:
            raise UsageError(
                "the shards have no manifest.json; give a dataset from avrb pack, by its folder."
            )
        return self.manifest

    @property
    def folder(self) -> AnyPath:
        """The folder that contains the manifest and its files."""
        return self._folder

    @property
    def shards(self) -> tuple[ShardEntry | AnyPath, ...]:
        """The shards in order, as entries of the manifest or, without one, as paths."""
        return self._shards

    def name_clip(self, position: int) -> str:
        """What messages call the clip at `position`: by its key and its shard."""
        number, entry = self._find(position)
        return _at(entry, self._path(number))

    def locate(self, position: int) -> tuple[ShardEntry | AnyPath, IndexEntry]:
        """Shard and index entry of the clip at `position`, 0 to len - 1."""
        number, entry = self._find(position)
        return self._shards[number], entry

    def read(self, position: int, *, verify: bool = True) -> RawClip:
        """Read the clip at an index without decoding it.

        Args:
            position: Index of the clip.
            verify: Compare the bytes with the checksum in the index.

        Raises:
            DataError: The shard is truncated or differs from its index.
        """
        number, entry = self._find(position)
        path = self._path(number)
        if entry.length > self.limits.max_clip_bytes:
            raise DataError(
                f"{_at(entry, path)}: the index gives it {entry.length} bytes; at most "
                f"{self.limits.max_clip_bytes} are read."
            )
        try:
            if isinstance(path, RemotePath):
                data = path.read_range(entry.offset, entry.length, self._sha256(number))
            else:
                file = self._file(number, path)
                data = os.pread(file.number, entry.length, entry.offset)
        except OSError as error:
            raise DataError(
                f"{_at(entry, path)}: the shard cannot be opened: {reason(error)}."
            ) from error
        try:
            raw = raw_clip(data, entry, path, self.limits, verify=verify)
        except DataError:
            if not isinstance(path, RemotePath):
                raise
            data = path.reread_range(entry.offset, data, entry.length, self._sha256(number))
            raw = raw_clip(data, entry, path, self.limits, verify=verify)
        if self.manifest is not None:
            self._check_members(raw.members, _at(entry, path))
            return replace(raw, ours=True)
        return raw

    def _check_members(self, members: Mapping[str, memoryview | bytes], where: str) -> None:
        assert self.manifest is not None
        for name in ("json", self.manifest.audio.format):
            if name not in members:
                raise DataError(f"{where}: the clip has no member {name!r}.")
        count = self.manifest.frames.count
        if count is not None and len(members) != count + 2:
            raise DataError(
                f"{where}: the clip has {len(members) - 2} frames; the manifest says {count}."
            )

    def _find(self, position: int) -> tuple[int, IndexEntry]:
        if not 0 <= position < len(self):
            raise IndexError(f"clip {position} of {len(self)}")
        number = bisect_right(self._starts, position) - 1
        return number, self.index(number)[position - self._starts[number]]

    def index(self, number: int) -> ShardIndex:
        """The index of shard `number`, read on first use."""
        if number not in self._indexes:
            self._once.run(number, lambda: self._read_index(number))
        return self._indexes[number]

    def _read_index(self, number: int) -> None:
        shard = self._shards[number]
        assert isinstance(shard, ShardEntry)
        index = ShardIndex.read(self._folder / shard.index, shard.index_sha256)
        if len(index) != shard.clips:
            raise DataError(
                f"index {self._folder / shard.index} holds {len(index)} clips; "
                f"the manifest says {shard.clips}."
            )
        self._indexes[number] = index

    def read_indexes(self, progress: Progress | None = None) -> None:
        """Read all indexes now, not on first use; call `progress` with (shards done, shards)."""
        for number in range(len(self._shards)):
            self.index(number)
            if progress:
                progress(number + 1, len(self._shards))

    @property
    def remote(self) -> bool:
        """Whether clips come from a bucket or a web server."""
        return any(isinstance(place, RemotePath) for place in (self._folder, *self._shards))

    def _sha256(self, number: int) -> str:
        shard = self._shards[number]
        return shard.sha256 if isinstance(shard, ShardEntry) else ""

    def _path(self, number: int) -> AnyPath:
        shard = self._shards[number]
        return self._folder / shard.file if isinstance(shard, ShardEntry) else shard

    def _file(self, number: int, path: Path) -> _File:
        with self._lock:
            file = self._files.pop(number, None) or _File(path)
            self._files[number] = file
            if len(self._files) > OPEN_FILES:
                self._files.popitem(last=False)
        return file

    def close(self) -> None:
        """Close all files; reading opens them again."""
        with self._lock:
            self._files.clear()

    def __enter__(self) -> ShardSet:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_files": OrderedDict(), "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = Lock()


Source = str | bytes | Path | Sequence[str | bytes | Path] | ShardSet
"""Shards as users give them: see `ShardSet.open`."""


def raw_clip(
    data: bytes,
    entry: IndexEntry,
    path: AnyPath,
    limits: DecodeLimits = DEFAULT_LIMITS,
    *,
    verify: bool = True,
) -> RawClip:
    """Return the clip that `data` is, the bytes of a shard at `entry`; raise as `ShardSet.read`."""
    if len(data) < entry.length:
        raise DataError(
            f"{_at(entry, path)}: the shard is cut off at byte {entry.offset + len(data)}; "
            f"the clip ends at byte {entry.offset + entry.length}."
        )
    if verify and entry.checksum and hashlib.sha256(data).hexdigest() != entry.checksum:
        raise DataError(f"{_at(entry, path)}: the bytes differ from the index's checksum.")
    with naming(_at(entry, path)):
        members = clip_members(data, entry.key)
    return RawClip(entry.key, str(path), members, limits)


def _index_of(tar: AnyPath, limits: DecodeLimits) -> ShardIndex:
    beside = tar.parent / index_file(tar.name)
    return ShardIndex.read(beside) if beside.is_file() else scan_index(tar, limits=limits)


def _at(entry: IndexEntry, path: AnyPath) -> str:
    return f"clip {entry.key!r} in shard {path}, byte {entry.offset}"
