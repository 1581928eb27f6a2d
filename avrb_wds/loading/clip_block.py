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
    """What becomes of every clip: each condition with its corrupter, then the transform.

    mix_conditions: the clips of a batch take the conditions in rotation, instead of all the same
    one. digest: take the digest of every clip as it is before the transform.  signals: put frames
    and sound in batches; without, there is no transform, and a worker needs no torch.
    """

    conditions: tuple[Condition, ...]
    corrupters: tuple[Corrupter | None, ...]
    transform: Transform | None = None
    mix_conditions: bool = False
    return_digests: bool = False
    signals: bool = True

    def number(self, place: int, turn: int) -> int:
        """Which condition comes in turn `turn` for the clip at `place` of the global order.

        Over all turns each comes once.  Batches have no part in it, so that what is left of a pass
        can be divided anew.

        >>> conditions = (Condition("rain", 1), Condition("rain", 3), Condition("rain", 5))
        >>> processing = ClipProcessing(conditions, (), mix_conditions=True)
        >>> [processing.number(place, 1) for place in range(5)]
        [1, 2, 0, 1, 2]
        """
        return (place + turn) % len(self.conditions) if self.mix_conditions else turn


class OutputRows(NamedTuple):
    """Where one clip goes in the memory of its batch; None: in memory of its own.

    frames: (t, h, w, 3) uint8.  waveform: (channels, samples) float32.
    """

    frames: Frame | None = None
    waveform: Waveform | None = None


@dataclass(frozen=True)
class Item:
    """One clip under one condition, ready to be put in a batch.

    digest: of what is shown; None unless it is asked for.  values: tensors and others by name,
    without what lies in the memory of the batch already.
    """

    position: int
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
"""A clip under a condition, or why it is not there."""


class ClipBlock:
    """Clips that are read and decoded once, by the thread that first asks, for all conditions.

    first: the place of the first of them in the global order.
    """

    def __init__(
        self, shards: ShardSet, positions: Sequence[int], recipe: ClipProcessing, first: int = 0
    ) -> None:
        self.positions = positions
        self.recipe = recipe
        self._shards, self._first = shards, first
        self._raws: list[RawClip | None] = [None] * len(positions)
        self._clips: list[Clip | DataError | None] = [None] * len(positions)
        self._locks = [Lock() for _ in positions]

    def __len__(self) -> int:
        return len(self.positions)

    def item(self, place: int, turn: int, rows: OutputRows) -> Item:
        """The clip at `place` in the block under its condition of turn `turn`.

        Raises DataError, naming key and shard, where the clip is at fault, and UsageError where
        the transform is.
        """
        recipe, alone = self.recipe, len(self.recipe.conditions) == 1
        number = recipe.number(self._first + place, turn)
        condition = recipe.conditions[number]
        clip = self._clip(place, rows.frames if alone else None)
        corrupter = recipe.corrupters[number]
        frames = _frames(clip, corrupter, rows.frames, in_place=alone)
        pcm = _pcm(clip, corrupter, rows.waveform)
        waveform = None if pcm is None else _waveform(pcm, rows.waveform)
        digest = (
            clip_digest(clip.key, frames, pcm, clip.sample_rate) if recipe.return_digests else None
        )
        position, samples = self.positions[place], 0 if waveform is None else waveform.shape[1]
        values: dict[str, Any] = {}
        if recipe.signals and (rows.frames is None or rows.waveform is None):
            whole = clip_dict(clip, position, condition, frames, waveform)
            values = {name: whole[name] for name, row in rows._asdict().items() if row is None}
            if recipe.transform is not None:
                values = _transformed(whole, recipe.transform, clip)
        record = clip.record
        about = (clip.key, clip.shard, record.video_id, record.target, clip.sample_rate, samples)
        return Item(position, condition, *about, digest, values)

    def read(self, place: int) -> None:
        """Have the bytes of the clip at `place` here before it is asked for."""
        with self._locks[place]:
            if self._raws[place] is None and self._clips[place] is None:
                try:
                    self._raws[place] = self._shards.read(self.positions[place])
                except DataError as error:
                    self._clips[place] = error

    def skipped(self, place: int, error: DataError) -> SkippedClip:
        """The clip at `place`, as one that was left out for `error`."""
        shard, entry = self._shards.locate(self.positions[place])
        file = shard.file if isinstance(shard, ShardEntry) else shard.name
        return SkippedClip(entry.key, file, str(error))

    def _clip(self, place: int, frames_out: Frame | None) -> Clip:
        with self._locks[place]:
            found = self._clips[place]
            if found is None:
                try:
                    raw = self._raws[place] or self._shards.read(self.positions[place])
                    found = decode_clip(raw, frames_out)
                except DataError as error:
                    found = error
                self._raws[place], self._clips[place] = None, found
        if isinstance(found, DataError):
            # Raised once a condition: without what led to it the last time.
            raise found.with_traceback(None)
        return found


def _frames(
    clip: Clip, corrupter: Corrupter | None, row: Frame | None, in_place: bool
) -> Frame | None:
    """The frames corrupted, in `row`, else in place, else in new memory."""
    if clip.frames is None:
        _check_absent(clip, row, "frames")
        return None
    if row is not None and row.shape != clip.frames.shape:
        raise _differs(clip, "frames", clip.frames.shape, row.shape)
    out = row if row is not None else clip.frames if in_place else np.empty_like(clip.frames)
    if corrupter is not None:
        return corrupter.frames(clip.frames, clip.key, out)
    if out is not clip.frames:
        out[...] = clip.frames
    return out


def _pcm(clip: Clip, corrupter: Corrupter | None, row: Waveform | None) -> Pcm | None:
    """The sound corrupted; raises DataError where it has no place in `row`."""
    if clip.pcm is None:
        _check_absent(clip, row, "sound")
        return None
    pcm = clip.pcm
    if row is not None and (pcm.shape[0] != row.shape[0] or pcm.shape[1] > row.shape[1]):
        raise _differs(clip, "sound", pcm.shape, row.shape)
    return pcm if corrupter is None else corrupter.pcm(pcm, clip.key, clip.sample_rate)


def _waveform(pcm: Pcm, row: Waveform | None) -> Waveform:
    """The sound in the beginning of `row` with silence after it, or in new memory."""
    if row is None:
        return to_waveform(pcm)
    samples = pcm.shape[1]
    row[:, samples:] = 0
    return to_waveform(pcm, row[:, :samples])


def _check_absent(clip: Clip, row: npt.NDArray[Any] | None, what: str) -> None:
    if row is not None:
        raise DataError(f"clip {clip.key!r} in shard {clip.shard} has no {what}.")


def _differs(clip: Clip, what: str, shape: tuple[int, ...], expected: tuple[int, ...]) -> DataError:
    return DataError(
        f"clip {clip.key!r} in shard {clip.shard} has {what} of shape {shape}, which the manifest, "
        f"with {expected}, rules out."
    )


def clip_dict(
    clip: Clip,
    position: int,
    condition: Condition,
    frames: Frame | None,
    waveform: Waveform | None,
) -> ClipDict:
    """A corrupted clip as transforms and datasets see it: signals are torch tensors."""
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
        "position": position,
    }


def _transformed(whole: ClipDict, transform: Transform, clip: Clip) -> ClipDict:
    where = f"on clip {clip.key!r} in shard {clip.shard}"
    try:
        values = transform(whole)
    except Exception as error:
        raise UsageError(
            f"the transform failed {where}: {describe(error)}; it has to take a clip's dict."
        ) from error
    if not isinstance(values, dict):
        raise UsageError(
            f"the transform returned a {type(values).__name__} {where}; it must return a dict."
        )
    return values
