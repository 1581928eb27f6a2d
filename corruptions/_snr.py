"""Noise brought to a signal-to-noise ratio, exactly: powers are whole numbers, summed in any order."""

from __future__ import annotations

from typing import Any

import math

import numpy as np
import numpy.typing as npt

from .registry import Pcm

__all__ = ["DIGITAL", "ENVIRONMENT", "add_at_snr"]

# Power ratios 10**(dB/10) of the five severities.
DIGITAL = (10_000.0, 1_000.0, 100.0, 10.0, 1.0)  # 40 30 20 10 0 dB
ENVIRONMENT = (100.0, 31.622776601683793, 10.0, 3.1622776601683795, 1.0)  # 20 15 10 5 0 dB

# Samples worked on at a time: small enough for a core's cache, and for int64 sums of squares
# below 2**46 never to overflow.
BLOCK = 1 << 15


def add_at_snr(pcm: Pcm, noise: npt.NDArray[Any], ratio: float) -> Pcm:
    """`pcm` plus `noise` scaled so that signal power / noise power is `ratio` in every channel.

    pcm: (channels, samples) int16.  noise: whole numbers below 2**23 of the same shape, in any
    unit.  The SNR holds over the whole clip before clipping to 16 bits.  A silent channel stays
    silent, and noise that is all zero leaves its channel as it is.
    """
    out = np.empty_like(pcm, order="C")
    for channel, track, mix in zip(pcm, noise, out, strict=True):
        loudness, noisiness = _power(channel), _power(track)
        gain = math.sqrt(loudness / (noisiness * ratio)) if noisiness else 0.0
        for start in range(0, mix.size, BLOCK):
            part = slice(start, start + BLOCK)
            work = track[part].astype(np.float64)
            np.multiply(work, gain, out=work)
            np.rint(work, out=work)
            np.add(work, channel[part], out=work)
            np.clip(work, -32768, 32767, out=work)
            mix[part] = work
    return out


def _power(track: npt.NDArray[Any]) -> int:
    """Sum of squares, in whole numbers without a bound."""
    total = 0
    for start in range(0, track.size, BLOCK):
        part = track[start : start + BLOCK].astype(np.int64)
        total += int(np.multiply(part, part, out=part).sum())
    return total
