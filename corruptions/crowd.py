"""Crowd: a person blocks the view; many voices talk at once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ._ambience import bank_of, make_ambience
from ._resize import resized
from .bank import Bank
from .registry import Context, Corruption, Frame, Kernel

Sums = npt.NDArray[np.uint16]


def visual(frame: Frame, level: int, context: Context) -> Frame:
    """A silhouette of `level` tenths of the frame's width and height, at a random place."""
    height, width = (max(1, length * level // 10) for length in frame.shape[:2])
    bank = bank_of(context)
    index = context.draw.integer(0, bank.count("silhouette"))
    left = context.draw.integer(0, frame.shape[1] - width + 1)
    top = context.draw.integer(0, frame.shape[0] - height + 1)
    return placed(frame, bank, index, (top, left), (height, width))


def placed(
    frame: Frame, bank: Bank, index: int, place: tuple[int, int], size: tuple[int, int]
) -> Frame:
    """`frame` behind silhouette `index` of that size (h, w), its upper left corner at (y, x)."""
    (top, left), (height, width) = place, size
    see_through, shade = _silhouette(bank, index, height, width)
    out = frame.copy()
    behind = out[top : top + height, left : left + width]
    mixed = behind * see_through
    mixed += shade
    behind[...] = np.floor_divide(mixed, 255, out=mixed)
    return out


@lru_cache(maxsize=64)
def _silhouette(bank: Bank, index: int, height: int, width: int) -> tuple[Sums, Sums]:
    """The share of the frame that shows and the color added, in 255ths, with a half to round."""
    pixels = bank.silhouette(index).astype(np.int32)
    # Colors are weighted by opacity, so that transparent pixels do not bleed in.
    pixels[..., :3] *= pixels[..., 3:]
    pixels = resized(pixels, height, width)
    see_through = np.repeat(255 - pixels[..., 3:], 3, axis=2)
    return see_through.astype(np.uint16), (pixels[..., :3] + 127).astype(np.uint16)


CORRUPTION = Corruption(
    name="crowd",
    visual=Kernel(visual, levels=(1, 2, 3, 4, 5)),
    audio=make_ambience("crowd"),
)
