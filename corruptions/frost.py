"""Frost: ice on the lens, cracking ice in the audio."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from ._ambience import bank_of, make_ambience
from .bank import Bank
from .registry import Context, Corruption, Frame, Kernel

RELEASED = 5  # the reference code never selects a texture after the fifth


class Ice(NamedTuple):
    """frame, texture: the weight of each, in hundredths."""

    frame: int
    texture: int


LEVELS = (Ice(100, 40), Ice(80, 60), Ice(70, 70), Ice(65, 70), Ice(60, 75))


def visual(frame: Frame, level: Ice, context: Context) -> Frame:
    """The frame plus a random crop of any texture of the bank, clipped."""
    return _freeze(frame, level, context, bank_of(context).count("texture"))


def reference_visual(frame: Frame, level: Ice, context: Context) -> Frame:
    """The frame plus a random crop of one of the bank's first five textures, clipped."""
    return _freeze(frame, level, context, min(RELEASED, bank_of(context).count("texture")))


def _freeze(frame: Frame, level: Ice, context: Context, textures: int) -> Frame:
    height, width = frame.shape[:2]
    texture = _covering(bank_of(context), context.draw.integer(0, textures), height, width)
    top = context.draw.integer(0, texture.shape[0] - height + 1)
    left = context.draw.integer(0, texture.shape[1] - width + 1)
    ice = np.multiply(
        texture[top : top + height, left : left + width], level.texture, dtype=np.uint16
    )
    out = np.multiply(frame, level.frame, dtype=np.uint16)
    out += ice
    out //= 100
    return np.minimum(out, 255, out=out).astype(np.uint8)


def _covering(bank: Bank, index: int, height: int, width: int) -> Frame:
    """The texture, enlarged in proportion where it would not cover the frame."""
    texture: Frame = bank.texture(index)
    if texture.shape[0] >= height and texture.shape[1] >= width:
        return texture
    return _enlarged(bank, index, height, width)


@lru_cache(maxsize=8)
def _enlarged(bank: Bank, index: int, height: int, width: int) -> Frame:
    texture = bank.texture(index)
    rows, columns = texture.shape[:2]
    if height * columns >= width * rows:
        size = -(-columns * height // rows), height
    else:
        size = width, -(-rows * width // columns)
    # Bilinear resizing of 8-bit images uses integers, with the same result on all machines.
    return np.asarray(Image.fromarray(texture).resize(size, Image.Resampling.BILINEAR))


CORRUPTION = Corruption(
    name="frost",
    visual=Kernel(visual, levels=LEVELS),
    audio=make_ambience("frost"),
    reference_visual=Kernel(reference_visual, levels=LEVELS),
)
