"""Snow: falling flakes on pale frames; steps in snow and gusts in the audio."""

from __future__ import annotations

import numpy as np

from ._ambience import make_ambience
from ._motion import Tail, draw_angle
from ._precipitation import Fall, fall_layers, lighten, planes_of
from .registry import Context, Corruption, Frame, Kernel

WIDEST = 2.0  # the smallest zoom of the levels
CROSSING = 40  # frames that a flake takes from top to bottom


def visual(frame: Frame, level: Fall, context: Context) -> Frame:
    """mix x + (1 - mix) max(x, 1.5 gray + .5), plus the layer of flakes and the layer rotated."""
    height, width = frame.shape[:2]
    angle = draw_angle(context.draw, -135, -45)
    drift = -(-height * context.frame_index // CROSSING)
    layer, turned = fall_layers(context.draw, (height, width), level, WIDEST, angle, drift)
    fallen = np.add(layer, turned, dtype=np.uint16)
    planes, gray = planes_of(frame)
    glow = (3 * gray + np.uint16(255)) * np.uint16(20 - level.mix)
    out = np.empty(frame.shape, np.uint8)
    for channel, plane in enumerate(planes):
        out[..., channel] = lighten(plane, level, glow, 40, fallen)
    return out


CORRUPTION = Corruption(
    name="snow",
    visual=Kernel(
        visual,
        levels=(
            Fall(0.1, 0.3, 3.0, 0.5, Tail(10, 4), 16),
            Fall(0.2, 0.3, 2.0, 0.5, Tail(12, 4), 14),
            Fall(0.55, 0.3, 4.0, 0.9, Tail(12, 8), 14),
            Fall(0.55, 0.3, 4.5, 0.85, Tail(12, 8), 13),
            Fall(0.55, 0.3, 2.5, 0.85, Tail(12, 12), 11),
        ),
    ),
    audio=make_ambience("snow"),
)
