"""A decoded frame as players show it: turned and mirrored as the file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..corruptions import Frame
from .container import naming_file

# Of a display matrix's largest number: below, a number is nothing but rounding (one degree).
NOTHING = 0.02


def to_rgb_upright(frame: Any, path: Path) -> Frame:
    """A decoded frame as (h, w, 3) uint8 RGB, turned and mirrored as it is to be shown.

    path: of its file, which a DataError names where the pixels cannot be converted.

    Only what leaves rows and columns rows and columns is carried out, as in browsers: where the
    file asks for another angle, the frame is as stored.
    """
    # Threads of each frame's own would cost more than they save: many frames are made at a time.
    with naming_file(path):
        pixels = frame.to_ndarray(format="rgb24", threads=1)
    turned, mirrored, flipped = _orientation(frame)
    if turned:
        pixels = pixels.swapaxes(0, 1)
    return np.ascontiguousarray(pixels[:: -1 if flipped else 1, :: -1 if mirrored else 1])


def is_turned(frame: Any) -> bool:
    """Whether the rows of a frame are shown as columns."""
    return _orientation(frame)[0]


def _orientation(frame: Any) -> tuple[bool, bool, bool]:
    """Whether rows become columns, then whether left and right, top and bottom change places."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return False, False, False
    # A pixel at (x, y) goes to (a x + c y, b x + d y).
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].astype(float)
    least = NOTHING * max(abs(number) for number in (a, b, c, d))
    if max(abs(b), abs(c)) <= least:
        return False, a < 0, d < 0
    if max(abs(a), abs(d)) <= least:
        return True, c < 0, b < 0
    return False, False, False
