"""JPEG and other images to frames, WAV and FLAC to pcm, and back."""

from __future__ import annotations

import io
import struct
import warnings
import wave
from typing import Literal

import numpy as np
import simplejpeg
import soundfile
from PIL import Image, UnidentifiedImageError

from .bounds import DEFAULT, Bounds
from .corruptions import Frame, Pcm
from .errors import DataError, cause
from .signals import to_pcm, to_rgb

__all__ = [
    "BROKEN_IMAGE", "FORMATS", "FrameFormat", "decode_audio", "decode_frame", "decoder_cause",
    "encode_audio", "encode_frame", "frame_size", "image_to_frame",
]  # fmt: skip

JPEG = b"\xff\xd8\xff"
FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
"""What Pillow may take an image for.  It knows many more, and starts Ghostscript for some."""

BROKEN_IMAGE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises for bytes that are not what they should be."""

FrameFormat = Literal["jpg", "png", "webp"]
"""How frames are stored: JPEG, or without loss."""

WAVE = struct.Struct("<4sI4s4sIHHIIHH4sI")  # up to the first sample, where nothing else is in it


def decode_frame(
    data: bytes | memoryview, out: Frame | None = None, bounds: Bounds = DEFAULT
) -> Frame:
    """An encoded image as an RGB frame (h, w, 3) uint8, into `out` where it is given.

    JPEG is decoded by simplejpeg, equal to Pillow to the bit and without the interpreter lock.
    Raises DataError with the cause where the image is broken, is in none of FORMATS or has more
    than `bounds.pixels`, and where `out` has another size.
    """
    try:
        if data[:3] == JPEG:
            return _decode_jpeg(data, out, bounds)
        frame = _decode_other(data, bounds)
    except DataError:
        raise
    except BROKEN_IMAGE as error:
        raise DataError(f"the image does not decode: {decoder_cause(error)}.") from error
    return _into(frame, out)


def _decode_jpeg(data: bytes | memoryview, out: Frame | None, bounds: Bounds) -> Frame:
    try:
        height, width, colorspace, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        colorspace = "an unusual subsampling"
    if colorspace not in ("YCbCr", "Gray", "RGB"):  # CMYK and YCCK, too
        return _into(_decode_other(data, bounds), out)
    _check_size(height, width, bounds)
    if out is not None and out.shape != (height, width, 3):
        return _into(np.empty((height, width, 3), np.uint8), out)
    decoded: Frame = simplejpeg.decode_jpeg(data, buffer=out, strict=True)
    return decoded


def _decode_other(data: bytes | memoryview, bounds: Bounds) -> Frame:
    # Pillow only warns of images that are too large for us.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    _check_size(image.height, image.width, bounds)
    return image_to_frame(image)


def _check_size(height: int, width: int, bounds: Bounds) -> None:
    if height * width > bounds.pixels:
        raise DataError(
            f"the image announces {width}x{height} pixels; at most {bounds.pixels} are read."
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


def image_to_frame(image: Image.Image) -> Frame:
    """A Pillow image of any mode as an RGB frame."""
    return to_rgb(np.asarray(image.convert("RGB")))


def frame_size(data: bytes) -> tuple[int, int]:
    """(height, width) of an encoded image, from its header; raises DataError where it has none."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return image.height, image.width
    except BROKEN_IMAGE as error:
        raise DataError(f"the image does not decode: {decoder_cause(error)}.") from error


def encode_frame(
    frame: Frame,
    quality: int = 95,
    kind: FrameFormat = "jpg",
    subsampling: Literal["4:2:0", "4:4:4"] = "4:2:0",
) -> bytes:
    """A frame (h, w, 3) uint8 as JPEG, or as PNG or WebP without loss.

    quality, subsampling: of a JPEG.  "4:2:0" has a quarter of the colour, as cameras do; "4:4:4"
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


def decode_audio(data: bytes | memoryview, bounds: Bounds = DEFAULT) -> tuple[Pcm, int]:
    """WAV, FLAC or what else libsndfile reads as ((channels, samples) int16, sample rate in Hz).

    Other depths are rounded to the 16-bit grid.  The array may be a view of `data`.  Raises
    DataError with the cause where the sound is broken, empty, not finite or has more than
    `bounds.sound` bytes.
    """
    try:
        pcm, sample_rate = _plain_wave(data) or _decode_wave(data) or _decode_sound(data, bounds)
    except DataError:
        raise
    except (soundfile.SoundFileError, ValueError, EOFError, RuntimeError) as error:
        raise DataError(f"the sound does not decode: {decoder_cause(error)}.") from error
    if pcm.shape[1] == 0:
        raise DataError("the sound is empty.")
    return pcm, sample_rate


def _plain_wave(data: bytes | memoryview) -> tuple[Pcm, int] | None:
    """16-bit WAV of a header of 44 bytes and samples, without a copy; None for anything else."""
    if len(data) < WAVE.size:
        return None
    riff, _, kind, fmt, size, code, channels, rate, _, width, bits, name, length = WAVE.unpack_from(
        data
    )
    if (riff, kind, fmt, size, code, bits, name) != (b"RIFF", b"WAVE", b"fmt ", 16, 1, 16, b"data"):
        return None
    if width != 2 * channels or not length == len(data) - WAVE.size > 0 or length % width:
        return None
    pcm = np.frombuffer(data, "<i2", offset=WAVE.size).astype(np.int16, copy=False)
    return pcm.reshape(-1, channels).T, rate


def _decode_wave(data: bytes | memoryview) -> tuple[Pcm, int] | None:
    """16-bit WAV by the standard library, ten times as fast; None for anything else."""
    if data[:4] != b"RIFF":
        return None
    try:
        with wave.open(io.BytesIO(data)) as sound:
            if sound.getsampwidth() != 2:
                return None
            channels, samples = sound.getnchannels(), sound.getnframes()
            raw, sample_rate = sound.readframes(samples), sound.getframerate()
    except wave.Error:
        return None
    found = len(raw) // (2 * channels)
    # A writer into a pipe can't know the length, and announces the most that fits the field.
    if found != samples != 0xFFFFFFFF // (2 * channels):
        raise DataError(f"the sound is cut off: it announces {samples} samples and holds {found}.")
    pcm = np.frombuffer(raw, "<i2", found * channels).astype(np.int16, copy=False)
    return pcm.reshape(found, channels).T, sample_rate


def _decode_sound(data: bytes | memoryview, bounds: Bounds) -> tuple[Pcm, int]:
    with soundfile.SoundFile(io.BytesIO(data)) as sound:
        if 2 * sound.frames * sound.channels > bounds.sound:
            raise DataError(
                f"the sound announces {sound.frames} samples in {sound.channels} channel(s); at "
                f"most {bounds.sound} bytes are read."
            )
        if sound.subtype == "PCM_16":
            return sound.read(dtype="int16", always_2d=True).T, sound.samplerate
        samples = sound.read(dtype="float64", always_2d=True).T
        if not np.isfinite(samples).all():
            raise DataError("the sound holds NaN or infinity.")
        if not samples.size:
            raise DataError("the sound is empty.")
        return to_pcm(np.clip(samples, -1, 1)), sound.samplerate


def encode_audio(pcm: Pcm, sample_rate: int, kind: str = "wav") -> bytes:
    """pcm (channels, samples) int16 as a 16-bit "wav" or "flac" file."""
    coded = io.BytesIO()
    if kind == "wav":
        with wave.open(coded, "wb") as sound:
            sound.setnchannels(pcm.shape[0])
            sound.setsampwidth(2)
            sound.setframerate(sample_rate)
            sound.writeframes(np.ascontiguousarray(pcm.T).astype("<i2", copy=False).tobytes())
    else:
        soundfile.write(coded, pcm.T, sample_rate, subtype="PCM_16", format=kind.upper())
    return coded.getvalue()


def decoder_cause(error: BaseException) -> str:
    """What a decoder's error says, as `cause` has it and without an object's address."""
    if isinstance(error, UnidentifiedImageError):
        return "it is in no image format known here"
    if isinstance(error, EOFError):
        return "it ends within its header"
    if isinstance(error, soundfile.LibsndfileError):
        return cause(ValueError(error.error_string))
    return cause(error)
