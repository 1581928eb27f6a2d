"""Images and sounds, and clips made of both."""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from random import Random
from typing import Any

import golden
import numpy as np
from helpers import audio_files
from PIL import Image

from avrb_wds.codecs import decode_audio, decode_frame, decode_image, decode_pixels, encode_frame
from avrb_wds.corruptions import Frame, Pcm
from avrb_wds.limits import MAX_SAMPLE_RATE, DecodeLimits
from avrb_wds.shards import RawClip, decode_clip

from ..chunks import PNG, RIFF, mutate_chunks
from ..mutators import mutate_bytes, one_of
from ..target import Target

LIMITS = DecodeLimits(max_pixels=1 << 20, max_frame_bytes=8 << 20, max_audio_bytes=8 << 20)
FRAME = golden.make_frame(20, 24)
PCM = golden.make_sound(2, 400)


def saved(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    """The frame as an image file."""
    image, coded = Image.fromarray(FRAME).convert(mode), io.BytesIO()
    image.save(coded, kind, **options)
    return coded.getvalue()


def exif(turn: int = 6) -> Image.Exif:
    """What a phone notes."""
    noted = Image.Exif()
    noted[0x0112] = turn
    return noted


def jpegs() -> list[bytes]:
    """Plain, gray, CMYK, progressive, turned, with a second picture."""
    more = [Image.fromarray(FRAME[:8, :8].copy())]
    return [
        encode_frame(FRAME), saved("JPEG", "L"), saved("JPEG", "CMYK"),
        saved("JPEG", progressive=True), saved("JPEG", exif=exif(), subsampling=0),
        saved("MPO", save_all=True, append_images=more),
    ]  # fmt: skip


def pngs() -> list[bytes]:
    """Of all modes, of 16 bits, with a palette, with much beside the picture, animated."""
    deep = io.BytesIO()
    Image.fromarray(FRAME[:, :, 0].astype(np.uint16) << 8).save(deep, "PNG")
    more = [Image.fromarray(FRAME[::-1].copy())]
    modes = [saved("PNG", mode) for mode in ("RGB", "RGBA", "L", "LA", "1")]
    return [
        *modes, deep.getvalue(), saved("PNG", "P", transparency=bytes(range(99))),
        saved("PNG", exif=exif(), icc_profile=bytes(200), dpi=(99, 99)),
        saved("PNG", save_all=True, append_images=more, loop=2, duration=40),
    ]  # fmt: skip


def webps() -> list[bytes]:
    """With loss and without, with alpha, turned, animated."""
    more = [Image.fromarray(FRAME[::-1].copy())]
    return [
        saved("WEBP"), saved("WEBP", lossless=True), saved("WEBP", "RGBA"),
        saved("WEBP", exif=exif(), icc_profile=bytes(99)),
        saved("WEBP", save_all=True, append_images=more),
    ]  # fmt: skip


def tiffs() -> list[bytes]:
    """Of all modes and compressions."""
    deep = io.BytesIO()
    Image.fromarray(FRAME[:, :, 0].astype(np.uint16) << 8).save(deep, "TIFF")
    compressions = ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")
    return [
        deep.getvalue(), *[saved("TIFF", mode) for mode in ("RGB", "RGBA", "L", "CMYK", "P", "1")],
        *[saved("TIFF", compression=name) for name in compressions],
        saved("TIFF", tiffinfo={0x0112: 6}), saved("TIFF", big_tiff=True),
    ]  # fmt: skip


def bmps() -> list[bytes]:
    """Of 24 and 8 bits, of 1, and what is no image of ours."""
    return [saved("BMP"), saved("BMP", "L"), saved("BMP", "P"), saved("BMP", "1")]


def read_image(data: bytes) -> Frame:
    """An image by each of its readers."""
    pixels, frame = decode_pixels(data, LIMITS), decode_frame(data, limits=LIMITS)
    assert np.array_equal(pixels[..., :3], frame)
    return frame


def read_picture(data: bytes) -> Frame:
    """An image as a viewer shows it."""
    return decode_image(data, LIMITS)


def is_frame(data: bytes, frame: Frame) -> None:
    """It has the shape and the type of one, and no more pixels than are allowed."""
    assert (frame.dtype, frame.ndim, frame.shape[2]) == (np.uint8, 3, 3)
    assert 0 < frame.shape[0] * frame.shape[1] <= LIMITS.max_pixels


def waves() -> list[bytes]:
    """Of every encoding, with other chunks, of open length."""
    extra = [(b"LIST", b"INFOx"), (b"bext", bytes(40)), (b"fact", struct.pack("<I", 400))]
    raw = PCM.T.astype("<i2").tobytes()
    kinds = ("PCM_16", "PCM_U8", "PCM_24", "FLOAT", "ALAW", "IMA_ADPCM", "MS_ADPCM")
    return [
        audio_files.wave(raw), audio_files.wave(raw, before=extra, after=extra),
        audio_files.wave(raw, size=0xFFFFFFFF, riff=0), audio_files.wave(raw, size=0),
        *[audio_files.coded(kind, samples=PCM.T) for kind in kinds],
        *[audio_files.coded("PCM_16", kind, PCM.T) for kind in ("WAVEX", "RF64", "W64")],
    ]  # fmt: skip


def flacs() -> list[bytes]:
    """Of 16 and 24 bits, of one channel, of open length."""
    data = [audio_files.coded(kind, "FLAC", PCM.T) for kind in ("PCM_16", "PCM_24")]
    opened = bytearray(data[0])
    opened[21] &= 0xF0
    opened[22:26] = bytes(4)
    return [*data, audio_files.coded("PCM_16", "FLAC", PCM[:1].T), bytes(opened)]


@lru_cache
def others() -> list[bytes]:
    """Ogg, Opus, MP3, AIFF, AU, CAF and NIST."""
    kinds = [
        ("VORBIS", "OGG"), ("OPUS", "OGG"), ("MPEG_LAYER_III", "MP3"), ("PCM_24", "AIFF"),
        ("FLOAT", "AU"), ("PCM_16", "CAF"), ("PCM_16", "NIST"),
    ]  # fmt: skip
    return [audio_files.coded(*kind, PCM.T) for kind in kinds]


def read_sound(data: bytes) -> tuple[Pcm, int]:
    """A sound and its rate."""
    return decode_audio(data, LIMITS)


def is_sound(data: bytes, sound: tuple[Pcm, int]) -> None:
    """It has the shape and the type of one, and no more samples than are allowed."""
    pcm, sample_rate = sound
    assert (pcm.dtype, pcm.ndim) == (np.int16, 2)
    assert 0 < pcm.nbytes <= LIMITS.max_audio_bytes
    assert 0 < sample_rate <= MAX_SAMPLE_RATE


MEMBERS = ("frame_0.jpg", "frame_1.png", "wav", "json", "cls")


def clips() -> list[bytes]:
    """A clip's members, each with its length before it."""
    jpeg, png, sound = encode_frame(FRAME), saved("PNG"), audio_files.wave(PCM.T.tobytes())
    record = b'{"duration_s":1,"labels":["x"],"source":"a","target":0,"video_id":"a"}'
    return [b"".join(struct.pack("<I", len(m)) + m for m in (jpeg, png, sound, record, b"3"))]


def split(data: bytes) -> list[bytes]:
    """The members that `clips` joined, as far as there are any."""
    held: list[bytes] = []
    while data and len(held) < len(MEMBERS):
        size = int.from_bytes(data[:4], "little")
        held.append(data[4 : 4 + size])
        data = data[4 + size :]
    return held


def mutate_clip(rng: Random, data: bytes) -> bytes:
    """One member changed, its length right."""
    held = split(data)
    at = rng.randrange(len(held)) if held else 0
    held[at : at + 1] = [mutate_bytes(rng, held[at] if held else b"")]
    return b"".join(struct.pack("<I", len(member)) + member for member in held)


def read_clip(data: bytes) -> Any:
    """The clip decoded."""
    members = dict(zip(MEMBERS, split(data), strict=False))
    return decode_clip(RawClip("k", "a.tar", members, LIMITS))


def is_clip(data: bytes, clip: Any) -> None:
    """What it has is frames and a sound."""
    assert clip.frames is None or clip.frames.shape[3] == 3
    assert clip.pcm is None or clip.pcm.dtype == np.int16


TARGETS = (
    Target("image-jpeg", jpegs, mutate_bytes, read_image, is_frame),
    Target("image-png", pngs, mutate_chunks(PNG), read_image, is_frame),
    Target("image-webp", webps, mutate_chunks(RIFF), read_image, is_frame),
    Target("image-tiff", tiffs, mutate_bytes, read_image, is_frame),
    Target("image-bmp", bmps, mutate_bytes, read_image, is_frame),
    Target(
        "picture",
        lambda: [jpegs()[4], jpegs()[5], pngs()[7], webps()[3], tiffs()[-2]],
        one_of(mutate_bytes, mutate_chunks(PNG), mutate_chunks(RIFF)),
        read_picture,
        is_frame,
    ),
    Target("sound-wav", waves, mutate_chunks(RIFF), read_sound, is_sound),
    Target("sound-flac", flacs, mutate_bytes, read_sound, is_sound),
    Target("sound-other", others, mutate_bytes, read_sound, is_sound),
    Target("clip", clips, mutate_clip, read_clip, is_clip),
)
