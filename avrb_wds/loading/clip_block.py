"""One clip under one condition: read and decoded once, corrupted, transformed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..condition import Condition
from ..corrupter import Corrupter
from ..corruptions import Frame, Pcm
from ..errors import DataError, UsageError, describe
from ..receipts.digests import ClipDigest, clip_digest
from ..shards import Clip, RawClip, ShardEntry, ShardSet, decode_clip
from ..shards.record import Target
from ..signals import Waveform, to_waveform

ClipDict = dict[str, Any]
Transform = Callable[[ClipDict], ClipDict]


class SkippedClip(NamedTuple):
    """A clip that was skipped within the error budget.

    Attributes:
        key: Key of the clip.
        shard: File of its shard.
        cause: What is wrong with it, in a sentence.
    """

    key: str
    shard: str
    cause: str


@dataclass(frozen=True)
class ClipProcessing:
    """How clips are processed: the conditions, a corrupter for each, and the transform.

    Attributes:
        mix_conditions: Whether the clips of a batch take the conditions in rotation.
        return_digests: Whether to compute the digest of every clip, before the transform.
        signals: Whether batches contain frames and waveforms. Without them there is no transform,
            and a worker needs no torch.
    """

    conditions: tuple[Condition, ...]
    corrupters: tuple[Corrupter | None, ...]
    transform: Transform | None = None
    mix_conditions: bool = False
    return_digests: bool = False
    signals: bool = True

    def condition_index(self, order_index: int, repeat: int) -> int:
        """Return the condition of the clip at `order_index` in repeat `repeat` of its block.

        Over all repeats each condition comes once. It does not depend on batches, so that what is
        left of an epoch can be divided again.

        >>> conditions = (Condition("rain", 1), Condition("rain", 3), Condition("rain", 5))
        >>> processing = ClipProcessing(conditions, (), mix_conditions=True)
        >>> [processing.condition_index(index, 1) for index in range(5)]
        [1, 2, 0, 1, 2]
        """
        return (order_index + repeat) % len(self.conditions) if self.mix_conditions else repeat


class OutputRows(NamedTuple):
    """The rows of a batch that one clip is written to; None for new memory.

    Attributes:
        frames: (t, h, w, 3) uint8.
        waveform: (channels, samples) float32.
    """

    frames: Frame | None = None
    waveform: Waveform | None = None


@dataclass(frozen=True)
class Item:
    """One clip under one condition, ready to be put in a batch.

    Attributes:
        digest: Digest of frames and audio before the transform; None unless requested.
        values: Tensors and others by name, without those already in the buffers of the batch.
    """

    clip_index: int
    condition: Condition
    key: str
    shard: str
    video_id: str
    target: Target
    sample_rate: int
    samples: int
    digest: ClipDigest | None
    values: dict[str, Any]


ItemOrError = Item | BaseException
"""A clip under a condition, or the error that prevented it."""


class ClipBlock:
    """Clips that are read and decoded once for all conditions, by the thread that first asks.

    Args:
        shards: Where the clips are read.
        clip_indices: Their indices in the shards.
        processing: What is done to them.
        first: Index of the first of them in the global order.
    """

    def __init__(
        self,
        shards: ShardSet,
        clip_indices: Sequence[int],
        processing: ClipProcessing,
        first: int = 0,
    ) -> None:
        self.clip_indices = clip_indices
        self.processing = processing
        self._shards, self._first = shards, first
        self._raws: list[RawClip | None] = [None] * len(clip_indices)
        self._clips: list[Clip | DataError | None] = [None] * len(clip_indices)
        self._locks = [Lock() for _ in clip_indices]

    def __len__(self) -> int:
        return len(self.clip_indices)

    def item(self, row: int, repeat: int, out: OutputRows) -> Item:
        """Return clip `row` of the block under its condition in repeat `repeat`.

        Raises:
            DataError: The clip is invalid; the message names key and shard.
            UsageError: The transform failed or returned no dict.
        """
        processing, is_single = self.processing, len(self.processing.conditions) == 1
        condition_index = processing.condition_index(self._first + row, repeat)
        condition = processing.conditions[condition_index]
        clip = self._clip(row, out.frames if is_single else None)
        corrupter = processing.corrupters[condition_index]
        frames = _frames(clip, corrupter, out.frames, in_place=is_single)
        pcm = _pcm(clip, corrupter, out.waveform)
        waveform = None if pcm is None else _waveform(pcm, out.waveform)
        digest = (
            clip_digest(clip.key, frames, pcm, clip.sample_rate)
            if processing.return_digests
            else None
        )
        clip_index, samples = self.clip_indices[row], 0 if waveform is None else waveform.shape[1]
        values: dict[str, Any] = {}
        if processing.signals and (out.frames is None or out.waveform is None):
            clip_values = clip_dict(clip, clip_index, condition, frames, waveform)
            values = {name: clip_values[name] for name, row in out._asdict().items() if row is None}
            if processing.transform is not None:
                values = _transformed(clip_values, processing.transform, clip)
        record = clip.record
        about = (clip.key, clip.shard, record.video_id, record.target, clip.sample_rate, samples)
        return Item(clip_index, condition, *about, digest, values)

    def read(self, row: int) -> None:
        """Read the bytes of clip `row` before `item` needs them."""
        with self._locks[row]:
            if self._raws[row] is None and self._clips[row] is None:
                try:
                    self._raws[row] = self._shards.read(self.clip_indices[row])
                except DataError as error:
                    self._clips[row] = error

    def skipped(self, row: int, error: DataError) -> SkippedClip:
        """Describe clip `row` as skipped because of `error`."""
        shard, entry = self._shards.locate(self.clip_indices[row])
        file = shard.file if isinstance(shard, ShardEntry) else shard.name
        return SkippedClip(entry.key, file, str(error))

    def _clip(self, row: int, frames_out: Frame | None) -> Clip:
        with self._locks[row]:
            found = self._clips[row]
            if found is None:
                try:
                    raw = self._raws[row] or self._shards.read(self.clip_indices[row])
                    found = decode_clip(raw, frames_out)
                except DataError as error:
                    found = error
                self._raws[row], self._clips[row] = None, found
        if isinstance(found, DataError):
            # Raised for every condition: without the traceback of the last time.
            raise found.with_traceback(None)
        return found


def _frames(
    clip: Clip, corrupter: Corrupter | None, out_row: Frame | None, in_place: bool
) -> Frame | None:
    """Return the corrupted frames: in `out_row`, else in place, else in new memory."""
    if clip.frames is None:
        _check_absent(clip, out_row, "frames")
        return None
    if out_row is not None and out_row.shape != clip.frames.shape:
        raise _differs(clip, "frames", clip.frames.shape, out_row.shape)
    out = (
        out_row if out_row is not None else clip.frames if in_place else np.empty_like(clip.frames)
    )
    if corrupter is not None:
        return corrupter.frames(clip.frames, clip.key, out)
    if out is not clip.frames:
        out[...] = clip.frames
    return out


def _pcm(clip: Clip, corrupter: Corrupter | None, out_row: Waveform | None) -> Pcm | None:
    """Return the corrupted audio; raise DataError if it does not fit in `out_row`."""
    if clip.pcm is None:
        _check_absent(clip, out_row, "audio")
        return None
    pcm = clip.pcm
    if out_row is not None and (
        pcm.shape[0] != out_row.shape[0] or pcm.shape[1] > out_row.shape[1]
    ):
        raise _differs(clip, "audio", pcm.shape, out_row.shape)
    return pcm if corrupter is None else corrupter.pcm(pcm, clip.key, clip.sample_rate)


def _waveform(pcm: Pcm, out_row: Waveform | None) -> Waveform:
    """Write the audio to the start of `out_row`, followed by silence, or to new memory."""
    if out_row is None:
        return to_waveform(pcm)
    samples = pcm.shape[1]
    out_row[:, samples:] = 0
    return to_waveform(pcm, out_row[:, :samples])


def _check_absent(clip: Clip, out_row: npt.NDArray[Any] | None, what: str) -> None:
    if out_row is not None:
        raise DataError(f"clip {clip.key!r} in shard {clip.shard} has no {what}.")


def _differs(clip: Clip, what: str, shape: tuple[int, ...], expected: tuple[int, ...]) -> DataError:
    return DataError(
        f"clip {clip.key!r} in shard {clip.shard} has {what} of shape {shape}; the manifest "
        f"allows {expected}."
    )


def clip_dict(
    clip: Clip,
    clip_index: int,
    condition: Condition,
    frames: Frame | None,
    waveform: Waveform | None,
) -> ClipDict:
    """Return a corrupted clip as transforms and datasets get it, with torch tensors."""
    import torch

    return {
        "key": clip.key,
        "frames": None if frames is None else torch.from_numpy(frames),
        "waveform": None if waveform is None else torch.from_numpy(waveform),
        "sample_rate": clip.sample_rate,
        "target": clip.record.target,
        "labels": clip.record.labels,
        "video_id": clip.record.video_id,
        "corruption": condition.corruption,
        "severity": condition.severity,
        "position": clip_index,
    }


def _transformed(clip_values: ClipDict, transform: Transform, clip: Clip) -> ClipDict:
    where = f"on clip {clip.key!r} in shard {clip.shard}"
    try:
        values = transform(clip_values)
    except Exception as error:
        raise UsageError(
            f"the transform failed {where}: {describe(error)}; it must accept a clip's dict."
        ) from error
    if not isinstance(values, dict):
        raise UsageError(
            f"the transform returned a {type(values).__name__} {where}; it must return a dict."
        )
    return values
