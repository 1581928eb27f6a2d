"""Few bytes that announce more than any memory holds: a sentence, before memory is taken."""

from __future__ import annotations

import io
import json
import os
import struct
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.shards import clips, write_shards
from PIL import Image

from avrb_wds.codecs import decode_audio, decode_frame, decode_image, encode_audio
from avrb_wds.errors import DataError
from avrb_wds.limits import DecodeLimits
from avrb_wds.shards import Manifest, RawClip, ShardIndex, ShardSet, decode_clip, scan_index
from avrb_wds.stages import Decode


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000)))


def coded(kind: str, width: int = 16, height: int = 16) -> bytes:
    out = io.BytesIO()
    Image.new("L", (width, height)).save(out, kind)
    return out.getvalue()


def jpeg(width: int, height: int) -> bytes:
    data = bytearray(coded("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp(width: int, height: int) -> bytes:
    """As large as WebP goes: 14 bits a side."""
    data = bytearray(coded("WEBP"))
    at = data.index(b"\x9d\x01\x2a") + 3
    data[at : at + 4] = struct.pack("<HH", min(width, 16383), min(height, 16383))
    return bytes(data)


@pytest.mark.parametrize("make", [png, jpeg, webp])
@pytest.mark.parametrize("size", [(65_000, 65_000), (12_000, 9_000), (60_000, 5_000)])
def test_images(make: Callable[[int, int], bytes], size: tuple[int, int]) -> None:
    with pytest.raises(DataError, match=r"pixels"):
        decode_frame(make(*size))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_the_limit_of_an_image_is_a_parameter(kind: str) -> None:
    data = coded(kind, 30, 20)
    assert decode_frame(data, limits=DecodeLimits(max_pixels=600)).shape == (20, 30, 3)
    with pytest.raises(DataError, match="announces 30x20 pixels; at most 599 are read"):
        decode_frame(data, limits=DecodeLimits(max_pixels=599))


def test_text_within_a_png_does_not_unfold() -> None:
    data = bytearray(coded("PNG"))
    body = b"zTXtk\0\0" + zlib.compress(bytes(200 << 20), 9)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    data[33:33] = chunk
    with pytest.raises(DataError, match="the image cannot be decoded"):
        decode_frame(bytes(data))


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"


@pytest.mark.parametrize("read", [decode_frame, decode_image])
def test_postscript_in_place_of_an_image_starts_nothing(
    read: Callable[[bytes], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pillow would start Ghostscript, which is whatever is first in PATH.
    ghostscript = tmp_path / "gs"
    ghostscript.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    ghostscript.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(DataError, match="no image format known here"):
        read(EPS)
    assert not (tmp_path / "ran").exists()


def test_a_sound_that_unfolds() -> None:
    flac = io.BytesIO()
    soundfile.write(flac, np.zeros(2_000_000, np.int16), 48_000, format="FLAC")
    data = flac.getvalue()
    assert len(data) < 10_000
    assert decode_audio(data, DecodeLimits(max_audio_bytes=4_000_000))[0].shape == (1, 2_000_000)
    with pytest.raises(DataError, match="announces 2000000 samples in 1 channel"):
        decode_audio(data, DecodeLimits(max_audio_bytes=3_999_999))


def test_a_sound_that_announces_more_than_it_has() -> None:
    flac = io.BytesIO()
    soundfile.write(flac, np.zeros(1000, np.int16), 48_000, format="FLAC")
    data = bytearray(flac.getvalue())
    data[21] |= 0x0F  # STREAMINFO: the upper four of 36 bits of the number of samples
    with pytest.raises(DataError, match=r"announces \d{11} samples"):
        decode_audio(bytes(data))


def many_frames(count: int) -> dict[str, bytes]:
    frame = coded("JPEG", 100, 100)
    return {f"frame_{number:04}.jpg": frame for number in range(count)}


def test_frames_that_are_too_many_together() -> None:
    limits = DecodeLimits(max_frame_bytes=10 * 30_000)
    assert decode_clip(RawClip("k", "a.tar", many_frames(10), limits)).frames is not None
    with pytest.raises(DataError, match=r"'k' in shard a\.tar has 11 frames .* at most 300000"):
        decode_clip(RawClip("k", "a.tar", many_frames(11), limits))
    sample = {"__key__": "k", "__url__": "a.tar", **many_frames(11)}
    with pytest.raises(DataError, match=r"'k' in shard a\.tar has 11 frames"):
        list(Decode(limits=limits)([sample]))


def test_a_record_and_a_class_number_that_never_end() -> None:
    sound = {"wav": encode_audio(np.ones((1, 80), np.int16), 16_000)}
    record = b'{"video_id":' + b"[" * (1 << 20)
    with pytest.raises(DataError, match=r"member 'json': it has 1048588 bytes; at most 1048576"):
        decode_clip(RawClip("k", "a.tar", {"json": record, **sound}))
    clip = decode_clip(RawClip("k", "a.tar", {"cls": b"1" * 5000, **sound}))
    assert clip.record.target is None  # no class has a number of 20 digits


@pytest.mark.parametrize("kind", [b"L", b"K", b"x", b"g"])  # GNU's long name and link, pax
def test_a_tar_header_as_long_as_the_tar(kind: bytes, tmp_path: Path) -> None:
    info = tarfile.TarInfo("k.json")
    info.type, info.size = kind, 1 << 40
    with open(tmp_path / "a.tar", "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        file.truncate(1 << 40)  # which costs nothing on disk
    with pytest.raises(DataError, match=r"a tar header of 1099511627776 bytes at byte 512"):
        scan_index(tmp_path / "a.tar")


def test_a_clip_as_long_as_an_index_likes(tmp_path: Path) -> None:
    with open(tmp_path / "a.tar", "wb") as file:
        file.truncate(1 << 40)
    index = ShardIndex.from_bytes(b'["k",512,1099511627264,""]', "i")
    with (
        ShardSet(Path(), None, [tmp_path / "a.tar"], {0: index}) as shards,
        pytest.raises(DataError, match=r"'k' in .*a\.tar, byte 512: .* 1099511627264 bytes; at mo"),
    ):
        shards.read(0)


@pytest.mark.parametrize(
    ("part", "field", "value", "fault"),
    [
        ("frames", "width", 1 << 40, "pixels a frame"),
        ("frames", "count", 1 << 40, "bytes of frames a clip"),
        ("audio", "max_samples", 1 << 40, "bytes of sound a clip"),
        ("audio", "channels", 1 << 40, "bytes of sound a clip"),
    ],
)
def test_a_manifest_that_announces_too_much(
    tmp_path: Path, part: str, field: str, value: int, fault: str
) -> None:
    folder = write_shards(tmp_path / "t", clips(2))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest[part][field] = value
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=rf"manifest\.json announces \d+ {fault}; at most"):
        ShardSet.open(folder)
    assert Manifest.read(folder / "manifest.json")  # it can still be looked at


def test_bounds_hold_for_what_is_read_through_a_shard_set(tmp_path: Path) -> None:
    folder = write_shards(tmp_path / "t", clips(2))
    with (
        ShardSet.open(folder, limits=DecodeLimits(max_clip_bytes=1000)) as shards,
        pytest.raises(DataError),
    ):
        shards.read(0)
    with pytest.raises(DataError, match="announces 768 pixels a frame; at most 500 are read"):
        ShardSet.open(folder, limits=DecodeLimits(max_pixels=500))
    tar = folder / "t-000000.tar"
    with (
        ShardSet.open(tar, limits=DecodeLimits(max_pixels=500)) as shards,
        pytest.raises(DataError, match="announces 32x24 pixels; at most 500 are read"),
    ):
        decode_clip(shards.read(0))
