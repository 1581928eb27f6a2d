"""Noise at a signal-to-noise ratio, in integers, whose sum is the same in any order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .draw import WORDS, Draw
from .registry import AudioStream, Pcm

NoiseAt = Callable[[Pcm, int], npt.NDArray[Any]]
"""The noise of a piece that begins at a sample, as the piece is."""

# Power ratios 10**(dB/10) of the five severities.
DIGITAL = (10_000.0, 1_000.0, 100.0, 10.0, 1.0)  # 40 30 20 10 0 dB
ENVIRONMENT = (100.0, 31.622776601683793, 10.0, 3.1622776601683795, 1.0)  # 20 15 10 5 0 dB

# Samples worked on at a time: they stay in a core's cache.
BLOCK = 1 << 16
NOISE_BITS, PRODUCT_BITS = 15, 30


def add_at_snr(pcm: Pcm, noise: npt.NDArray[Any], ratio: float) -> Pcm:
    """`pcm` plus `noise` scaled so that signal power / noise power is `ratio` in every channel.

    pcm: (channels, samples) int16.  noise: integers below 2**31 of the same shape, in any
    unit; the top 15 bits of each channel count.  The SNR holds over the whole clip before clipping
    to 16 bits.  A silent channel stays silent, and noise that is all zero leaves its channel as it
    is.
    """
    out = np.empty_like(pcm, order="C")
    scratch = _scratch(pcm)
    for channel, track, mix in zip(pcm, noise, out, strict=True):
        scale = Scale(_peak(track).bit_length())
        loudness = _power(channel, 0, scratch[0])
        scale = scale.to(ratio, loudness, _power(track, scale.excess, scratch[0]))
        _mix(channel, track, scale, mix, scratch)
    return out


def stream_at_snr(sound: AudioStream, noise: NoiseAt, ratio: float) -> Iterator[Pcm]:
    """`add_at_snr` piece by piece, to the same bits: the sound is gone through three times.

    noise: called with each piece and the number of its first sample; the noise of that piece.
    """
    peaks, loudness = [0] * sound.shape[0], [0] * sound.shape[0]
    for piece, track, scratch in _along(sound, noise):
        for number, channel in enumerate(piece):
            peaks[number] = max(peaks[number], _peak(track[number]))
            loudness[number] += _power(channel, 0, scratch[0])
    scales, noisiness = [Scale(peak.bit_length()) for peak in peaks], [0] * sound.shape[0]
    for _, track, scratch in _along(sound, noise):
        for number, scale in enumerate(scales):
            noisiness[number] += _power(track[number], scale.excess, scratch[0])
    scales = [
        scale.to(ratio, *powers) for scale, *powers in zip(scales, loudness, noisiness, strict=True)
    ]
    for piece, track, scratch in _along(sound, noise):
        out = np.empty_like(piece, order="C")
        for channel, row, scale, mix in zip(piece, track, scales, out, strict=True):
            _mix(channel, row, scale, mix, scratch)
        yield out


def _along(
    sound: AudioStream, noise: NoiseAt
) -> Iterator[tuple[Pcm, npt.NDArray[Any], npt.NDArray[np.int32]]]:
    start = 0
    for piece in sound.pieces():
        yield piece, noise(piece, start), _scratch(piece)
        start += piece.shape[1]


class Scale(NamedTuple):
    """What noise of so many bits is multiplied by: factor / 2**shift, after `excess` bits are off.

    >>> Scale(12).to(1.0, 400, 100)
    Scale(bits=12, factor=131072, shift=16)
    """

    bits: int
    factor: int = 0
    shift: int = 0

    @property
    def excess(self) -> int:
        """Bits of the noise past those that count."""
        return max(0, self.bits - NOISE_BITS)

    def to(self, ratio: float, loudness: int, noisiness: int) -> Scale:
        """The scale that brings noise of that power to `ratio` below the signal's."""
        gain = math.sqrt(loudness / (noisiness * ratio)) if noisiness else 0.0
        return Scale(self.bits, *_fixed_point(gain, PRODUCT_BITS - self.bits + self.excess))


def _mix(
    channel: Pcm,
    track: npt.NDArray[Any],
    scale: Scale,
    mix: Pcm,
    scratch: npt.NDArray[np.int32],
) -> None:
    for part in _parts(mix.size):
        signal, sound = scratch[:, : part.stop - part.start]
        _fill(signal, channel[part], 0)
        _fill(sound, track[part], scale.excess)
        np.multiply(sound, scale.factor, out=sound)
        np.add(sound, 1 << scale.shift >> 1, out=sound)
        np.right_shift(sound, scale.shift, out=sound)
        np.add(signal, sound, out=signal)
        mix[part] = np.clip(signal, -32768, 32767, out=signal)


def _peak(track: npt.NDArray[Any]) -> int:
    return max(int(track.max()), -int(track.min()))


def _scratch(pcm: Pcm) -> npt.NDArray[np.int32]:
    return np.empty((2, min(BLOCK, pcm.shape[1])), np.int32)


def _power(track: npt.NDArray[Any], excess: int, scratch: npt.NDArray[np.int32]) -> int:
    """Sum of squares of `track >> excess`, in integers."""
    total = 0
    for part in _parts(track.size):
        square = scratch[: part.stop - part.start]
        _fill(square, track[part], excess)
        np.multiply(square, square, out=square)  # at most 2**30
        total += int(square.sum(dtype=np.int64))
    return total


def _fill(out: npt.NDArray[np.int32], track: npt.NDArray[Any], excess: int) -> None:
    out[...] = track
    if excess:
        np.right_shift(out, excess, out=out)


def _fixed_point(gain: float, bits: int) -> tuple[int, int]:
    """`gain` as (factor, shift), meaning factor / 2**shift, where the factor has so many bits.

    Noise that uses its 15 bits has a gain under 2**15 in all clips below 2**28 samples, and so on
    for fewer bits; a gain under 2**-30 rounds all noise to 0.
    """
    shift = max(0, min(bits - math.frexp(gain)[1], PRODUCT_BITS))
    return min(round(math.ldexp(gain, shift)), (1 << bits) - 1), shift


def _parts(samples: int) -> list[slice]:
    return [slice(start, min(start + BLOCK, samples)) for start in range(0, samples, BLOCK)]


def drawn(
    make: Callable[[Draw, Pcm], npt.NDArray[Any]], draw: Draw, shape: tuple[int, int]
) -> NoiseAt:
    """The noise that `make` draws for a sound of `shape`, one word a sample, at any piece of it."""

    def noise(piece: Pcm, start: int) -> npt.NDArray[Any]:
        rows = []
        for number, channel in enumerate(piece):
            # The channels' words lie one after the other; a draw starts at every sixteenth.
            word = number * shape[1] + start
            lead = word % WORDS
            padded = np.concatenate([np.zeros(lead, np.int16), channel])
            rows.append(make(draw.from_word(word - lead), padded)[lead:])
        return np.stack(rows)

    return noise
