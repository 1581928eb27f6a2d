"""Shot: too few photons, and the same grain in the sound."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ._snr import DIGITAL, add_at_snr
from ._tables import poisson_quantiles
from .registry import Context, Corruption, Frame, Kernel, Pcm

__all__ = ["CORRUPTION"]

BITS = 12  # 4096 equally likely counts a rate: a table of all 256 rates fits a core's cache
PHOTONS = 50  # the audio rate at full scale


def visual(frame: Frame, level: int, context: Context) -> Frame:
    """Poisson(x level) / level, x in [0, 1]; the level is the photon count of white."""
    return context.draw.rows(_frame_values(level), frame, BITS)


@lru_cache(maxsize=None)
def _frame_values(level: int) -> npt.NDArray[np.uint8]:
    """What each of the 256 values of a frame may become: (256, 4096)."""
    counts = np.stack([poisson_quantiles(x * level / 255, 1 << BITS) for x in range(256)])
    return np.minimum(counts.astype(np.uint32) * 255 // level, 255).astype(np.uint8)


def audio(pcm: Pcm, level: float, context: Context) -> Pcm:
    """Poisson(50 y) / 50 - y, y being the clip mapped to [0, 1]; the level is the power ratio.

    A Poisson count of a sum is the sum of Poisson counts: that of 50 y is drawn as one count for
    the upper and one for the lower byte of y.
    """
    y = _unit(pcm)
    upper, lower = (y >> np.uint16(8)).astype(np.uint8), y.astype(np.uint8)
    counts = context.draw.rows(_counts(256), upper, BITS)
    counts += context.draw.rows(_counts(65536), lower, BITS)
    # In units of 1/131072 photon the noise is a whole number, and stays below 2**23.
    noise = np.left_shift(counts, 17, dtype=np.int32)
    noise -= np.multiply(y, 2 * PHOTONS, dtype=np.int32)
    return add_at_snr(pcm, noise, level)


def _unit(pcm: Pcm) -> npt.NDArray[np.uint16]:
    """`pcm` mapped by its least and greatest value to 0 … 65535; a constant one to the middle."""
    low, high = int(pcm.min()), int(pcm.max())
    if low == high:
        return np.full(pcm.shape, 32768, np.uint16)
    # The quotient of two whole numbers below 2**33 is exact to far less than half a step.
    scaled = np.subtract(pcm, low, dtype=np.float64)
    np.multiply(scaled, 65535.0 / (high - low), out=scaled)
    return np.rint(scaled, out=scaled).astype(np.uint16)


@lru_cache(maxsize=None)
def _counts(steps: int) -> npt.NDArray[np.uint8]:
    """Poisson counts for the rates 50 k / steps, k from 0 to 255: (256, 4096)."""
    table = [poisson_quantiles(PHOTONS * k / steps, 1 << BITS) for k in range(256)]
    return np.stack(table).astype(np.uint8)


CORRUPTION = Corruption(
    name="shot",
    visual=Kernel(visual, levels=(60, 25, 12, 5, 3)),
    audio=Kernel(audio, levels=DIGITAL),
)
