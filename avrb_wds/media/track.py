"""The sound track of a video in one piece, in step with the clock of the video."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..corruptions import Pcm
from ..packing.video import sound_blocks

__all__ = ["Track", "read_track"]

ASTRAY = Fraction(1, 50)  # seconds: below, it is rounding; above, sound is missing or comes twice


@dataclass(frozen=True)
class Track:
    """pcm: (channels, samples) int16.  sample_rate: in Hz.  start: in seconds."""

    pcm: Pcm
    sample_rate: int
    start: Fraction

    @property
    def end(self) -> Fraction:
        """When it ends, in seconds."""
        return self.start + Fraction(self.pcm.shape[1], self.sample_rate)

    def until(self, end: Fraction) -> Track:
        """What sounds before `end` seconds."""
        samples = max(0, round((end - self.start) * self.sample_rate))
        return replace(self, pcm=self.pcm[:, :samples])


def read_track(path: Path, end: Fraction | None = None) -> Track | None:
    """The first sound track of a video; None where there is none, or it is empty.

    end: seconds from which on nothing is needed; None for all.  Where the file leaves a gap in its
    times there is silence; where pieces overlap the earlier one counts.  Raises DataError with the
    cause where it does not decode.
    """
    start, rate, samples = Fraction(0), 0, 0
    blocks: list[Pcm] = []
    for time, block, rate in sound_blocks(path):
        if not blocks and time is not None:
            start = time
        astray = round((time - start) * rate) - samples if time is not None else 0
        if astray > ASTRAY * rate:
            blocks.append(np.zeros((len(block), astray), np.int16))
        elif astray < -ASTRAY * rate:
            block = block[:, -astray:]
        else:
            astray = 0
        blocks.append(block)
        samples += max(0, astray) + block.shape[1]
        if end is not None and start + Fraction(samples, rate) >= end:
            break
    if not samples:
        return None
    return Track(np.concatenate(blocks, axis=1), rate, start)
