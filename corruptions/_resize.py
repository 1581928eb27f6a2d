"""Resizing by linear interpolation in integers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LERP_BITS = 8  # of the weights between two neighbors
Whole = npt.NDArray[np.int32]


def resized(image: Whole, height: int, width: int) -> Whole:
    """(h, w) or (h, w, c) integers below 2**23 resized to (height, width), rounded down."""
    columns = lerp(image.swapaxes(0, 1), centers(image.shape[1], width)) >> LERP_BITS
    rows: Whole = lerp(columns.swapaxes(0, 1), centers(image.shape[0], height)) >> LERP_BITS
    return rows


def centers(count: int, many: int) -> npt.NDArray[np.int64]:
    """Where the centers of `many` pixels lie among the centers of `count`, in 256ths.

    >>> centers(2, 4).tolist()
    [0, 64, 192, 256]
    """
    places = (2 * np.arange(many) + 1) * (count << LERP_BITS) // (2 * many)
    return np.clip(places - (1 << LERP_BITS) // 2, 0, (count - 1) << LERP_BITS)


def lerp(rows: Whole, places: npt.NDArray[np.int64]) -> Whole:
    """Rows at places between them, given in 256ths; the values come out 256 times as large."""
    index = places >> LERP_BITS
    share = (places & ((1 << LERP_BITS) - 1)).astype(np.int32)
    share = share.reshape(-1, *[1] * (rows.ndim - 1))
    out: Whole = np.take(rows, index, axis=0)
    out *= (1 << LERP_BITS) - share
    following = np.take(rows, np.minimum(index + 1, len(rows) - 1), axis=0)
    following *= share
    out += following
    return out
