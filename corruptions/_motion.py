"""Motion blur: a tail behind every point, in integers, at any angle.

Source: ImageMagick's `MotionBlurImage`: one-sided Gaussian weights along a line of pixels.
"""

from __future__ import annotations

from decimal import ROUND_HALF_DOWN, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ._tables import exp
from ._trig import PI, cos_sin
from .draw import Draw
from .registry import Frame

WEIGHT_BITS = 8  # weights are whole and sum to 2**8: 8-bit values weighted fit 16 bits
STEPS = 8  # angles a degree: at 40 pixels an eighth of a degree is a tenth of a pixel


class Tail(NamedTuple):
    """radius: of the kernel in pixels; it has 2 radius + 1 taps.  sigma: of its weights."""

    radius: int
    sigma: int


def draw_angle(draw: Draw, low: int, high: int) -> int:
    """An angle between two whole degrees, in eighths of a degree."""
    return draw.integer(low * STEPS, high * STEPS + 1)


def motion_blur(image: Frame, tail: Tail, angle: int) -> Frame:
    """`image` (h, w) or (h, w, 3) uint8, blurred along `angle` eighths of a degree, same shape.

    Tap i weighs exp(-i² / 2 sigma²) and lies (round(i cos), round(i sin)) pixels off in (x, y);
    edges are replicated.  Rounded down, as the reference code does.
    """
    taps = _taps(tail, angle)
    height, width = image.shape[:2]
    left, top = (max(0, *(-place[axis] for place in taps)) for axis in (0, 1))
    right, bottom = (max(0, *(place[axis] for place in taps)) for axis in (0, 1))
    border = ((top, bottom), (left, right), (0, 0))[: image.ndim]
    padded = np.pad(image, border, "edge").astype(np.uint16)
    # A shift by rows and columns is one along the whole array in memory, where what is read lies in
    # one piece; what wraps round falls on the padding.
    line = padded.reshape(-1)
    step, row = padded[0, 0].size, padded[0].size
    total = np.zeros(height * row, np.uint16)
    shown = total[: total.size - (left + right) * step]
    part = np.empty_like(shown)
    for (x, y), weight in taps.items():
        start = (top + y) * row + (left + x) * step
        np.multiply(line[start : start + shown.size], weight, out=part)
        np.add(shown, part, out=shown)
    total >>= WEIGHT_BITS
    return total.reshape(height, *padded.shape[1:])[:, :width].astype(np.uint8)


@lru_cache(maxsize=1024)
def _taps(tail: Tail, angle: int) -> dict[tuple[int, int], int]:
    """Whole weights that sum to 256, by displacement (x, y); taps of weight 0 are left out."""
    cos, sin = cos_sin(PI * angle / (180 * STEPS))
    taps: dict[tuple[int, int], int] = {}
    for i, weight in enumerate(_weights(tail)):
        place = _nearest(i * cos), _nearest(i * sin)
        taps[place] = taps.get(place, 0) + weight
    return taps


def _nearest(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_DOWN))


@lru_cache(maxsize=64)
def _weights(tail: Tail) -> tuple[int, ...]:
    """Each cumulated weight is rounded, so that the weights sum to 256 and none strays by 1."""
    exact = [exp(-Decimal(i * i) / (2 * tail.sigma**2)) for i in range(2 * tail.radius + 1)]
    edges, below = [0], 0
    for weight in exact:
        below += weight
        edges.append(((below << WEIGHT_BITS) + sum(exact) // 2) // sum(exact))
    return tuple(high - low for low, high in pairwise(edges) if high > low)
