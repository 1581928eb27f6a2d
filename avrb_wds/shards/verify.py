"""Faults in shards: what differs from manifest and index, and what no reader could use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, without_subject
from ..storage import Place, RemoteFile, Storage
from .contents import clip_faults
from .index import ShardIndex, index_file, scan_index
from .manifest import Manifest, ShardEntry
from .reader import ShardSet
from .sources import locate_shards

__all__ = ["Fault", "verify"]

CHUNK = 1 << 20
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Fault:
    """One thing wrong, in a sentence; key: of the clip concerned, None where it is the shard."""

    shard: str
    key: str | None
    problem: str

    def __str__(self) -> str:
        clip = f": clip {self.key!r}" if self.key is not None else ""
        return f"{self.shard}{clip}: {self.problem}"


def verify(
    source: str | Path | Sequence[str | Path],
    *,
    deep: bool = False,
    progress: Progress | None = None,
    storage: Storage | None = None,
) -> list[Fault]:
    """Every fault in shards, with or without a manifest; an empty list where there is none.

    Held against each other are manifest, indexes and tars: every size, checksum, key and member.
    deep: also decode every clip.  progress: called with (shards done, shards).  Raises UsageError
    or DataError where there is nothing to verify or the manifest itself cannot be read.
    """
    path, tars = locate_shards(source, storage)
    manifest = Manifest.read(path) if path else None
    folder = path.parent if path else Path()
    shards: Sequence[ShardEntry | Place] = manifest.shards if manifest else tars
    faults: list[Fault] = []
    keys: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        entry = shard if isinstance(shard, ShardEntry) else None
        tar = folder / shard.file if isinstance(shard, ShardEntry) else shard
        faults += _shard_faults(tar, entry, manifest, keys, deep)
        if progress:
            progress(number, len(shards))
    if manifest:
        named = {shard.file for shard in manifest.shards}
        stray = [name for name in _tars(folder) if name not in named]
        problem = "the manifest does not name it."
        faults += [Fault(str(folder / name), None, problem) for name in stray]
    return faults


def _tars(folder: Place) -> list[str]:
    """The names of the tars in a folder, sorted; none where a web server does not tell."""
    if not isinstance(folder, RemoteFile):
        return sorted(tar.name for tar in folder.glob("*.tar"))
    names = folder.names() if folder.lists else []
    return [name for name in names if name.endswith(".tar")]


def _shard_faults(
    tar: Place,
    entry: ShardEntry | None,
    manifest: Manifest | None,
    keys: dict[str, str],
    deep: bool,
) -> Iterator[Fault]:
    if not tar.is_file():
        yield Fault(str(tar), None, "it is not there.")
        return
    try:
        if entry:
            yield from _against_entry(tar, entry)
    except DataError as error:  # of a remote one
        yield Fault(str(tar), None, without_subject(error, str(tar)))
    index, scanned = None, None
    beside = tar.parent / (entry.index if entry else index_file(tar.name))
    try:
        if entry or beside.is_file():
            index = ShardIndex.read(beside, entry.index_sha256 if entry else None)
    except DataError as error:
        yield Fault(str(tar), None, str(error))
    try:
        scanned = scan_index(tar)
    except DataError as error:
        yield Fault(str(tar), None, without_subject(error, f"shard {tar}"))
    if index is not None and scanned is not None:
        yield from _against_tar(tar, index, scanned)
    known = index if index is not None else scanned
    if known is not None:
        yield from _clips(tar, known, manifest, keys, deep)


def _against_entry(tar: Place, entry: ShardEntry) -> Iterator[Fault]:
    """What the manifest says of the tar as a whole."""
    size, digest = 0, hashlib.sha256()
    with tar.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    if size != entry.bytes:
        problem = f"it has {size} bytes; the manifest says {entry.bytes}."
        yield Fault(str(tar), None, problem)
    elif digest.hexdigest() != entry.sha256:
        yield Fault(str(tar), None, "its SHA-256 is not the one in the manifest.")


def _against_tar(tar: Place, index: ShardIndex, scanned: ShardIndex) -> Iterator[Fault]:
    """Clips of the index at other places in the tar, or only in one of the two."""
    there = {clip.key: clip for clip in scanned}
    for clip in index:
        found = there.pop(clip.key, None)
        if found is None:
            yield Fault(str(tar), clip.key, "the index names it and the tar does not hold it.")
        elif (found.offset, found.length) != (clip.offset, clip.length):
            yield Fault(
                str(tar),
                clip.key,
                f"it is at byte {found.offset}, {found.length} bytes long; the index says byte "
                f"{clip.offset}, {clip.length} bytes.",
            )
    for key in there:
        yield Fault(str(tar), key, "the tar holds it and the index does not name it.")


def _clips(
    tar: Place, index: ShardIndex, manifest: Manifest | None, keys: dict[str, str], deep: bool
) -> Iterator[Fault]:
    """Each clip as the index has it: its bytes, members, record and, if `deep`, what they hold."""
    with ShardSet(Path(), None, [tar], {0: index}) as shards:
        for position, clip in enumerate(index):
            if clip.key in keys:
                problem = f"the key is there twice, first in {keys[clip.key]}."
                yield Fault(str(tar), clip.key, problem)
            keys.setdefault(clip.key, str(tar))
            try:
                raw = shards.read(position)
                for problem in clip_faults(raw, manifest, deep):
                    yield Fault(str(tar), clip.key, problem)
            except DataError as error:
                problem = without_subject(error, f"clip {clip.key!r} in shard {tar}")
                yield Fault(str(tar), clip.key, problem)
