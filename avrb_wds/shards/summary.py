"""What shards hold, in a few figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..progress import Progress
from ..storage import Storage, file_size
from .manifest import AudioLayout, FrameLayout, Manifest, ShardEntry, Task
from .shard_set import ShardSet


@dataclass(frozen=True)
class Summary:
    """Figures of a data set.  What only a manifest knows is None without one.

    bytes: of all shards.  digest: the manifest's SHA-256, which names the data set.
    """

    name: str | None
    clips: int
    shards: int
    bytes: int
    frames: FrameLayout | None
    audio: AudioLayout | None
    task: Task | None
    classes: tuple[str, ...] | None
    digest: str | None


def summarize(
    source: str | Path | Sequence[str | Path],
    storage: Storage | None = None,
    progress: Progress | None = None,
) -> Summary:
    """The figures of shards; raises UsageError or DataError where there are none.

    progress: called with (tars done, tars), where there is no manifest that says it all.
    """
    with ShardSet.open(source, storage, progress=progress) as shards:
        manifest, entries, clips = shards.manifest, shards.shards, len(shards)
    size = sum(e.bytes if isinstance(e, ShardEntry) else file_size(e) for e in entries)
    if manifest is None:
        return Summary(None, clips, len(entries), size, None, None, None, None, None)
    return _of(manifest, size)


def _of(manifest: Manifest, size: int) -> Summary:
    return Summary(
        manifest.name,
        manifest.clips,
        len(manifest.shards),
        size,
        manifest.frames,
        manifest.audio,
        manifest.task,
        manifest.classes,
        manifest.digest,
    )
