"""Speckle: noise in proportion to the signal, as coherent imaging and bad contacts make it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ._snr import DIGITAL, add_at_snr
from ._tables import NORMAL_ONE, normal_quantiles
from .registry import Context, Corruption, Frame, Kernel, Pcm

__all__ = ["CORRUPTION"]

FACTOR_BITS = 16


def visual(frame: Frame, level: float, context: Context) -> Frame:
    """x + x N(0, level), x in [0, 1]; the level is the standard deviation."""
    value = context.draw.quantiles(_factors(level), frame.shape)
    np.multiply(value, frame, out=value)
    np.right_shift(value, FACTOR_BITS, out=value)
    np.clip(value, 0, 255, out=value)
    return value.astype(np.uint8)


@lru_cache(maxsize=None)
def _factors(level: float) -> npt.NDArray[np.int32]:
    """The 65536 outcomes of 1 + N(0, level), as whole numbers of 1/65536."""
    factor = 1 + normal_quantiles().astype(np.float64) * (level / NORMAL_ONE)
    return np.rint(factor * (1 << FACTOR_BITS)).astype(np.int32)


def audio(pcm: Pcm, level: float, context: Context) -> Pcm:
    """y N(0, 1); the level is the power ratio."""
    noise = context.draw.quantiles(normal_quantiles(), pcm.shape).astype(np.int32)
    np.multiply(noise, pcm, out=noise)  # below 2**30
    return add_at_snr(pcm, np.right_shift(noise, 7, out=noise), level)


CORRUPTION = Corruption(
    name="speckle",
    visual=Kernel(visual, levels=(0.15, 0.2, 0.35, 0.45, 0.6)),
    audio=Kernel(audio, levels=DIGITAL),
)
