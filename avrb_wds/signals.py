"""What counts as frames and as a waveform, and the way onto the grids that kernels work on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .corruptions import Frame, Pcm
from .errors import UsageError

__all__ = ["Waveform", "to_pcm", "to_rgb", "to_waveform"]

Waveform = npt.NDArray[np.float32]


def to_rgb(frame: npt.NDArray[Any]) -> Frame:
    """A frame as (h, w, 3) uint8: gray is repeated, alpha is dropped, RGB is returned as it is.

    frame: (h, w), (h, w, 1), (h, w, 3) or (h, w, 4) uint8.  Raises UsageError for anything else.
    """
    array = np.asarray(frame)
    shape = array.shape if array.ndim == 3 else (*array.shape, 1)
    if array.dtype != np.uint8 or len(shape) != 3 or shape[2] not in (1, 3, 4) or 0 in shape:
        raise UsageError(
            f"a frame of shape {np.shape(frame)} and dtype {array.dtype} is not an image; "
            f"give uint8 of shape (h, w, 3), (h, w, 4), (h, w, 1) or (h, w)."
        )
    if shape[2] == 1:
        return np.repeat(array.reshape(shape), 3, axis=2)
    return array[:, :, :3]


def to_pcm(waveform: npt.NDArray[Any]) -> Pcm:
    """A waveform as 16-bit numbers, rounded to the nearest multiple of 1/32768.

    waveform: (channels, samples) or (samples,), int16 or floating point in [-1, 1].  Returns
    (channels, samples) int16; +1 becomes 32767, the most that 16 bits hold.  Raises UsageError for
    other shapes and dtypes, for numbers that are not finite, and for samples outside [-1, 1].
    """
    array = np.asarray(waveform)
    array = array[np.newaxis] if array.ndim == 1 else array
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fi":
        raise UsageError(
            f"a waveform of shape {np.shape(waveform)} and dtype {array.dtype} is not a sound; "
            f"give float32 or int16 of shape (channels, samples), neither of them 0."
        )
    if array.dtype.kind == "i" and array.dtype.itemsize == 2:
        return array.astype(np.int16, copy=False)  # another byte order becomes the machine's
    if array.dtype.kind == "i":
        raise UsageError(f"a waveform of {array.dtype} has no agreed scale; give float32 or int16.")
    peak = np.abs(array).max()
    if not peak <= 1:
        found = f"peaks at {peak!s}" if np.isfinite(peak) else "holds NaN or infinity"
        raise UsageError(f"the waveform {found}; give samples in [-1, 1].")
    scaled = np.rint(array.astype(np.float64) * 32768.0)
    return np.minimum(scaled, 32767, out=scaled).astype(np.int16)


def to_waveform(pcm: Pcm, out: Waveform | None = None) -> Waveform:
    """16-bit numbers as float32 in [-1, 1), the same shape, in `out` where it is given."""
    return np.multiply(pcm, np.float32(1 / 32768), out=out, dtype=np.float32)
