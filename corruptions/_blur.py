"""Gaussian blur in whole numbers: the order of summation can't change a bit of it."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from ._tables import exp

__all__ = ["WEIGHT_BITS", "blur", "gaussian_taps"]

WEIGHT_BITS = 8  # weights are whole and sum to 2**8: 8-bit values weighted fit 16 bits
Plane = npt.NDArray[np.uint8]
Edge = Literal["edge", "reflect", "symmetric"]


@lru_cache(maxsize=64)
def gaussian_taps(sigma: Decimal, radius: int) -> tuple[int, ...]:
    """Weights of the centre and of 1, 2, … pixels to either side; zeros at the end are left out.

    >>> gaussian_taps(Decimal("0.8"), 1)
    (134, 61)
    """
    side = [exp(-Decimal(i * i) / (2 * sigma * sigma)) for i in range(1, radius + 1)]
    total = exp(Decimal(0)) + 2 * sum(side)
    weights = [((weight << WEIGHT_BITS) + total // 2) // total for weight in side]
    weights = [weight for weight in weights if weight]
    return (1 << WEIGHT_BITS) - 2 * sum(weights), *weights


def blur(plane: Plane, taps: tuple[int, ...], edge: Edge) -> Plane:
    """A plane (h, w) uint8 weighted along rows and columns, rounded to uint8 after each.

    taps: as `gaussian_taps` gives them.  edge: what lies outside, by the names of `numpy.pad`.
    """
    radius = len(taps) - 1
    work = np.pad(plane, radius, edge).astype(np.uint16)
    for axis in (0, 1):
        work = _weigh(work, taps, axis)
        work += 1 << (WEIGHT_BITS - 1)
        work >>= WEIGHT_BITS
    return work.astype(np.uint8)


def _weigh(
    padded: npt.NDArray[np.uint16], taps: tuple[int, ...], axis: int
) -> npt.NDArray[np.uint16]:
    """Weighted sums along one axis, which loses the padding."""
    radius = len(taps) - 1
    length = padded.shape[axis] - 2 * radius

    def moved(by: int) -> npt.NDArray[np.uint16]:
        part = slice(radius + by, radius + by + length)
        return padded[part] if axis == 0 else padded[:, part]

    total = moved(0) * np.uint16(taps[0])
    pair = np.empty_like(total)
    for by, weight in enumerate(taps[1:], start=1):
        np.add(moved(-by), moved(by), out=pair)
        np.multiply(pair, np.uint16(weight), out=pair)
        np.add(total, pair, out=total)
    return total
