"""Shot: photon noise in the frames, the same kind of noise in the audio."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from ._snr import DIGITAL, add_at_snr, drawn, stream_at_snr
from ._tables import poisson_quantiles
from .draw import Draw
from .registry import AudioStream, Context, Corruption, Frame, Kernel, Pcm

BITS = 10  # 1024 equally likely counts a rate: the table of all rates fits a core's cache
PHOTONS = 50  # the audio rate at full scale


def visual(frame: Frame, level: int, context: Context) -> Frame:
    """Poisson(x level) / level, x in [0, 1]; the level is the photon count of white."""
    return context.draw.rows(_values(level), frame)


@cache
def _values(level: int) -> npt.NDArray[np.uint8]:
    """What each of the 256 values of a frame may become: (256, 1024)."""
    counts = _counts(level)
    return np.minimum(counts * 255 // level, 255).astype(np.uint8)


def audio(pcm: Pcm, level: float, context: Context) -> Pcm:
    """Poisson(50 y) / 50 - y, y = the audio mapped to [0, 1]; the level is the power ratio."""
    return add_at_snr(pcm, _grain(context.draw, pcm, int(pcm.min()), int(pcm.max())), level)


def stream(sound: AudioStream, level: float, context: Context) -> Iterator[Pcm]:
    """`audio`, piece by piece."""
    ends = [(int(piece.min()), int(piece.max())) for piece in sound.pieces()]
    grain = partial(_grain, low=min(low for low, _ in ends), high=max(high for _, high in ends))
    return stream_at_snr(sound, drawn(grain, context.draw, sound.shape), level)


def _grain(draw: Draw, pcm: Pcm, low: int, high: int) -> npt.NDArray[np.int16]:
    return draw.rows(_noise(), _unit(pcm, low, high))


@cache
def _noise() -> npt.NDArray[np.int16]:
    """Poisson(50 y) - 50 y for 256 values of y, as multiples of 1/255: (256, 1024)."""
    return (_counts(PHOTONS) * 255 - np.arange(256)[:, np.newaxis] * PHOTONS).astype(np.int16)


def _unit(pcm: Pcm, low: int, high: int) -> npt.NDArray[np.uint8]:
    """`pcm` mapped from `low` … `high` to 0 … 255; where they are equal, to the middle."""
    if low == high:
        return np.full(pcm.shape, 128, np.uint8)
    # 255 / (high - low) in fixed point; 255 << 23 is the most, and fits an int32 with the half.
    scaled = np.subtract(pcm, low, dtype=np.int32)
    np.multiply(scaled, (255 << 23) // (high - low), out=scaled)
    np.add(scaled, 1 << 22, out=scaled)
    return np.right_shift(scaled, 23, out=scaled).astype(np.uint8)


def _counts(white: int) -> npt.NDArray[np.int64]:
    """Poisson counts for the rates x white / 255, x from 0 to 255: (256, 1024)."""
    rows = [poisson_quantiles(x * white / 255, 1 << BITS) for x in range(256)]
    return np.stack(rows).astype(np.int64)


CORRUPTION = Corruption(
    name="shot",
    visual=Kernel(visual, levels=(60, 25, 12, 5, 3)),
    audio=Kernel(audio, levels=DIGITAL, stream=stream),
)
