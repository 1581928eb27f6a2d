"""Concert: bright stage lights in the frames; musicians and audience in the audio."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from ._ambience import make_ambience
from .registry import Context, Corruption, Frame, Kernel

GAIN_BITS = 20  # enough for the whole part of x · gain to be exact


def visual(frame: Frame, level: int, context: Context) -> Frame:
    """HSV value + level tenths, clipped; hue and saturation do not change.  The level is in tenths.

    All three channels grow in proportion, which keeps hue and saturation.  Black has neither, and
    becomes gray.
    """
    value = np.maximum(np.maximum(frame[..., 0], frame[..., 1]), frame[..., 2])
    gain = np.take(_gains(level), value)
    black = (value == 0).view(np.uint8)
    out = np.empty(frame.shape, np.uint8)
    for channel in range(3):
        scaled = np.multiply(np.maximum(frame[..., channel], black), gain)
        out[..., channel] = np.right_shift(scaled, GAIN_BITS, out=scaled)
    return out


@cache
def _gains(level: int) -> npt.NDArray[np.uint32]:
    """(v + 25.5 level) / v for each value v, rounded up in 2**-20; that of black is for a 1."""
    grown = [min(20 * v + 510 * level, 20 * 255) for v in range(256)]
    return np.array(
        [-((-g << GAIN_BITS) // (20 * max(v, 1))) for v, g in enumerate(grown)], np.uint32
    )


CORRUPTION = Corruption(
    name="concert",
    visual=Kernel(visual, levels=(1, 2, 3, 4, 5)),
    audio=make_ambience("concert"),
)
