"""Gaussian: sensor noise in the frames, amplifier hiss in the audio, uniform everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from ._snr import DIGITAL, add_at_snr, drawn, stream_at_snr
from ._tables import NORMAL_ONE, normal_quantiles
from .draw import Draw
from .registry import AudioStream, Context, Corruption, Frame, Kernel, Pcm


def visual(frame: Frame, level: float, context: Context) -> Frame:
    """x + N(0, level), x in [0, 1]; the level is the standard deviation."""
    noise = context.draw.quantiles(_noise(level), frame.shape)
    np.add(noise, frame, out=noise)
    np.clip(noise, 0, 255, out=noise)
    return noise.astype(np.uint8)


@cache
def _noise(level: float) -> npt.NDArray[np.int16]:
    """The 65536 outcomes of 255 N(0, level), rounded down: a frame has integer values."""
    scale = 255 * level / NORMAL_ONE
    return np.floor(normal_quantiles().astype(np.float64) * scale).astype(np.int16)


def audio(pcm: Pcm, level: float, context: Context) -> Pcm:
    """White Gaussian noise; the level is the power ratio of signal to noise."""
    return add_at_snr(pcm, _hiss(context.draw, pcm), level)


def stream(sound: AudioStream, level: float, context: Context) -> Iterator[Pcm]:
    """`audio`, piece by piece."""
    return stream_at_snr(sound, drawn(_hiss, context.draw, sound.shape), level)


def _hiss(draw: Draw, pcm: Pcm) -> npt.NDArray[np.int16]:
    return draw.quantiles(normal_quantiles(), pcm.shape)


CORRUPTION = Corruption(
    name="gaussian",
    visual=Kernel(visual, levels=(0.08, 0.12, 0.18, 0.26, 0.38)),
    audio=Kernel(audio, levels=DIGITAL, stream=stream),
    # The reference code uses the severity itself as the SNR in dB: 10**(1/10) … 10**(5/10).
    reference_audio=Kernel(
        audio,
        levels=(
            1.2589254117941673, 1.5848931924611136, 1.9952623149688795,
            2.5118864315095801, 3.1622776601683795,
        ),
        stream=stream,
    ),
)  # fmt: skip
