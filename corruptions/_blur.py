"""Gaussian blur in integers, so that the order of summation changes no bit."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ._tables import exp

# Weights are whole and sum to a power of 2: to 2**8, which brings 8-bit values to 16 bits, or to
# 2**14, which brings 16-bit values to 32 bits.
BITS, FINE_BITS = 8, 14
Plane = npt.NDArray[np.uint8]
Field = npt.NDArray[np.int16]
Sums = npt.NDArray[Any]  # uint16 or int32
Edge = Literal["edge", "reflect", "symmetric"]


@lru_cache(maxsize=64)
def gaussian_taps(sigma: Decimal, radius: int, bits: int = BITS) -> tuple[int, ...]:
    """Weights of the center and of 1, 2, … pixels to either side; zeros at the end are left out.

    They are rounded so that what lies beyond any distance keeps its weight.

    >>> gaussian_taps(Decimal("0.8"), 1)
    (134, 61)
    """
    side = [exp(-Decimal(i * i) / (2 * sigma * sigma)) for i in range(1, radius + 1)]
    total = exp(Decimal(0)) + 2 * sum(side)
    beyond = [(sum(side[i:]) * (2 << bits) + total) // (2 * total) for i in range(radius)]
    weights = [high - low for high, low in pairwise([*beyond, 0])]
    while weights and not weights[-1]:
        weights.pop()
    return (1 << bits) - 2 * sum(weights), *weights


def blur(plane: Plane, sigma: Decimal, radius: int, edge: Edge) -> Plane:
    """A plane (h, w) uint8, blurred and rounded.

    edge: what lies outside, by the names of `numpy.pad`.
    """
    taps = gaussian_taps(sigma, radius)
    padded = np.pad(plane, len(taps) - 1, edge).astype(np.uint16)
    return _blurred(padded, taps, BITS).astype(np.uint8)


def blur_finely(field: Field, sigma: Decimal, radius: int, edge: Edge) -> Field:
    """A field (h, w) int16, blurred and rounded; smooth to its last bits."""
    taps = gaussian_taps(sigma, radius, FINE_BITS)
    padded = np.pad(field, len(taps) - 1, edge).astype(np.int32)
    return _blurred(padded, taps, FINE_BITS).astype(np.int16)


def _blurred(padded: Sums, taps: tuple[int, ...], bits: int) -> Sums:
    """Weighted along columns, then along rows; rounded after each; without the padding.

    Shifted by rows, what is read lies in one piece, which takes a third of the time that columns
    take: hence the turn in between.
    """
    for _ in range(2):
        padded = _weigh(padded, taps)
        padded += 1 << (bits - 1)
        padded >>= bits
        padded = np.ascontiguousarray(padded.T)
    return padded


def _weigh(padded: Sums, taps: tuple[int, ...]) -> Sums:
    """Weighted sums over rows, of which the padding goes."""
    radius = len(taps) - 1
    stop = len(padded) - radius
    total = padded[radius:stop] * taps[0]
    pair = np.empty_like(total)
    for by, weight in enumerate(taps[1:], start=1):
        np.add(padded[radius - by : stop - by], padded[radius + by : stop + by], out=pair)
        np.multiply(pair, weight, out=pair)
        np.add(total, pair, out=total)
    return total
