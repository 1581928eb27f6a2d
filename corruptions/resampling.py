"""Conversion of the sample rate of audio, with the same bits on every machine.

A polyphase filter bank with a Kaiser-windowed sinc: Crochiere & Rabiner, "Multirate Digital Signal
Processing", 1983, chapter 4; Kaiser, "Nonrecursive digital filter design using the I0-sinh window
function", ISCAS 1974.  Every tap is an integer multiple of 2**-30.  A product of tap and sample is
then one too, and all sums stay below 2**53, so they are exact in whatever order they are
made.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial, pi

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from .errors import UsageError

Floats = npt.NDArray[np.float64]
Pcm = npt.NDArray[np.int16]

# The impulse response reaches this many samples of the lower rate to either side: flat to 90 % of
# the lower rate's half, 90 dB down from there on.
REACH = 72
CUTOFF = 0.954  # of half the lower rate: where the response passes 1/2
BETA = 9.0
UNITY = float(1 << 30)
# Ratios of rates with a term above this are rounded, by less than 123 ppm (a sound card's clock is
# hardly better): it bounds the number of taps.  No two rates in common use have such a ratio.
LARGEST_TERM = 1 << 13
BLOCK = 1 << 14  # taps worked on at a time: small enough for a core's cache
AT_ONCE = 16  # samples whose windows are read as one: more save reading, and multiply more zeros

# Taylor coefficients of sin(pi x) / x and of the Bessel function I0(2 sqrt(x)), highest first: the
# first terms left out are below 1e-11.  A conversion from a fraction rounds correctly everywhere.
_SINE = [float(Fraction(pi) ** k * (-1) ** (k // 2) / factorial(k)) for k in range(17, 0, -2)]
_BESSEL = [float(Fraction(1, factorial(k) ** 2)) for k in range(22, -1, -1)]


def resample(pcm: Pcm, rate: int, new_rate: int) -> Pcm:
    """Convert audio to another sample rate; samples beyond the ends count as 0.

    Args:
        pcm: (channels, samples) int16.
        rate: Its sample rate in Hz.
        new_rate: The new sample rate in Hz.

    Returns:
        (channels, new samples) int16, where new samples is samples * new_rate / rate, rounded up.

    Raises:
        UsageError: The rates are too far apart.

    Example:
        >>> resample(np.full((1, 160), 1000, np.int16), 16_000, 44_100).shape
        (1, 441)
    """
    up, down = _ratio(rate, new_rate)
    if up == down:
        return pcm
    length = -(-pcm.shape[1] * up // down)
    out = _filtered(pcm, up, down)[:, :length]
    np.divide(out, UNITY, out=out)
    np.rint(out, out=out)
    np.clip(out, -32768, 32767, out=out)
    return out.astype(np.int16)


def _filtered(pcm: Pcm, up: int, down: int) -> Floats:
    """The sums of taps times samples, (channels, samples): as many as there is sound for, or more.

    Sample n stands at place center + n * down of a clock `up` times as fast as the old one, so
    what sample n + up takes lies `down` old samples further on.  A turn is as many times `up`
    samples as keep windows of one turn and the next apart: then a few neighboring samples of all
    turns are one product of matrices, for which there is BLAS.
    """
    table, center = _taps(up, down)
    phases = table.reshape(-1, up)[::-1]  # each in the order of the old samples
    reach = len(phases)
    widest = reach + AT_ONCE * down // up + 1
    repeats = -(-widest // down)
    step = repeats * down
    places = [divmod(center + n * down, up) for n in range(repeats * up)]
    turns = max(1, -(-pcm.shape[1] // step))
    # Old sample 0 at reach - 1: the window that starts at place p ends with the sample at p.
    work = np.zeros((pcm.shape[0], places[-1][0] + reach + (turns - 1) * step))
    work[:, reach - 1 : reach - 1 + pcm.shape[1]] = pcm
    out = np.empty((pcm.shape[0], turns, len(places)))
    for first in range(0, len(places), AT_ONCE):
        group = places[first : first + AT_ONCE]
        taps = _side_by_side(phases, group)
        windows = sliding_window_view(work[:, group[0][0] :], len(taps), axis=1)
        out[:, :, first : first + len(group)] = windows[:, ::step][:, :turns] @ taps
    return out.reshape(pcm.shape[0], -1)


def _side_by_side(phases: Floats, group: list[tuple[int, int]]) -> Floats:
    """A column of taps for each (place, phase), from the first place on, zeros around it."""
    start, reach = group[0][0], len(phases)
    taps = np.zeros((group[-1][0] - start + reach, len(group)))
    for column, (place, phase) in enumerate(group):
        taps[place - start : place - start + reach, column] = phases[:, phase]
    return taps


def _ratio(rate: int, new_rate: int) -> tuple[int, int]:
    """(up, down) with up / down = new_rate / rate, both at most LARGEST_TERM."""
    low, high = sorted((rate, new_rate))
    if high > low * LARGEST_TERM:
        raise UsageError(
            f"audio of {rate} Hz cannot be resampled to {new_rate} Hz; give rates that are not "
            f"more than {LARGEST_TERM} times apart."
        )
    ratio = Fraction(low, high).limit_denominator(LARGEST_TERM)
    if new_rate < rate:
        return ratio.numerator, ratio.denominator
    return ratio.denominator, ratio.numerator


def _taps(up: int, down: int) -> tuple[Floats, int]:
    """The impulse response at `up` times the old rate, integers, and the index of its center.

    The taps of every phase, those `up` apart, add up to 2**30: a constant stays as it is.
    """
    slow = max(up, down)  # steps in one sample of the lower rate
    center = REACH * slow
    half = np.empty(center + 1)
    for start in range(0, half.size, BLOCK):
        part = half[start : start + BLOCK]
        part[...] = _response(np.arange(start, start + part.size, dtype=np.float64) / slow)
    rows = -(-(2 * center + 1) // up)
    table = np.zeros(rows * up)
    table[: center + 1] = half[::-1]
    table[center : 2 * center + 1] = half
    phases = table.reshape(rows, up)
    # Integers first, so that the sums are exact; in the end the rest goes to the largest tap.
    np.rint(phases * UNITY, out=phases)
    np.rint(phases * (UNITY / phases.sum(axis=0)), out=phases)
    largest = np.argmax(np.abs(phases), axis=0)
    phases[largest, np.arange(up)] += UNITY - phases.sum(axis=0)
    return table, center


def _response(time: Floats) -> Floats:
    """A low-pass at CUTOFF under a Kaiser window (both up to a factor); time in samples, from 0."""
    place = time / REACH
    window = _polynomial(_BESSEL, (1.0 - place * place) * (BETA * BETA / 4))
    # A C library's sine differs by machine; this one is made of + - x and / alone.
    x = time * CUTOFF
    turn = x - 2.0 * np.rint(x / 2.0)  # into [-1, 1]
    turn = np.where(np.abs(turn) > 0.5, np.copysign(1.0, turn) - turn, turn)
    sine = turn * _polynomial(_SINE, turn * turn)
    return window * np.divide(sine, pi * x, out=np.ones_like(x), where=x > 0)


def _polynomial(coefficients: list[float], x: Floats) -> Floats:
    """Horner's rule, one ufunc at a time."""
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        np.multiply(total, x, out=total)
        np.add(total, coefficient, out=total)
    return total
