"""JPEG and other images to frames, and back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal

import numpy as np
import simplejpeg
from PIL import Image

from ..corruptions import Frame
from ..errors import DataError
from ..limits import DEFAULT_LIMITS, DecodeLimits
from ..signals import image_to_rgb
from .faults import decoding, quiet_stderr, quiet_warnings

JPEG = b"\xff\xd8\xff"
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
"""What Pillow may take an image for.  It knows many more, and starts Ghostscript for some."""
ANIMATED = ("PNG", "WEBP")  # where several images are one that moves; else the first one counts
ORIENTATION = 0x0112  # of EXIF
UPRIGHT = (0, False)
# (quarter turns to the left, mirrored afterwards) by the value of the tag.
TURNS = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True), 6: (3, False), 7: (1, True),
         8: (1, False)}  # fmt: skip

FrameFormat = Literal["jpg", "png", "webp"]
"""How frames are stored: JPEG, or without loss."""


def decode_frame(
    data: bytes | memoryview, out: Frame | None = None, limits: DecodeLimits = DEFAULT_LIMITS
) -> Frame:
    """An encoded image as an RGB frame (h, w, 3) uint8, into `out` where it is given.

    JPEG is decoded by simplejpeg, equal to Pillow to the bit and without the interpreter lock.  Of
    several images in a file it is the first.  Raises DataError with the cause where the image is
    broken, is in none of FORMATS, has numbers without a scale or more than `limits.max_pixels`, and
    where `out` has another size.
    """
    with decoding("image"):
        if data[:3] == JPEG:
            return _decode_jpeg(data, out, limits)
        return _into(_decode_other(data, limits), out)


def decode_image(data: bytes, limits: DecodeLimits = DEFAULT_LIMITS) -> Frame:
    """An image file as a viewer shows it: `decode_frame`, turned as its EXIF says.

    Raises DataError as `decode_frame` does, and for an image that is animated.
    """
    turns, mirrored = _orientation(data, limits)
    frame = np.rot90(decode_frame(data, limits=limits), turns)
    return np.ascontiguousarray(frame[:, ::-1] if mirrored else frame)


def is_upright(data: bytes) -> bool:
    """Whether `decode_image` turns nothing; raises DataError as it does."""
    return _orientation(data, DEFAULT_LIMITS) == UPRIGHT


def _orientation(data: bytes, limits: DecodeLimits) -> tuple[int, bool]:
    with decoding("image"), quiet_warnings(), _open(data, limits) as image:
        if image.format in ANIMATED and getattr(image, "is_animated", False):
            raise DataError("the image is animated; give it as a video.")
        if image.format == "TIFF":  # Pillow turns it
            return UPRIGHT
        try:
            return TURNS.get(image.getexif().get(ORIENTATION, 1), UPRIGHT)
        except Exception:  # what else a camera noted may be broken, and is no matter
            return UPRIGHT


def decode_pixels(data: bytes, limits: DecodeLimits = DEFAULT_LIMITS) -> Frame:
    """An encoded image with its transparency: (h, w, 4) uint8 where it has some, else (h, w, 3).

    Raises DataError as `decode_frame` does.
    """
    with decoding("image"), _loaded(data, limits) as image:
        rgb = image_to_rgb(image)
        if not image.has_transparency_data or image.mode.startswith("I"):
            return rgb
        return np.dstack([rgb, np.asarray(image.convert("RGBA"))[..., 3]])


def _decode_jpeg(data: bytes | memoryview, out: Frame | None, limits: DecodeLimits) -> Frame:
    try:
        height, width, colorspace, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        colorspace = "an unusual subsampling"
    if colorspace not in ("YCbCr", "Gray", "RGB"):  # CMYK and YCCK, too
        return _into(_decode_other(data, limits), out)
    _check_size(height, width, limits)
    if out is not None and out.shape != (height, width, 3):
        return _into(np.empty((height, width, 3), np.uint8), out)
    decoded: Frame = simplejpeg.decode_jpeg(data, buffer=out, strict=True)
    return decoded


def _decode_other(data: bytes | memoryview, limits: DecodeLimits) -> Frame:
    with _loaded(data, limits) as image:
        return image_to_rgb(image)


@contextmanager
def _loaded(data: bytes | memoryview, limits: DecodeLimits) -> Iterator[Image.Image]:
    """A decoded image; what Pillow and libtiff have to say about it stays out of stderr."""
    quiet = quiet_stderr() if bytes(data[:2]) in (b"II", b"MM") else nullcontext()
    with quiet_warnings(), quiet, _open(data, limits) as image:
        image.load()
        yield image


def _open(data: bytes | memoryview, limits: DecodeLimits) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    _check_size(image.height, image.width, limits)
    return image


def _check_size(height: int, width: int, limits: DecodeLimits) -> None:
    if height * width > limits.max_pixels:
        raise DataError(
            f"the image announces {width}x{height} pixels; at most {limits.max_pixels} are read."
        )


def _into(frame: Frame, out: Frame | None) -> Frame:
    if out is None:
        return frame
    if frame.shape != out.shape:
        raise DataError(
            f"the image is {frame.shape[1]}x{frame.shape[0]} where "
            f"{out.shape[1]}x{out.shape[0]} was expected."
        )
    out[...] = frame
    return out


def encode_frame(
    frame: Frame,
    quality: int = 95,
    kind: FrameFormat = "jpg",
    subsampling: Literal["4:2:0", "4:4:4"] = "4:2:0",
) -> bytes:
    """A frame (h, w, 3) uint8 as JPEG, or as PNG or WebP without loss.

    quality, subsampling: of a JPEG.  "4:2:0" has a quarter of the color, as cameras do; "4:4:4"
    has all of it.
    """
    coded = io.BytesIO()
    image = Image.fromarray(frame)
    if kind == "jpg":
        image.save(coded, "JPEG", quality=quality, subsampling=subsampling)
    elif kind == "png":  # more effort takes long and gains nothing on noise
        image.save(coded, "PNG", compress_level=3)
    else:
        image.save(coded, "WEBP", lossless=True, exact=True, quality=25, method=2)
    return coded.getvalue()
