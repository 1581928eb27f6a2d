"""Underwater: loss of red, sharpness and contrast, with haze; bubbles and rumble in the audio."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ._ambience import make_ambience
from ._blur import blur
from .registry import Context, Corruption, Frame, Kernel


class Depth(NamedTuple):
    """red, contrast: the remaining share, in tenths.  width: of the blur.  haze: its gray level."""

    red: int
    width: int
    contrast: int
    haze: int


LEVELS = (
    Depth(9, 3, 9, 20), Depth(7, 5, 8, 40), Depth(5, 7, 7, 60), Depth(3, 11, 6, 80),
    Depth(1, 15, 5, 100),
)  # fmt: skip


def visual(frame: Frame, level: Depth, context: Context) -> Frame:
    """Red attenuated; Gaussian blur, mirrored at the edges; then contrast and haze."""
    return _dive(frame, level, order=(0, 1, 2))


def reference_visual(frame: Frame, level: Depth, context: Context) -> Frame:
    """Blue attenuated, and red and blue swapped in the result, as in the reference code."""
    return _dive(frame, level, order=(2, 1, 0))


def _dive(frame: Frame, level: Depth, order: tuple[int, int, int]) -> Frame:
    """Output channel c comes from input channel order[c]; the first one is attenuated."""
    tenths = 3 * (level.width - 1) // 2 + 5  # sigma = .3 ((width - 1) / 2 - 1) + .8
    sigma = Decimal(tenths) / 10
    hazed = _hazed(level)
    out = np.empty(frame.shape, np.uint8)
    for channel, source in enumerate(order):
        plane = frame[..., source]
        if channel == 0:
            plane = (np.multiply(plane, level.red, dtype=np.uint16) // 10).astype(np.uint8)
        out[..., channel] = np.take(hazed, blur(plane, sigma, level.width // 2, edge="reflect"))
    return out


@cache
def _hazed(level: Depth) -> npt.NDArray[np.uint8]:
    """.85 (contrast x) + .15 haze for each value x, rounded after either step."""
    dull = [(2 * x * level.contrast + 10) // 20 for x in range(256)]
    return np.array([(85 * x + 15 * level.haze + 50) // 100 for x in dull], np.uint8)


CORRUPTION = Corruption(
    name="underwater",
    visual=Kernel(visual, levels=LEVELS),
    audio=make_ambience("underwater"),
    reference_visual=Kernel(reference_visual, levels=LEVELS),
)
