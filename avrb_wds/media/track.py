"""The sound track of a video, in step with its clock, gone through piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..corruptions import Pcm
from ..packing.sound import mix
from ..packing.video import sound_blocks

__all__ = ["Track", "find_track"]

ASTRAY = Fraction(1, 50)  # seconds: below, it is rounding; above, sound is missing or comes twice
PIECE = 1 << 16  # samples at a time


@dataclass(frozen=True)
class Track:
    """The first sound track of the video at `path`, decoded anew each time it is gone through.

    channels, samples: of what is heard.  sample_rate: in Hz.  start: in seconds, on the clock of
    the video.  mono: whether the mean of all channels stands for them.
    """

    path: Path
    channels: int
    samples: int
    sample_rate: int
    start: Fraction
    mono: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """(channels, samples)."""
        return (1 if self.mono else self.channels), self.samples

    @property
    def end(self) -> Fraction:
        """When it ends, in seconds."""
        return self.start + Fraction(self.samples, self.sample_rate)

    def until(self, end: Fraction) -> Track:
        """What sounds before `end` seconds."""
        samples = round((end - self.start) * self.sample_rate)
        return replace(self, samples=max(0, min(self.samples, samples)))

    def pieces(self) -> Iterator[Pcm]:
        """The sound from its start, (channels, about 65536) int16 at a time.

        Raises DataError with the cause where it does not decode.
        """
        waiting: list[Pcm] = []
        left, held = self.samples, 0
        for heard in _heard(self.path):
            waiting.append(heard.block[:, :left])
            left -= waiting[-1].shape[1]
            held += waiting[-1].shape[1]
            if held >= PIECE or not left:
                yield mix(np.concatenate(waiting, axis=1), "mono" if self.mono else "keep")
                waiting, held = [], 0
            if not left:
                return


def find_track(path: Path, end: Fraction | None = None) -> Track | None:
    """The first sound track of a video; None where it is empty.

    end: seconds from which on nothing is needed; None for all.  Where the file leaves a gap in its
    times there is silence; where pieces overlap the earlier one counts.  Raises DataError with the
    cause where it does not decode.
    """
    track: Track | None = None
    for start, rate, block in _heard(path):
        track = track or Track(path, len(block), 0, rate, start)
        track = replace(track, samples=track.samples + block.shape[1])
        if end is not None and start + Fraction(track.samples, rate) >= end:
            break
    return track


class _Heard(NamedTuple):
    """When the track starts, its sample rate, and the next samples of it."""

    start: Fraction
    rate: int
    block: Pcm


def _heard(path: Path) -> Iterator[_Heard]:
    """All blocks of the first track, at the places that their times give them."""
    start, samples = Fraction(0), 0
    for time, block, rate in sound_blocks(path):
        if not samples and time is not None:
            start = time
        astray = round((time - start) * rate) - samples if time is not None else 0
        for silent in _lengths(astray if astray > ASTRAY * rate else 0):
            yield _Heard(start, rate, np.zeros((len(block), silent), np.int16))
            samples += silent
        if astray < -ASTRAY * rate:
            block = block[:, -astray:]
        if block.shape[1]:
            yield _Heard(start, rate, block)
            samples += block.shape[1]


def _lengths(samples: int) -> Iterator[int]:
    """`samples` in parts of at most a piece."""
    for begin in range(0, samples, PIECE):
        yield min(PIECE, samples - begin)
