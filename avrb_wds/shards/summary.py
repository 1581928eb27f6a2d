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
    """Figures of a dataset; None for what only a manifest states, if there is none.

    Attributes:
        name: Name of the dataset.
        clips: Number of clips.
        shards: Number of shards.
        bytes: Size of all shards.
        frames: Layout of the frames.
        audio: Layout of the audio.
        task: "single-label", "multi-label" or "unlabeled".
        classes: Labels of the classes.
        digest: SHA-256 of the manifest.
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
    """Return the figures of a dataset.

    Args:
        source: Shards, as in `ShardSet.open`.
        storage: How remote files are read.
        progress: Called with (tars done, tars) while tars are scanned.

    Raises:
        UsageError: `source` is not allowed.
        DataError: A file is missing or invalid.
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
