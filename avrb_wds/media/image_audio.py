"""An image file or a sound file, corrupted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from ..codecs import decode_audio, decode_picture, encode_audio, encode_frame
from ..corrupter import Corrupter
from ..corruptions import Frame, Pcm
from ..paths import naming, read_file

AUDIO_SUFFIXES = {".wav": "wav", ".flac": "flac"}
IMAGE_SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}


def corrupt_image(path: Path, out: BinaryIO, kind: str, corrupter: Corrupter, key: str) -> None:
    """Write the image at `path`, corrupted as frame 0 of clip `key`, into `out`.

    kind: what to write, a value of IMAGES: JPEG at quality 95, 4:2:0; the others without loss.
    The picture is RGB, and upright where the file says that it is to be turned.  Raises DataError,
    naming the file and the cause, where it does not decode or moves.
    """
    frame = corrupter.frame(read_image(path), key, 0)
    if kind == "JPEG":
        out.write(encode_frame(frame))
    else:
        options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
        Image.fromarray(frame).save(out, kind, **options)


def read_image(path: Path) -> Frame:
    """The picture at `path`, RGB and upright; raises DataError as `corrupt_image` does."""
    data = read_file(path)
    with naming(path):
        return decode_picture(data)


def corrupt_audio(
    path: Path, out: BinaryIO, kind: str, corrupter: Corrupter, key: str, duration: float | None
) -> None:
    """Write the sound at `path`, corrupted, into `out` as 16-bit "wav" or "flac".

    duration: seconds from the start; None for all.  Channels and sample rate stay.  Raises
    DataError, naming the file and the cause, where it does not decode.
    """
    pcm, sample_rate = read_audio(path, duration)
    out.write(encode_audio(corrupter.pcm(pcm, key, sample_rate), sample_rate, kind))


def read_audio(path: Path, duration: float | None) -> tuple[Pcm, int]:
    """The sound at `path` and its rate in Hz; raises DataError as `corrupt_audio` does."""
    data = read_file(path)
    with naming(path):
        pcm, sample_rate = decode_audio(data)
    if duration is not None:
        pcm = pcm[:, : max(1, math.ceil(duration * sample_rate))]
    return pcm, sample_rate
