"""Impulse: salt-and-pepper noise in the frames, clicks in the audio."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ._snr import DIGITAL, add_at_snr, drawn, stream_at_snr
from .draw import Draw
from .registry import AudioStream, Context, Corruption, Frame, Kernel, Pcm

CLICK = 1638  # of 65536: the chance of a click up, .025, and of one down


def visual(frame: Frame, level: float, context: Context) -> Frame:
    """Each value becomes 0 with probability level / 2 and 255 with probability level / 2."""
    words = context.draw.bits(frame.size, np.uint16).reshape(frame.shape)
    share = np.uint16(round(level * (1 << 15)))
    salt = (words < share).view(np.uint8)
    pepper = (words >= np.uint16(65536 - int(share))).view(np.uint8)
    # Bytes of 0 and 1, turned into masks of 0 and 255: 0 - 1 wraps to 255, 1 - 1 stays 0.
    out: Frame = np.bitwise_and(frame, pepper - np.uint8(1))
    np.bitwise_or(out, np.uint8(0) - salt, out=out)
    return out


def audio(pcm: Pcm, level: float, context: Context) -> Pcm:
    """Clicks of -1 or +1 at a fortieth of the samples each; the level is the power ratio."""
    return add_at_snr(pcm, _clicks(context.draw, pcm), level)


def stream(sound: AudioStream, level: float, context: Context) -> Iterator[Pcm]:
    """`audio`, piece by piece."""
    return stream_at_snr(sound, drawn(_clicks, context.draw, sound.shape), level)


def _clicks(draw: Draw, pcm: Pcm) -> npt.NDArray[np.int8]:
    words = draw.bits(pcm.size, np.uint16).reshape(pcm.shape)
    up = (words < np.uint16(CLICK)).view(np.int8)
    down = (words >= np.uint16(65536 - CLICK)).view(np.int8)
    return up - down


CORRUPTION = Corruption(
    name="impulse",
    visual=Kernel(visual, levels=(0.03, 0.06, 0.09, 0.17, 0.27)),
    audio=Kernel(audio, levels=DIGITAL, stream=stream),
)
