"""Conversion of frames and waveforms to the uint8 and int16 arrays that kernels work on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from .corruptions import Frame, Pcm
from .errors import UsageError, reason

Waveform = npt.NDArray[np.float32]

MOST_CHANNELS = (
    16  # that audio with fewer samples than channels may have: with more, it is transposed
)
BITS_PER_SAMPLE, PHOTOMETRIC, WHITE_IS_ZERO = 258, 262, 0  # of TIFF


def to_rgb(frame: npt.NDArray[Any] | Image.Image) -> Frame:
    """Convert a frame to (h, w, 3) uint8: gray is repeated, alpha dropped, RGB kept as it is.

    frame: (h, w), (h, w, 1), (h, w, 3) or (h, w, 4) uint8, or a Pillow image of any mode that has a
    scale.  Raises UsageError for anything else.
    """
    if isinstance(frame, Image.Image):
        return image_to_rgb(frame)
    array = as_array(frame, "a frame")
    shape = array.shape if array.ndim == 3 else (*array.shape, 1)
    if array.dtype != np.uint8 or len(shape) != 3 or shape[2] not in (1, 3, 4) or 0 in shape:
        first = array.ndim == 3 and array.shape[0] in (1, 3, 4)
        raise UsageError(
            f"a frame of shape {np.shape(array)} and dtype {array.dtype} is not an image; "
            f"give uint8 of shape (h, w, 3), (h, w, 4), (h, w, 1) or (h, w)"
            f"{', with the channels last' if first else ''}."
        )
    if shape[2] == 1:
        return np.repeat(array.reshape(shape), 3, axis=2)
    return array[:, :, :3]


def image_to_rgb(image: Image.Image) -> Frame:
    """Convert a Pillow image to (h, w, 3) uint8.

    16 bits become 8 by their upper half, where Pillow would cut off all that is brighter than 255.
    Palettes, CMYK, YCbCr, HSV and L*a*b* become the colors they stand for; alpha is dropped.
    Raises UsageError for numbers without an agreed scale: 32-bit integers and floating point.
    """
    mode = image.mode
    if mode.startswith("I;16") or (mode == "I" and image.format == "PNG"):
        return to_rgb(_upper_byte(image))
    if mode in ("I", "F"):
        raise UsageError(
            f"an image of mode {mode!r} has no agreed scale; "
            f"convert it to mode 'L', 'RGB' or 'I;16' first."
        )
    if mode == "LAB":
        image = _lab_to_rgb(image)
    elif mode in ("La", "RGBa"):  # colors times alpha
        image = image.convert(mode.upper())
    frame: Frame = np.asarray(image.convert("RGB"))
    return frame


def _upper_byte(image: Image.Image) -> Frame:
    numbers = np.asarray(image)
    tags = getattr(image, "tag_v2", {})  # of a TIFF
    bits = tags.get(BITS_PER_SAMPLE, (16,))[0]
    upper: Frame = (numbers >> (bits - 8)).astype(np.uint8)
    # Pillow turns 8-bit gray of which 0 is white, and not that of 16 bits.
    return 255 - upper if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else upper


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert converted is not None
    return converted


def to_pcm(waveform: npt.NDArray[Any]) -> Pcm:
    """Convert a waveform to 16 bits, rounded to the nearest multiple of 1/32768.

    waveform: (channels, samples) or (samples,), int16 or floating point in [-1, 1].  Returns
    (channels, samples) int16; +1 becomes 32767, the most that 16 bits hold.  Raises UsageError for
    other shapes and dtypes, for more channels than samples and than any recording has, for numbers
    that are not finite, and for samples outside [-1, 1].
    """
    array = as_array(waveform, "a waveform")
    array = array[np.newaxis] if array.ndim == 1 else array
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fiu":
        raise UsageError(
            f"a waveform of shape {np.shape(waveform)} and dtype {array.dtype} is not audio; "
            f"give float32 or int16 of shape (channels, samples), neither of them 0."
        )
    channels, samples = array.shape
    if channels > max(samples, MOST_CHANNELS):
        raise UsageError(
            f"a waveform of shape {array.shape} would have {channels} channels of {samples} "
            f"samples; give it as (channels, samples), that is, transposed."
        )
    if array.dtype.kind == "i" and array.dtype.itemsize == 2:
        return array.astype(np.int16, copy=False)  # another byte order becomes the machine's
    if array.dtype.kind in "iu":
        raise UsageError(f"a waveform of {array.dtype} has no agreed scale; give float32 or int16.")
    peak = np.abs(array).max()
    if not peak <= 1:
        found = f"peaks at {peak!s}" if np.isfinite(peak) else "holds NaN or infinity"
        remedy = "give samples in [-1, 1]"
        if 2 < peak <= 32768:
            remedy += ", or 16-bit numbers as int16"
        raise UsageError(f"the waveform {found}; {remedy}.")
    return on_grid(array.astype(np.float64))


def on_grid(samples: npt.NDArray[np.float64]) -> Pcm:
    """Samples in [-1, 1] as the nearest 16-bit numbers, in the same shape."""
    scaled = np.rint(samples * 32768.0)
    return np.minimum(scaled, 32767, out=scaled).astype(np.int16)


def as_array(value: object, what: str) -> npt.NDArray[Any]:
    """`value` as a NumPy array; raises UsageError for what cannot be one."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"{what} of type {type(value).__name__} is not an array: {reason(error)}; "
            f"give a NumPy array or what converts to one."
        ) from error


def to_waveform(pcm: Pcm, out: Waveform | None = None) -> Waveform:
    """Convert 16-bit samples to float32 in [-1, 1) of the same shape, in `out` where given."""
    return np.multiply(pcm, np.float32(1 / 32768), out=out, dtype=np.float32)


def mix(pcm: Pcm, channels: str) -> Pcm:
    """All channels as one, their mean ("mono"); the first alone ("first"); as they are ("keep").

    >>> mix(np.array([[3, 30], [5, 10]], np.int16), "mono")
    array([[ 4, 20]], dtype=int16)
    """
    if channels == "keep" or len(pcm) == 1:
        return pcm
    if channels == "first":
        return pcm[:1]
    mean = pcm.mean(axis=0, keepdims=True, dtype=np.float64)
    mono: Pcm = np.rint(mean).astype(np.int16)
    return mono
