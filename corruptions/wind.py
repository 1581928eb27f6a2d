"""Wind: motion blur of a shaken camera, gusts in the microphone."""

from __future__ import annotations

from ._ambience import make_ambience
from ._motion import Tail, draw_angle, motion_blur
from .registry import Context, Corruption, Frame, Kernel


def visual(frame: Frame, level: Tail, context: Context) -> Frame:
    """Motion blur along an angle within ±45 degrees."""
    return motion_blur(frame, level, draw_angle(context.draw, -45, 45))


CORRUPTION = Corruption(
    name="wind",
    visual=Kernel(
        visual, levels=(Tail(10, 3), Tail(15, 5), Tail(15, 8), Tail(15, 12), Tail(20, 15))
    ),
    audio=make_ambience("wind"),
)
