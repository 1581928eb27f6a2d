"""What a clip of the demo looks like: a striped or solid shape drifting over a cluttered ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..corruptions import Draw, Frame

Plane = npt.NDArray[np.float64]


def _disc(x: Plane, y: Plane) -> npt.NDArray[np.bool_]:
    return x * x + y * y < 0.8


def _ring(x: Plane, y: Plane) -> npt.NDArray[np.bool_]:
    square = x * x + y * y
    return (square < 0.95) & (square > 0.35)


def _square(x: Plane, y: Plane) -> npt.NDArray[np.bool_]:
    return np.maximum(np.abs(x), np.abs(y)) < 0.8


def _diamond(x: Plane, y: Plane) -> npt.NDArray[np.bool_]:
    return np.abs(x) + np.abs(y) < 1.05


def _cross(x: Plane, y: Plane) -> npt.NDArray[np.bool_]:
    across, along = np.minimum(np.abs(x), np.abs(y)), np.maximum(np.abs(x), np.abs(y))
    return (across < 0.28) & (along < 0.95)


def _saltire(x: Plane, y: Plane) -> npt.NDArray[np.bool_]:
    return _cross((x + y) / 1.41421356, (x - y) / 1.41421356)


def _triangle(x: Plane, y: Plane) -> npt.NDArray[np.bool_]:
    return (y < 0.75) & (2 * np.abs(x) < y + 1.0)


def _funnel(x: Plane, y: Plane) -> npt.NDArray[np.bool_]:
    return _triangle(x, -y)


def _bars(x: Plane, y: Plane) -> npt.NDArray[np.bool_]:
    return _square(x, y) & (np.floor((y + 1) * 3.2) % 2 < 1)


def _fence(x: Plane, y: Plane) -> npt.NDArray[np.bool_]:
    return _bars(y, x)


SHAPES: dict[str, Callable[[Plane, Plane], npt.NDArray[np.bool_]]] = {
    "disc": _disc, "ring": _ring, "square": _square, "diamond": _diamond, "cross": _cross,
    "saltire": _saltire, "triangle": _triangle, "funnel": _funnel, "bars": _bars, "fence": _fence,
}  # fmt: skip
"""For each shape, which points (x, y) of the plane belong to it; it fills about [-1, 1]²."""


@dataclass(frozen=True)
class Scene:
    """One clip's frames: a shape of one color that drifts over a ground of another.

    Place, drift, size, tilt, colors and ground are drawn from `draw` at the beginning.

    >>> Scene.of("ring", Draw(0, "demo", "clip", "visual"), 64).frame(0.5).shape
    (64, 64, 3)
    """

    shape: Callable[[Plane, Plane], npt.NDArray[np.bool_]]
    start: tuple[float, float]
    drift: tuple[float, float]
    scale: float
    tilt: float
    color: Frame
    ground: Frame

    @classmethod
    def of(cls, shape: str, draw: Draw, size: int) -> Scene:
        """A scene of that shape on frames of size x size pixels."""
        x, y, dx, dy, scale, tilt = draw.uniforms(6) * 2 - 1
        color, ground = draw.uniforms((2, 3))
        # The shape is lighter or darker than its ground by a little: enough for a careful eye.
        contrast = (0.16 + 0.14 * draw.uniform()) * draw.choice((-1, 1))
        ground = 0.3 + 0.4 * ground
        return cls(
            SHAPES[shape],
            (0.3 * x - 0.2 * dx, 0.3 * y - 0.2 * dy),
            (0.4 * dx, 0.4 * dy),
            0.42 + 0.12 * scale,
            0.12 * tilt,
            _pixels(ground + contrast + 0.15 * (color - 0.5)),
            _pixels(ground + _clutter(draw, size)),
        )

    def frame(self, time: float) -> Frame:
        """The frame at a time from 0 (the clip's beginning) to 1 (its end), (h, w, 3) uint8."""
        size = self.ground.shape[0]
        axis = (np.arange(size) + 0.5) * (2 / size) - 1
        x = (axis[np.newaxis, :] - self.start[0] - self.drift[0] * time) / self.scale
        y = (axis[:, np.newaxis] - self.start[1] - self.drift[1] * time) / self.scale
        inside = self.shape(x - self.tilt * y, y + self.tilt * x)
        frame = self.ground.copy()
        frame[inside] = self.color
        return frame


def _pixels(light: npt.NDArray[np.float64]) -> Frame:
    """Light from 0 to 1 as uint8."""
    pixels: Frame = np.clip(np.rint(light * 255), 0, 255).astype(np.uint8)
    return pixels


def _clutter(draw: Draw, size: int) -> npt.NDArray[np.float64]:
    """Soft patches of light and dark, (size, size, 3), about ±0.1."""
    cells = draw.uniforms((9, 9, 3)) - 0.5
    place = np.linspace(0, 7.999, size)
    low, part = place.astype(int), (place % 1)[:, np.newaxis, np.newaxis]
    rows = cells[low] * (1 - part) + cells[low + 1] * part
    columns = rows.transpose(1, 0, 2)
    smooth = columns[low] * (1 - part) + columns[low + 1] * part
    clutter: npt.NDArray[np.float64] = 0.25 * smooth.transpose(1, 0, 2)
    return clutter
