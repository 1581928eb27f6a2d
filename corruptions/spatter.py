"""Spatter: drops of water, then mud, on the lens; dripping in the audio."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from math import isqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ._ambience import make_ambience
from ._blur import blur, blur_finely
from ._edges import REACH, edges, squared_distance
from ._tables import NORMAL_ONE, normal_quantiles
from .registry import Context, Corruption, Frame, Kernel

WATER = (175, 238, 238)
MUD = (63, 42, 20)
STEEP = 150  # the gradient, of Sobel's, from which on a drop has an edge
CLEAR = 204  # mud thinner than .8 of 255 is invisible
DISTANCE_BITS = 6

Plane = npt.NDArray[np.uint8]
Sums = npt.NDArray[np.uint16]


class Drops(NamedTuple):
    """mean, std, threshold: of the field whose peaks are drops, in hundredths.  blur: in pixels.

    strength: of water, in tenths.  sigma: of the edge of mud, in pixels; 0 for water.
    """

    mean: int
    std: int
    blur: int
    threshold: int
    strength: int = 0
    sigma: Decimal = Decimal(0)


def visual(frame: Frame, level: Drops, context: Context) -> Frame:
    """Water refracts light at the edge of its drops; mud covers the frame."""
    height, width = frame.shape[:2]
    noise = context.draw.quantiles(normal_quantiles(), (height, width))
    noise = blur_finely(noise, Decimal(level.blur), 4 * level.blur, edge="edge")
    drops = noise >= -((level.mean - level.threshold) * NORMAL_ONE // level.std)
    return _muddy(frame, drops, level) if level.sigma else _wet(frame, noise, drops, level)


def _wet(
    frame: Frame, noise: npt.NDArray[np.int16], drops: npt.NDArray[np.bool_], level: Drops
) -> Frame:
    """The light that the relief of the drops adds, none where there are no drops."""
    field = np.multiply(noise, 255 * level.std, dtype=np.int32)
    field += 255 * level.mean * NORMAL_ONE
    field //= 100 * NORMAL_ONE
    np.minimum(field, 255, out=field)
    liquid = np.multiply(field, drops, out=field).astype(np.uint8)
    light = np.multiply(liquid, _relief(liquid), dtype=np.uint32)
    most = int(light.max())
    if not most:
        return frame.copy()
    out = np.empty(frame.shape, np.uint8)
    for channel, color in enumerate(WATER):
        added = light * np.uint32((level.strength * color << 16) // (10 * most))
        added >>= 16
        added += frame[..., channel]
        out[..., channel] = np.minimum(added, 255, out=added)
    return out


def _relief(liquid: Plane) -> Plane:
    """Distances to the drops' edges, equalized and embossed, (h, w) uint8."""
    distance = np.take(_roots(), squared_distance(edges(liquid, STEEP)))
    near = (_sum9(distance) // (9 << DISTANCE_BITS)).astype(np.uint8)
    raised = np.pad(_equalized(near), 1, "reflect").astype(np.int16)
    slope = raised[2:, 2:] - raised[:-2, :-2]
    slope *= 2
    slope += raised[1:-1, 2:] - raised[1:-1, :-2]
    slope += raised[2:, 1:-1] - raised[:-2, 1:-1]
    slope += raised[1:-1, 1:-1]
    embossed = np.clip(slope, 0, 255, out=slope).astype(np.uint16)
    return ((_sum9(embossed) + np.uint16(4)) // 9).astype(np.uint8)


@cache
def _roots() -> Sums:
    """Square roots of 0 … REACH**2, in 64ths."""
    bits = 2 * DISTANCE_BITS
    return np.array([isqrt(square << bits) for square in range(REACH**2 + 1)], np.uint16)


def _sum9(plane: Sums) -> Sums:
    """Sums over 3 x 3 pixels."""
    padded = np.pad(plane, 1, "reflect")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    sums: Sums = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return sums


def _equalized(plane: Plane) -> Plane:
    """Histogram equalization: the lowest value becomes 0, the highest 255; a lone one stays."""
    above = np.bincount(plane.reshape(-1), minlength=256)
    above[int(plane.min())] = 0
    total = int(above.sum())
    if not total:
        return plane
    table = (2 * 255 * np.cumsum(above) + total) // (2 * total)
    return np.take(table.astype(np.uint8), plane)


def _muddy(frame: Frame, drops: npt.NDArray[np.bool_], level: Drops) -> Frame:
    """x (1 - m) + m color, where m is the drops, blurred and cut where they are thin."""
    mask = drops.view(np.uint8) * np.uint8(255)
    mud = blur(mask, level.sigma, round(4 * level.sigma), edge="edge").astype(np.uint16)
    mud *= mud >= CLEAR
    left = np.uint16(255) - mud
    out = np.empty(frame.shape, np.uint8)
    for channel, color in enumerate(MUD):
        mixed = frame[..., channel] * left
        mixed += mud * np.uint16(color)
        out[..., channel] = np.floor_divide(mixed, 255, out=mixed)
    return out


CORRUPTION = Corruption(
    name="spatter",
    visual=Kernel(
        visual,
        levels=(
            Drops(65, 30, 4, 69, strength=6),
            Drops(65, 30, 3, 68, strength=6),
            Drops(65, 30, 2, 68, strength=5),
            Drops(65, 30, 1, 65, sigma=Decimal("1.5")),
            Drops(67, 40, 1, 65, sigma=Decimal("1.5")),
        ),
    ),
    audio=make_ambience("spatter"),
)
