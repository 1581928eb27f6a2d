"""Silhouettes: figures of outlines and limbs, drawn black with soft edges.

A figure is a handful of shapes in pixels, 1 340 tall, drawn larger and reduced: outlines whose
corners are cut (Chaikin, "An algorithm for high-speed curve generation", Computer Graphics and
Image Processing 3, 1974) and limbs of changing width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy.interpolate import PchipInterpolator

LARGER = 4
HEIGHT, SPACE, MARGIN = 1340, 120, 34
Point = tuple[float, float]
Points = tuple[Point, ...]


@dataclass(frozen=True)
class Outline:
    """A closed shape around points (x, y), its corners rounded; x is 0 on the body's middle.

    A point given twice stays a corner.  mirrored: the points are one side, from top to bottom, and
    the other side is alike.
    """

    points: Points
    mirrored: bool = False

    def curve(self) -> list[Point]:
        """The rounded outline."""
        points = list(self.points)
        if self.mirrored:
            points += [(-x, y) for x, y in reversed(self.points)]
        curve = np.array(points, float)
        for _ in range(4):
            after = np.roll(curve, -1, axis=0)
            cut = np.stack([0.75 * curve + 0.25 * after, 0.25 * curve + 0.75 * after], axis=1)
            curve = cut.reshape(-1, 2)
        return [(float(x), float(y)) for x, y in curve]


@dataclass(frozen=True)
class Limb:
    """An arm or leg: places (x, y, half width) along its middle, joined smoothly."""

    places: tuple[tuple[float, float, float], ...]

    def discs(self) -> npt.NDArray[np.float64]:
        """(n, 3): centres and radii so close together that their union is smooth."""
        places = np.array(self.places, float)
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(places[:, :2], axis=0).T))])
        fine = np.linspace(0, along[-1], int(along[-1]) + 1)
        discs: npt.NDArray[np.float64] = PchipInterpolator(along, places)(fine)
        return discs


Shape = Outline | Limb


def draw(shapes: tuple[Shape, ...]) -> npt.NDArray[np.uint8]:
    """The picture (h, w, 4) of a figure: black, its alpha 255 inside, cropped with a margin."""
    width = 1000
    canvas = Image.new("L", (LARGER * width, LARGER * (HEIGHT + 2 * SPACE)))
    pen = ImageDraw.Draw(canvas)

    def place(x: float, y: float) -> Point:
        return LARGER * (x + width / 2), LARGER * (y + SPACE)

    for shape in shapes:
        if isinstance(shape, Outline):
            pen.polygon([place(x, y) for x, y in shape.curve()], fill=255)
            continue
        for x, y, half in shape.discs():
            pen.ellipse([*place(x - half, y - half), *place(x + half, y + half)], fill=255)
    alpha = canvas.resize((width, HEIGHT + 2 * SPACE), Image.Resampling.BOX)
    left, top, right, bottom = alpha.getbbox() or (0, 0, 1, 1)
    alpha = alpha.crop((left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN))
    picture = np.zeros((alpha.height, alpha.width, 4), np.uint8)
    picture[..., 3] = np.asarray(alpha)
    return picture
