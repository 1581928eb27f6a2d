"""Faults in shards: what differs from manifest and index, and what no reader could use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..errors import DataError, strip_subject
from ..progress import Progress
from ..storage import AnyPath, RemotePath, Storage, file_size
from .clip import RawClip
from .index import IndexEntry, ShardIndex, index_file
from .locate import locate_shards
from .manifest import Manifest, ShardEntry
from .scan import ShardScan
from .shard_set import ShardSet, raw_clip
from .verify_clip import clip_faults

Result = TypeVar("Result")


@dataclass(frozen=True)
class Fault:
    """One fault in a dataset.

    Attributes:
        shard: The shard.
        key: Key of the clip; None if the fault is in the shard itself.
        problem: What is wrong, in a sentence.
    """

    shard: str
    key: str | None
    problem: str

    def __str__(self) -> str:
        clip = f": clip {self.key!r}" if self.key is not None else ""
        return f"{self.shard}{clip}: {self.problem}"


def verify_shards(
    source: str | Path | Sequence[str | Path],
    *,
    deep: bool = False,
    progress: Progress | None = None,
    storage: Storage | None = None,
) -> list[Fault]:
    """Compare manifest, indexes and tars: every size, checksum, key and member.

    Every byte is read once, from the source itself and never from a cache.

    Args:
        source: Shards with or without a manifest, as in `ShardSet.open`.
        deep: Also decode every clip.
        progress: Called with (bytes done, bytes).
        storage: How remote files are read.

    Returns:
        All faults; an empty list if there are none.

    Raises:
        UsageError: `source` is not allowed.
        DataError: There is nothing to verify, or the manifest cannot be read.
    """
    path, tars = locate_shards(source, storage.without_cache() if storage else None)
    manifest = Manifest.read(path) if path else None
    folder = path.parent if path else Path()
    shards: Sequence[ShardEntry | AnyPath] = manifest.shards if manifest else tars
    sizes = [_size(shard) for shard in shards]
    done, total = 0, sum(sizes)
    faults: list[Fault] = []
    keys: dict[str, str] = {}
    for shard, size in zip(shards, sizes, strict=True):
        entry = shard if isinstance(shard, ShardEntry) else None
        tar = folder / shard.file if isinstance(shard, ShardEntry) else shard
        seen = partial(_tell, progress, done, size, total)
        faults += _shard_faults(_Shard(tar, entry, manifest, deep), keys, seen)
        seen(size)
        done += size
    if manifest:
        named = {shard.file for shard in manifest.shards}
        stray = [name for name in _tars(folder) if name not in named]
        problem = "the manifest does not name it."
        faults += [Fault(str(folder / name), None, problem) for name in stray]
    return faults


def _size(shard: ShardEntry | AnyPath) -> int:
    if isinstance(shard, ShardEntry):
        return shard.bytes
    return file_size(shard) if shard.is_file() else 0


def _tell(progress: Progress | None, done: int, size: int, total: int, passed: int) -> None:
    """Tell how much of one shard has passed: no more than it was to have."""
    at = done + min(passed, size)
    if progress and at:
        progress(at, total)


def _tars(folder: AnyPath) -> list[str]:
    """The names of the tars in a folder, sorted; none where a web server does not tell."""
    if not isinstance(folder, RemotePath):
        return sorted(tar.name for tar in folder.glob("*.tar"))
    names = folder.names() if folder.can_list else []
    return [name for name in names if name.endswith(".tar")]


@dataclass(frozen=True)
class _Shard:
    """A shard, what the manifest says of it and of all, and how closely clips are looked at."""

    tar: AnyPath
    entry: ShardEntry | None
    manifest: Manifest | None
    deep: bool

    def fault(self, problem: str, key: str | None = None) -> Fault:
        return Fault(str(self.tar), key, problem)

    def told(self, error: DataError) -> str:
        """What an error says of it."""
        shard = strip_subject(error, f"shard {self.tar}")
        return shard if shard != str(error) else strip_subject(error, str(self.tar))

    def index(self) -> ShardIndex | None:
        """The index beside it; None where nobody says that there is one."""
        beside = self.tar.parent / (self.entry.index if self.entry else index_file(self.tar.name))
        if self.entry is None and not beside.is_file():
            return None
        return ShardIndex.read(beside, self.entry.index_sha256 if self.entry else None)

    def clip_problems(self, clip: IndexEntry, read: Callable[[], RawClip]) -> list[str]:
        """What is wrong with a clip's bytes, members, record and, if `deep`, what they hold."""
        problems: list[str] = []
        try:
            for problem in clip_faults(read(), self.manifest, self.deep):
                problems.append(problem)
        except DataError as error:
            problems.append(strip_subject(error, f"clip {clip.key!r} in shard {self.tar}"))
        return problems


def _shard_faults(
    shard: _Shard, keys: dict[str, str], seen: Callable[[int], None]
) -> Iterator[Fault]:
    tar, entry = shard.tar, shard.entry
    if not tar.is_file():
        yield shard.fault("it does not exist.")
        return
    index, beside = _tried(shard, shard.index)
    problems: dict[int, list[str]] = {}

    def use(number: int, clip: IndexEntry, data: bytes) -> None:
        problems[number] = shard.clip_problems(clip, lambda: raw_clip(data, clip, tar))

    whole = entry is not None and file_size(tar) == entry.bytes
    with closing(ShardScan(tar, index, whole=whole, use=use, seen=seen)) as once:
        scanned, within = _tried(shard, once.walk)
        sha256 = once.finish()
    if entry and once.error:
        broken = shard.fault(shard.told(once.error))
        yield broken
        within = [fault for fault in within if fault != broken]  # the walk ends by it too
    elif entry and once.size != entry.bytes:
        yield shard.fault(f"it has {once.size} bytes; the manifest says {entry.bytes}.")
    elif entry and sha256 != entry.sha256:
        yield shard.fault("its SHA-256 is not the one in the manifest.")
    yield from (*beside, *within)
    known = index if index is not None else scanned
    if entry and known is not None and len(known) != entry.clips:
        yield shard.fault(f"it has {len(known)} clips; the manifest says {entry.clips}.")
    if index is not None and scanned is not None:
        yield from _against_tar(shard, index, scanned)
    if known is not None:
        yield from _clips(shard, known, keys, problems)


def _tried(shard: _Shard, read: Callable[[], Result]) -> tuple[Result | None, list[Fault]]:
    """What there is to read, or else why it cannot be read."""
    try:
        return read(), []
    except DataError as error:
        return None, [shard.fault(shard.told(error))]


def _against_tar(shard: _Shard, index: ShardIndex, scanned: ShardIndex) -> Iterator[Fault]:
    """Clips of the index at other places in the tar, or only in one of the two."""
    there = {clip.key: clip for clip in scanned}
    for clip in index:
        found = there.pop(clip.key, None)
        if found is None:
            yield shard.fault("the index names it and the tar does not hold it.", clip.key)
        elif (found.offset, found.length) != (clip.offset, clip.length):
            yield shard.fault(
                f"it is at byte {found.offset}, {found.length} bytes long; the index says byte "
                f"{clip.offset}, {clip.length} bytes.",
                clip.key,
            )
    for key in there:
        yield shard.fault("the tar holds it and the index does not name it.", key)


def _clips(
    shard: _Shard, index: ShardIndex, keys: dict[str, str], problems: dict[int, list[str]]
) -> Iterator[Fault]:
    """Each clip as the index has it; problems: of those that are looked at already, by number."""
    with ShardSet(Path(), None, [shard.tar], {0: index}) as shards:
        for number, clip in enumerate(index):
            if clip.key in keys:
                yield shard.fault(f"the key occurs twice, first in {keys[clip.key]}.", clip.key)
            keys.setdefault(clip.key, str(shard.tar))
            if number not in problems:  # its bytes did not come by in the one pass
                read = partial(shards.read, number)
                problems[number] = shard.clip_problems(clip, read)
            for problem in problems[number]:
                yield shard.fault(problem, clip.key)
