"""Smoke: gray smoke over the frames; a crackling fire and a siren in the audio."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from ._ambience import make_ambience
from ._blur import blur
from .registry import Context, Corruption, Frame, Kernel

GAIN_BITS = 16
CROSSING = 40  # frames in which the veil drifts by the frame's width, and rises by half its height


class Veil(NamedTuple):
    """density: amount of smoke, in tenths.  sigma: of its blur, in pixels."""

    density: int
    sigma: Decimal


def visual(frame: Frame, level: Veil, context: Context) -> Frame:
    """(x + density field) m / (m + density), where m is the frame's maximum; black stays black."""
    height, width = frame.shape[:2]
    noise = context.draw.bits(height * width, np.uint8).reshape(height, width)
    # Noise has no structure yet: rolled before it is blurred, it shows no seam.
    drift = (
        -(context.frame_index * height // (2 * CROSSING)),
        context.frame_index * width // CROSSING,
    )
    noise = np.roll(noise, drift, axis=(0, 1)) if context.frame_index else noise
    field = blur(noise, level.sigma, round(4 * level.sigma), edge="symmetric")
    most = 10 * int(frame.max())
    gain = (most << GAIN_BITS) // max(most + 255 * level.density, 1)
    veil = np.multiply(field, gain * level.density // 10, dtype=np.uint32)
    out = np.empty(frame.shape, np.uint8)
    for channel in range(3):
        shown = np.multiply(frame[..., channel], gain, dtype=np.uint32)
        shown += veil
        out[..., channel] = np.right_shift(shown, GAIN_BITS, out=shown)
    return out


CORRUPTION = Corruption(
    name="smoke",
    visual=Kernel(
        visual,
        levels=(
            Veil(15, Decimal("2")), Veil(20, Decimal("2")), Veil(25, Decimal("1.7")),
            Veil(25, Decimal("1.5")), Veil(30, Decimal("1.4")),
        ),
    ),
    audio=make_ambience("smoke"),
)  # fmt: skip
