"""The sound track of a video, decoded in blocks of one rate and one number of channels."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..corruptions import Pcm
from ..limits import check_sample_rate
from ..signals import to_pcm
from .container import open_stream, read_packets, require_pyav

LAST_BLOCKS = 2  # in which a track may end: an encoder fills up one packet, and may add another


# PyAV reads past the end of the planes of eight channels and more.
PLANES = 7


class AudioBlock(NamedTuple):
    """When a piece of sound is heard, in seconds, None where the file does not say, and its rate.

    pcm: (channels, samples) int16.
    """

    time: Fraction | None
    pcm: Pcm
    rate: int


def read_audio_blocks(path: Path) -> Iterator[AudioBlock]:
    """The sound track in pieces, as a player plays it: what fills up the last packet is left out.

    Sound whose rate or channels change part way is brought to the first ones.  Raises DataError
    with the cause where there is no sound track or it cannot be decoded.
    """
    last: deque[AudioBlock] = deque()
    with open_stream(path, "audio") as (container, stream):
        for block in _blocks(container, stream):
            last.append(block)
            if len(last) > LAST_BLOCKS:
                yield last.popleft()
        # Not before: at the head of a file in fragments stands how long the first one is.
        end = _end(stream) if "mov" in container.format.name else None
        yield from _until(end, last)


def _blocks(container: Any, stream: Any) -> Iterator[AudioBlock]:
    uniform: _Uniform | None = None
    broken: Exception | None = None
    for packet in read_packets(container):
        if packet.stream is not stream:
            continue
        try:
            frames = packet.decode()
        except require_pyav().error.InvalidDataError as error:
            if uniform is not None:
                raise
            broken, frames = error, ()  # a recording may start within a packet
        for frame in frames:
            uniform = uniform or _Uniform(frame)
            yield from uniform.take(frame)
    if uniform is not None:
        yield from uniform.rest()
    elif broken is not None:
        raise broken


class _Uniform:
    """Frames as blocks of the rate and the channels of the first one."""

    def __init__(self, first: Any) -> None:
        self._rate, self._layout = check_sample_rate(first.sample_rate), first.layout
        self._made_of: tuple[Any, ...] = ()
        self._resampler: Any = None

    def take(self, frame: Any) -> Iterator[AudioBlock]:
        """What becomes of the next frame."""
        made_of = (frame.sample_rate, frame.layout.name, frame.format.name)
        if made_of != self._made_of:
            yield from self.rest()
            kind = "fltp" if self._layout.nb_channels <= PLANES else "flt"
            self._resampler = require_pyav().AudioResampler(kind, self._layout, self._rate)
            self._made_of = made_of
        for made in self._resampler.resample(frame):
            if made.samples:
                yield self._block(made, frame if frame.sample_rate == self._rate else made)

    def rest(self) -> Iterator[AudioBlock]:
        """What the change of a rate holds back."""
        if self._made_of and self._made_of[0] != self._rate:
            for made in self._resampler.resample(None):
                if made.samples:
                    yield self._block(made, made)

    def _block(self, made: Any, timed: Any) -> AudioBlock:
        time = None if timed.pts is None else Fraction(timed.pts * timed.time_base)
        samples = made.to_ndarray()
        if not made.format.is_planar:
            samples = samples.reshape(made.samples, -1).T
        return AudioBlock(time, to_pcm(np.clip(samples, -1, 1)), self._rate)


def _end(stream: Any) -> Fraction | None:
    """The second before which a stream ends by its file, whose clock may be coarse; None if unsaid.

    Of containers other than MP4 and QuickTime none says so to the sample but in its packets, and
    those the decoder cuts itself.
    """
    if not stream.duration:
        return None
    return Fraction(((stream.start_time or 0) + stream.duration + 1) * stream.time_base)


def _until(end: Fraction | None, last: Sequence[AudioBlock]) -> Iterator[AudioBlock]:
    """The last blocks of a track, but for samples from `end` on; all if it is not among them."""
    first = last[0].time if last else None
    for time, pcm, rate in last:
        if end is not None and time is not None and first is not None and first < end:
            pcm = pcm[:, : max(0, math.ceil((end - time) * rate) - 1)]
        if pcm.shape[1]:
            yield AudioBlock(time, pcm, rate)
