"""The sound track of a video on the clock of the file, gone through piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..corruptions import Pcm
from ..errors import DataError
from ..signals import mix
from .audio_blocks import read_audio_blocks

ASTRAY = Fraction(1, 50)  # seconds: below, it is rounding; above, sound is missing or comes twice
LONGEST_GAP = 3600  # seconds: more is a broken clock, and silence would go on for years
PIECE = 1 << 16  # samples at a time


@dataclass(frozen=True)
class AudioTrack:
    """The first sound track of the video at `path`, decoded each time it is gone through.

    channels, samples: of what is heard.  sample_rate: in Hz.  start: in seconds, on the clock of
    the video.  mixing: of the channels, as in `mix`.  held: its sound, where it was kept.
    """

    path: Path
    channels: int
    samples: int
    sample_rate: int
    start: Fraction
    mixing: str = "keep"
    held: tuple[Pcm, ...] | None = field(default=None, repr=False, compare=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(channels, samples)."""
        return (self.channels if self.mixing == "keep" else 1), self.samples

    @property
    def end(self) -> Fraction:
        """When it ends, in seconds."""
        return self.start + Fraction(self.samples, self.sample_rate)

    def until(self, end: Fraction) -> AudioTrack:
        """What sounds before `end` seconds."""
        samples = round((end - self.start) * self.sample_rate)
        return replace(self, samples=max(0, min(self.samples, samples)))

    def pieces(self) -> Iterator[Pcm]:
        """The sound from its start, (channels, about 65536) int16 at a time.

        Raises DataError with the cause where it cannot be decoded.
        """
        waiting: list[Pcm] = []
        left, held = self.samples, 0
        blocks = self.held or (heard.block for heard in _aligned_blocks(self.path))
        for block in blocks:
            waiting.append(block[:, :left])
            left -= waiting[-1].shape[1]
            held += waiting[-1].shape[1]
            if held >= PIECE or not left:
                yield mix(np.concatenate(waiting, axis=1), self.mixing)
                waiting, held = [], 0
            if not left:
                return

    def cut(self, start: Fraction, samples: int) -> Pcm:
        """`samples` of it, (channels, samples) int16, from `start` seconds on.

        Silence where it has none, before its start and after its end.
        """
        out = np.zeros((self.shape[0], samples), np.int16)
        place = round((self.start - start) * self.sample_rate)  # of the next piece
        for piece in self.pieces():
            if place >= samples:
                break
            part = piece[:, max(0, -place) : max(0, samples - place)]
            out[:, max(0, place) : max(0, place) + part.shape[1]] = part
            place += piece.shape[1]
        return out


def find_audio_track(
    path: Path, end: Fraction | None = None, *, hold: bool = False
) -> AudioTrack | None:
    """The first sound track of a video; None where it is empty.

    end: seconds from which on nothing is needed; None for all.  hold: whether to keep what is
    decoded, which is not to be decoded again.  Where the file leaves a gap in its times there is
    silence; where pieces overlap the earlier one counts.  Raises DataError with the cause where it
    cannot be decoded.
    """
    track: AudioTrack | None = None
    held: list[Pcm] = []
    for start, rate, block in _aligned_blocks(path):
        track = track or AudioTrack(path, len(block), 0, rate, start)
        held += [block] if hold else []
        track = replace(track, samples=track.samples + block.shape[1])
        if end is not None and start + Fraction(track.samples, rate) >= end:
            break
    return replace(track, held=tuple(held)) if track and hold else track


class _AlignedBlock(NamedTuple):
    """When the track starts, its sample rate, and the next samples of it."""

    start: Fraction
    rate: int
    block: Pcm


def _aligned_blocks(path: Path) -> Iterator[_AlignedBlock]:
    """All blocks of the first track, at the places that their times give them."""
    start, samples = Fraction(0), 0
    for time, block, rate in read_audio_blocks(path):
        if not samples and time is not None:
            start = time
        astray = round((time - start) * rate) - samples if time is not None else 0
        if astray > ASTRAY * rate:
            for silent in _silence(path, astray, rate):
                yield _AlignedBlock(start, rate, np.zeros((len(block), silent), np.int16))
                samples += silent
        elif astray < -ASTRAY * rate:
            block = block[:, -astray:]
        if block.shape[1]:
            yield _AlignedBlock(start, rate, block)
            samples += block.shape[1]


def _silence(path: Path, samples: int, rate: int) -> Iterator[int]:
    """`samples` in parts of at most a piece; raises DataError once they last too long."""
    for begin in range(0, samples, PIECE):
        if begin > LONGEST_GAP * rate:
            raise DataError(
                f"{path}: the sound track stops for {samples // rate} s; a gap of {LONGEST_GAP} s "
                f"is the longest that is filled with silence."
            )
        yield min(PIECE, samples - begin)
