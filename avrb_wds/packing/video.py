"""Videos by PyAV: chosen frames, and the sound track."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..corruptions import Frame, Pcm
from ..errors import DataError, MissingExtra, cause
from ..signals import to_pcm

__all__ = [
    "has_sound",
    "USUAL_RATE",
    "need_pyav",
    "opened",
    "sound_blocks",
    "upright",
    "video_frames",
    "video_sound",
]

T = TypeVar("T")
USUAL_RATE = 25.0  # frames a second where a file says nothing
LAST_BLOCKS = 2  # in which a track may end: an encoder fills up one packet, and may add another

Block = tuple[Fraction | None, Pcm, int]
"""A piece of sound: when it sounds in seconds, (channels, samples) int16, and Hz."""


def need_pyav() -> Any:
    """PyAV; raises MissingExtra where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise MissingExtra("reading videos", "video") from error
    return av


@contextmanager
def opened(path: Path, kind: str) -> Iterator[tuple[Any, Any]]:
    """The container at `path` and its first stream of a kind, decoded in this thread.

    kind: "video", pictures that go with the file as its cover left out, or "audio".  Raises
    DataError, naming the file and the cause, for whatever goes wrong within the block.
    """
    av = need_pyav()
    try:
        # From the root, since to FFmpeg "take:1.mp4" is an address and "pipe:0.mp4" its input.
        with av.open(os.path.abspath(path)) as container:
            cover = av.stream.Disposition.attached_pic
            streams = (s for s in container.streams if not s.disposition & cover)
            stream = next((s for s in streams if s.type == kind), None)
            if stream is None:
                missing = "sound track" if kind == "audio" else "picture"
                raise DataError(f"{path} has no {missing}.")
            if stream.codec_context is None:
                raise DataError(f"{path} holds {kind} of a kind that no decoder here knows.")
            stream.thread_type = "NONE"
            yield container, stream
    except (av.error.FFmpegError, OSError) as error:
        raise DataError(f"{path} does not decode: {cause(error)}.") from error


def video_frames(
    path: Path,
    choose: Callable[[Sequence[float], float], list[int]],
    until: float | None,
    convert: Callable[[Frame], T],
) -> list[T]:
    """What `convert` makes of the frames, (h, w, 3) uint8 and upright, that `choose` names.

    choose: (times in seconds, frames a second) -> numbers of frames in the order shown, each frame
    converted once.  until: seconds past which nothing is chosen; None for the whole video.  Raises
    DataError with the cause where there is no picture or it does not decode.
    """
    times, rate = _times(path, until)
    taken: dict[int, T] = {}
    # Some files have packets that no frame comes of; then the frames themselves say what there is.
    for _ in range(2):
        if not times:
            raise DataError(f"{path} has no frame.")
        chosen = choose(times, rate)
        taken, times = _take(path, frozenset(chosen), convert, rate)
        if len(taken) == len(set(chosen)):
            break
    return [taken[number] for number in chosen]


def _times(path: Path, until: float | None) -> tuple[list[float], float]:
    """When each frame shows, and frames a second, by the packets and without decoding them."""
    stamps: list[int | None] = []
    with opened(path, "video") as (container, stream):
        rate = float(stream.average_rate or stream.guessed_rate or USUAL_RATE)
        unit = float(stream.time_base)
        for packet in container.demux(stream):
            if not packet.size or packet.is_discard:
                continue
            stamps.append(packet.pts)
            if until is None or packet.dts is None or stamps[0] is None:
                continue
            # A second past the end every frame before it has come, whatever their order.
            if (packet.dts - stamps[0]) * unit > until + 1:
                break
    known = [stamp * unit for stamp in stamps if stamp is not None]
    if len(known) < len(stamps):
        return [number / rate for number in range(len(stamps))], rate
    return sorted(known), rate


def _take(
    path: Path, wanted: frozenset[int], convert: Callable[[Frame], T], rate: float
) -> tuple[dict[int, T], list[float]]:
    """The wanted frames, and when each frame up to the last of them shows."""
    taken: dict[int, T] = {}
    times: list[float] = []
    with opened(path, "video") as (container, stream):
        for number, frame in enumerate(container.decode(stream)):
            times.append(number / rate if frame.time is None else frame.time)
            if number in wanted:
                taken[number] = convert(upright(frame))
            if len(taken) == len(wanted):
                break
    return taken, times


def upright(frame: Any) -> Frame:
    """A decoded frame as (h, w, 3) uint8 RGB, turned as the file says it is to be shown."""
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), turns))


def has_sound(path: Path) -> bool:
    """Whether the video has a sound track; raises DataError where it does not open."""
    with opened(path, "video") as (container, _):
        return any(stream.type == "audio" for stream in container.streams)


def video_sound(path: Path, until: float | None) -> tuple[Pcm, int]:
    """The sound track as ((channels, samples) int16, sample rate in Hz).

    until: seconds past which nothing is needed; None for all.  Raises DataError with the cause
    where there is no sound track, or it is empty or does not decode.
    """
    blocks, samples, rate = [], 0, 0
    for _, block, rate in sound_blocks(path):
        blocks.append(block)
        samples += block.shape[1]
        if until is not None and samples >= until * rate:
            break
    if not samples:
        raise DataError(f"{path}: the sound track is empty.")
    return np.concatenate(blocks, axis=1), rate


def sound_blocks(path: Path) -> Iterator[Block]:
    """The sound track in pieces, as a player plays it: what fills up the last packet is left out.

    A time is None where the file does not say.  Raises DataError as `video_sound` does.
    """
    av = need_pyav()
    last: deque[Block] = deque()
    try:
        with opened(path, "audio") as (container, stream):
            floats = av.AudioResampler(format="fltp")
            rate = int(stream.sample_rate)
            for frame in container.decode(stream):
                time = None if frame.pts is None else frame.pts * frame.time_base
                for block in floats.resample(frame):
                    last.append((time, to_pcm(np.clip(block.to_ndarray(), -1, 1)), rate))
                    if len(last) > LAST_BLOCKS:
                        yield last.popleft()
            # Not before: at the head of a file in fragments stands how long the first one is.
            end = _end(stream) if "mov" in container.format.name else None
        yield from _until(end, last)
    except ValueError as error:  # channels or rate change midway; samples that are no numbers
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: the sound track does not decode: {cause(error)}.") from error


def _end(stream: Any) -> Fraction | None:
    """The second before which a stream ends by its file, whose clock may be coarse; None if unsaid.

    Of containers other than MP4 and QuickTime none says so to the sample but in its packets, and
    those the decoder cuts itself.
    """
    if not stream.duration:
        return None
    return Fraction(((stream.start_time or 0) + stream.duration + 1) * stream.time_base)


def _until(end: Fraction | None, last: Sequence[Block]) -> Iterator[Block]:
    """The last blocks of a track, but for samples from `end` on; all if it is not among them."""
    first = last[0][0] if last else None
    for time, block, rate in last:
        if end is not None and time is not None and first is not None and first < end:
            block = block[:, : max(0, math.ceil((end - time) * rate) - 1)]
        if block.shape[1]:
            yield time, block, rate
