"""Edges of a frame and the distance to them, in integers.

Sources: Canny, "A computational approach to edge detection", IEEE PAMI 8(6), 1986; Felzenszwalb &
Huttenlocher, "Distance transforms of sampled functions", Theory of Computing 8, 2012, whose
separation into rows and columns is used here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

REACH = 20  # pixels beyond which a distance doesn't grow
STEPS = (1, 2, 4, 8, 5)  # sums of some of them make up every number to 20

Plane = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Slopes = npt.NDArray[np.int16]


def edges(plane: Plane, strength: int) -> Mask:
    """Where the gradient of a plane (h, w) uint8 is steepest along itself, and above `strength`.

    The gradient is Sobel's and measured as |x| + |y|.  Of Canny's two thresholds only the upper
    one is used.
    """
    across, down = _sobel(np.pad(plane, 1, "edge").astype(np.int16))
    steep = np.abs(across) + np.abs(down)
    around = np.pad(steep, 1)
    # tan 22.5° is 12/29 to 4 digits, and its inverse tan 67.5°.
    x, y = np.abs(across), np.abs(down)
    level, upright = 29 * y < 12 * x, 29 * x < 12 * y
    rising = (across ^ down) < 0
    peak = level & _peak(around, 0, 1, last=True)
    peak |= upright & _peak(around, 1, 0, last=True)
    slanted = np.where(rising, _peak(around, 1, -1, last=False), _peak(around, 1, 1, last=False))
    peak |= slanted & ~(level | upright)
    return peak & (steep > strength)


def _sobel(padded: Slopes) -> tuple[Slopes, Slopes]:
    """The gradient to the right and down, without the padding of one pixel."""
    rows = padded[:-2] + padded[2:] + 2 * padded[1:-1]
    columns = padded[:, :-2] + padded[:, 2:] + 2 * padded[:, 1:-1]
    return rows[:, 2:] - rows[:, :-2], columns[2:] - columns[:-2]


def _peak(around: Slopes, down: int, right: int, last: bool) -> Mask:
    """Where a value exceeds its neighbors on either side; with `last`, the next may be equal."""
    height, width = around.shape[0] - 2, around.shape[1] - 2

    def moved(by: int) -> Slopes:
        top, left = 1 + by * down, 1 + by * right
        return around[top : top + height, left : left + width]

    following = moved(0) >= moved(1) if last else moved(0) > moved(1)
    return (moved(0) > moved(-1)) & following


def squared_distance(mask: Mask) -> npt.NDArray[np.uint16]:
    """The squared Euclidean distance of each pixel to the nearest one set, at most REACH**2."""
    height, width = mask.shape
    along = np.where(mask, np.uint8(0), np.uint8(REACH))
    for step in STEPS:
        if step < width:
            farther = along + np.uint8(step)
            np.minimum(along[:, step:], farther[:, :-step], out=along[:, step:])
            np.minimum(along[:, :-step], farther[:, step:], out=along[:, :-step])
    square = np.multiply(along, along, dtype=np.uint16)
    out, farther = square.copy(), np.empty_like(square)
    # Shifted by rows, what is read lies in one piece: columns would take twice as long.
    for step in range(1, min(REACH, height)):
        np.add(square, step * step, out=farther)
        np.minimum(out[step:], farther[:-step], out=out[step:])
        np.minimum(out[:-step], farther[step:], out=out[:-step])
    return out
