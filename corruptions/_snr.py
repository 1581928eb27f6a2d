"""Noise at a signal-to-noise ratio, in whole numbers, which add up the same in any order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .registry import Pcm

__all__ = ["DIGITAL", "ENVIRONMENT", "add_at_snr"]

# Power ratios 10**(dB/10) of the five severities.
DIGITAL = (10_000.0, 1_000.0, 100.0, 10.0, 1.0)  # 40 30 20 10 0 dB
ENVIRONMENT = (100.0, 31.622776601683793, 10.0, 3.1622776601683795, 1.0)  # 20 15 10 5 0 dB

# Samples worked on at a time: they stay in a core's cache.
BLOCK = 1 << 16
NOISE_BITS, PRODUCT_BITS = 15, 30


def add_at_snr(pcm: Pcm, noise: npt.NDArray[Any], ratio: float) -> Pcm:
    """`pcm` plus `noise` scaled so that signal power / noise power is `ratio` in every channel.

    pcm: (channels, samples) int16.  noise: whole numbers below 2**31 of the same shape, in any
    unit; the top 15 bits of each channel count.  The SNR holds over the whole clip before clipping
    to 16 bits.  A silent channel stays silent, and noise that is all zero leaves its channel as it
    is.
    """
    out = np.empty_like(pcm, order="C")
    scratch = np.empty((2, min(BLOCK, pcm.shape[1])), np.int32)
    for channel, track, mix in zip(pcm, noise, out, strict=True):
        bits = max(int(track.max()), -int(track.min())).bit_length()
        excess = max(0, bits - NOISE_BITS)
        loudness, noisiness = _power(channel, 0, scratch[0]), _power(track, excess, scratch[0])
        gain = math.sqrt(loudness / (noisiness * ratio)) if noisiness else 0.0
        factor, shift = _fixed_point(gain, PRODUCT_BITS - bits + excess)
        for part in _parts(mix.size):
            signal, sound = scratch[:, : part.stop - part.start]
            _fill(signal, channel[part], 0)
            _fill(sound, track[part], excess)
            np.multiply(sound, factor, out=sound)
            np.add(sound, 1 << shift >> 1, out=sound)
            np.right_shift(sound, shift, out=sound)
            np.add(signal, sound, out=signal)
            mix[part] = np.clip(signal, -32768, 32767, out=signal)
    return out


def _power(track: npt.NDArray[Any], excess: int, scratch: npt.NDArray[np.int32]) -> int:
    """Sum of squares of `track >> excess`, in whole numbers."""
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
