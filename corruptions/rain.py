"""Rain: falling bluish drops on pale frames; rain on the ground in the audio."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ._ambience import make_ambience
from ._motion import Tail, draw_angle
from ._precipitation import Fall, fall_layers, lighten, planes_of
from .registry import Context, Corruption, Frame, Kernel

WIDEST = 3.0  # the smallest zoom of the levels
CROSSING = 8  # frames that a drop takes from top to bottom
TINT = (5, 9, 12)  # of the drops in RGB, in tenths


def visual(frame: Frame, level: Fall, context: Context) -> Frame:
    """mix x + (1 - mix) max(x, 1.3 gray + .3), plus the tinted layer and the layer rotated."""
    height, width = frame.shape[:2]
    angle = draw_angle(context.draw, -120, -60)
    drift = -(-height * context.frame_index // CROSSING)
    layer, turned = fall_layers(context.draw, (height, width), level, WIDEST, angle, drift)
    planes, gray = planes_of(frame)
    glow = (13 * gray + np.uint16(765)) * np.uint16(20 - level.mix)
    out = np.empty(frame.shape, np.uint8)
    for channel, plane in enumerate(planes):
        fallen = _tinted(layer, TINT[channel]) + _tinted(turned, TINT[channel])
        fallen //= 10
        out[..., channel] = lighten(plane, level, glow, 200, fallen)
    return out


def _tinted(layer: npt.NDArray[np.uint8], tenths: int) -> npt.NDArray[np.uint16]:
    """The layer times `tenths`, clipped to what 8 bits show, in tenths of an 8-bit step."""
    tinted = np.multiply(layer, tenths, dtype=np.uint16)
    return np.minimum(tinted, 2550, out=tinted) if tenths > 10 else tinted


CORRUPTION = Corruption(
    name="rain",
    visual=Kernel(
        visual,
        levels=(
            Fall(0.05, 0.2, 3.0, 0.3, Tail(10, 4), 16),
            Fall(0.05, 0.2, 3.5, 0.3, Tail(10, 5), 14),
            Fall(0.1, 0.2, 4.0, 0.25, Tail(12, 6), 14),
            Fall(0.1, 0.2, 4.5, 0.25, Tail(15, 8), 13),
            Fall(0.1, 0.25, 5.0, 0.2, Tail(18, 10), 12),
        ),
    ),
    audio=make_ambience("rain"),
)
