"""Precipitation: flakes of snow, drops of rain, and the pale light around them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ._motion import STEPS, Tail, motion_blur
from ._resize import LERP_BITS, centers, lerp
from ._tables import NORMAL_ONE, normal_quantiles
from ._trig import PI, cos_sin
from .draw import Draw
from .registry import Frame

FIELD_BITS = 6  # fraction bits of the field of flakes; its values fit 16 bits
SEAM = 8  # rows in which one copy of the layer turns into the next
Plane = npt.NDArray[np.uint8]
Sum = npt.NDArray[np.uint16]


class Fall(NamedTuple):
    """mean, std, zoom, threshold: of the field of flakes, values in [0, 1].  tail: its motion blur.

    mix: the share of the frame that keeps its color, in twentieths.
    """

    mean: float
    std: float
    zoom: float
    threshold: float
    tail: Tail
    mix: int


def fall_layers(
    draw: Draw, shape: tuple[int, int], level: Fall, widest: float, angle: int, drift: int
) -> tuple[Plane, Plane]:
    """The layer (h, w) uint8 and a second one turned by 180 degrees, both after `drift` pixels.

    widest: the smallest zoom of all severities, for which the field is drawn.  angle: in eighths
    of a degree, upwards, as the tails trail; the layers drift the other way.
    """
    height, width = shape
    small = draw.quantiles(normal_quantiles(), (_shrunk(height, widest), _shrunk(width, widest)))
    flakes = _flakes(small, shape, level)
    cos, sin = (float(x) for x in cos_sin(PI * angle / (180 * STEPS)))
    x, y = round(-drift * cos), round(-drift * sin)
    layer = motion_blur(drifted(flakes, x, y), level.tail, angle)
    # The turned layer falls too: before it is turned, it has to rise.
    turned = layer if drift == 0 else motion_blur(drifted(flakes, -x, -y), level.tail, angle)
    return layer, turned[::-1, ::-1]


def drifted(plane: Plane, x: int, y: int) -> Plane:
    """`plane` moved right and down by whole pixels; copies of it follow without a seam."""
    moved = _followed(plane, y) if y else plane
    return _followed(moved.T, x).T if x else moved


def _followed(rows: Plane, move: int) -> Plane:
    """`rows` moved on by `move`, with copies of them behind.

    Where a copy joins what went before it, it begins as the mirror image of that and fades into
    itself: mirrored all the way, rows would show figures that no rain has.
    """
    count = len(rows)
    place = np.arange(count) - move
    own = place % count
    behind = count - own if move > 0 else own + 1  # rows from what went before, from 1
    out = rows[own]
    joint = np.flatnonzero(((place < 0) | (place >= count)) & (behind <= SEAM))
    mirror = behind[joint] - 1 if move > 0 else count - behind[joint]
    share = behind[joint, np.newaxis].astype(np.uint16)
    out[joint] = (out[joint] * share + rows[mirror] * (SEAM + 1 - share)) // (SEAM + 1)
    return out


def _flakes(small: npt.NDArray[np.int16], shape: tuple[int, int], level: Fall) -> Plane:
    """The field enlarged, what is under the threshold set to 0, in 8 bits."""
    rows, columns = (
        _middle(drawn, _shrunk(length, level.zoom))
        for drawn, length in zip(small.shape, shape, strict=True)
    )
    small = small[rows, columns]
    unit = 255 << FIELD_BITS
    scaled = small.astype(np.float64) * (level.std * unit / NORMAL_ONE) + level.mean * unit
    field = np.rint(scaled).astype(np.int32)
    field = lerp(field.T, _places(shape[1], level.zoom))
    field = lerp(field.T, _places(shape[0], level.zoom))
    bits = FIELD_BITS + 2 * LERP_BITS
    kept = field >= int(level.threshold * (255 << bits))
    field >>= bits
    np.clip(field, 0, 255, out=field)
    return np.multiply(field, kept, out=field).astype(np.uint8)


def _shrunk(length: int, zoom: float) -> int:
    """How many values become `length` once enlarged."""
    return int(-(-length // zoom))


def _middle(length: int, part: int) -> slice:
    start = (length - part) // 2
    return slice(start, start + part)


def _places(length: int, zoom: float) -> npt.NDArray[np.int64]:
    """Where the middle `length` pixels of the enlarged field lie in it."""
    count = _shrunk(length, zoom)
    many = max(round(count * zoom), length)
    return centers(count, many)[_middle(many, length)]


def planes_of(frame: Frame) -> tuple[list[Sum], Sum]:
    """The channels as three (h, w) uint16, and their gray: .299 R + .587 G + .114 B."""
    red, green, blue = planes = [frame[..., channel].astype(np.uint16) for channel in range(3)]
    gray = red * np.uint16(77)
    gray += green * np.uint16(150)
    gray += blue * np.uint16(29)
    gray >>= 8
    return planes, gray


def lighten(plane: Sum, level: Fall, glow: Sum, unit: int, fallen: Sum) -> Sum:
    """mix x + (1 - mix) max(x, glow) + fallen, at most 255.

    glow: times (20 - level.mix), in `unit`ths of an 8-bit step; `unit` is a multiple of 20.
    """
    pale = plane * np.uint16(level.mix * unit // 20)
    pale += glow
    pale //= unit
    np.maximum(plane, pale, out=pale)  # the mixture is the greater one just where glow > x
    pale += fallen
    np.minimum(pale, 255, out=pale)
    return pale
