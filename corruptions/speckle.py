"""Speckle: noise in proportion to the signal, as in coherent imaging and bad contacts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from ._snr import DIGITAL, add_at_snr, drawn, stream_at_snr
from ._tables import NORMAL_ONE, normal_quantiles
from .draw import Draw
from .registry import AudioStream, Context, Corruption, Frame, Kernel, Pcm

BITS = 10  # 1024 equally likely values for each of 256: the table fits a core's cache


def visual(frame: Frame, level: float, context: Context) -> Frame:
    """x + x N(0, level), x in [0, 1]; the level is the standard deviation."""
    return context.draw.rows(_values(level), frame)


@cache
def _values(level: float) -> npt.NDArray[np.uint8]:
    """What each of the 256 values of a frame may become: (256, 1024)."""
    factor = 1 + normal_quantiles(1 << BITS).astype(np.float64) * (level / NORMAL_ONE)
    value = np.arange(256)[:, np.newaxis] * factor
    return np.clip(np.floor(value), 0, 255).astype(np.uint8)


def audio(pcm: Pcm, level: float, context: Context) -> Pcm:
    """y N(0, 1); the level is the power ratio."""
    return add_at_snr(pcm, _crackle(context.draw, pcm), level)


def stream(sound: AudioStream, level: float, context: Context) -> Iterator[Pcm]:
    """`audio`, piece by piece."""
    return stream_at_snr(sound, drawn(_crackle, context.draw, sound.shape), level)


def _crackle(draw: Draw, pcm: Pcm) -> npt.NDArray[np.int32]:
    """The signal times normal noise, below 2**30."""
    noise = draw.quantiles(normal_quantiles(), pcm.shape).astype(np.int32)
    return np.multiply(noise, pcm, out=noise)


CORRUPTION = Corruption(
    name="speckle",
    visual=Kernel(visual, levels=(0.15, 0.2, 0.35, 0.45, 0.6)),
    audio=Kernel(audio, levels=DIGITAL, stream=stream),
)
