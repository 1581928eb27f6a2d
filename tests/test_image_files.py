"""Image files of every mode and kind: the right colors, or refused in a sentence."""

from __future__ import annotations

import io
import json
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import golden
import numpy as np
import pytest
from helpers.cli import run_avrb
from PIL import Image, ImageCms

import avrb_wds as avrb
from avrb_wds.codecs import decode_frame, decode_image, decode_pixels
from avrb_wds.corrupter import corrupt_frames
from avrb_wds.errors import DataError, UsageError
from avrb_wds.signals import to_rgb

RGB = golden.make_frame(20, 30)
DEEP = RGB[:, :, 0].astype(np.uint16) * 256 + 77
GRAY = np.repeat(RGB[:, :, :1], 3, axis=2)


def coded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def in_mode(mode: str) -> Image.Image:
    if mode in ("La", "LA"):
        image = Image.fromarray(np.dstack([RGB[:, :, 0], np.full_like(RGB[:, :, 0], 255)]), "LA")
        return image.convert(mode)
    if mode == "LAB":
        profiles = [ImageCms.createProfile(name) for name in ("sRGB", "LAB")]
        made = ImageCms.profileToProfile(Image.fromarray(RGB), *profiles, outputMode="LAB")
        assert made is not None
        return made
    if mode == "P":
        return Image.fromarray(RGB).quantize(256)
    return Image.fromarray(RGB).convert("RGBA" if mode == "RGBa" else mode).convert(mode)


NEAR = {"YCbCr": 3, "LAB": 40, "HSV": 8}  # what of RGB is lost on the way there


@pytest.mark.parametrize(
    "mode",
    ["RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "HSV", "LAB", "P", "L", "LA", "La", "1"],
)
def test_an_image_of_any_mode_has_the_colors_it_shows(mode: str) -> None:
    image = in_mode(mode)
    rgb = to_rgb(image).astype(int)
    if mode == "1":
        assert set(np.unique(rgb)) == {0, 255}
    elif mode == "L":
        assert np.array_equal(
            rgb, np.asarray(Image.fromarray(RGB).convert("L"))[..., None] + [0] * 3
        )
    elif mode == "P":
        palette = np.reshape(image.getpalette(), (-1, 3))
        assert np.array_equal(rgb, palette[np.asarray(image)])
    else:
        expected = GRAY if mode in ("La", "LA") else RGB
        assert np.abs(rgb - expected).max() <= NEAR.get(mode, 0)
    once = corrupt_frames(image, "shot", 3, key="k")
    assert np.array_equal(once, corrupt_frames(to_rgb(image), "shot", 3, key="k"))
    assert np.array_equal(corrupt_frames([image], "shot", 3, key="k")[0], once)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "YCbCr", "LAB", "P", "PA", "L", "LA", "1"])
@pytest.mark.parametrize("kind", ["TIFF", "PNG", "JPEG", "WEBP", "BMP"])
def test_a_file_of_any_mode_has_the_colors_of_its_image(mode: str, kind: str) -> None:
    data = None
    with suppress(OSError):  # a mode that the kind does not have
        data = coded(in_mode(mode), kind, **({"lossless": True} if kind == "WEBP" else {}))
    if data is not None:
        with Image.open(io.BytesIO(data)) as image:
            expected = to_rgb(image)
        assert np.array_equal(decode_frame(data), expected)
        assert np.array_equal(decode_image(data), expected)
        assert np.array_equal(decode_pixels(data)[..., :3], expected)
        if kind in ("PNG", "TIFF"):
            assert np.array_equal(expected, to_rgb(in_mode(mode)))


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B"])
def test_of_16_bits_the_upper_8_count(mode: str) -> None:
    order = ">u2" if mode == "I;16B" else "<u2"
    image = Image.frombytes(mode, (30, 20), DEEP.astype(order).tobytes())
    assert np.array_equal(to_rgb(image), GRAY)
    assert np.array_equal(corrupt_frames(image, "rain", 1), corrupt_frames(GRAY, "rain", 1))


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}),
     ("TIFF", {"compression": "tiff_adobe_deflate"}), ("TIFF", {"big_tiff": True})],
)  # fmt: skip
def test_files_of_16_bits(kind: str, options: dict[str, Any]) -> None:
    data = coded(Image.fromarray(DEEP), kind, **options)
    assert np.array_equal(decode_frame(data), GRAY)
    assert np.array_equal(decode_image(data), GRAY)


def test_16_bit_colors() -> None:
    header = struct.pack(">IIBBBBB", 30, 20, 16, 2, 0, 0, 0)
    rows = [b"\0" + (row * np.uint16(256) + 200).astype(">u2").tobytes() for row in RGB]
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    assert np.array_equal(decode_frame(png_of(chunks)), RGB)


def png_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    out = b"\x89PNG\r\n\x1a\n"
    for name, content in chunks:
        body = name + content
        out += struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
    return out


def test_a_tiff_of_16_bits_of_which_0_is_white() -> None:
    data = bytearray(coded(Image.fromarray(DEEP), "TIFF"))
    tag = data.index(struct.pack("<HHI", 262, 3, 1))
    assert data[tag + 8] == 1
    data[tag + 8] = 0
    assert np.array_equal(decode_frame(bytes(data)), 255 - GRAY)


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_numbers_without_a_scale_are_refused(dtype: type) -> None:
    image = Image.fromarray(RGB[:, :, 0].astype(dtype))
    with pytest.raises(
        DataError, match=r"^the image cannot be decoded: an image of mode '[FI]' has n"
    ):
        decode_frame(coded(image, "TIFF"))
    with pytest.raises(
        UsageError, match=r"^an image of mode '[FI]' has no agreed scale; convert it"
    ):
        corrupt_frames(image, "rain", 1)


def test_a_palette_with_transparency(capfd: pytest.CaptureFixture[str]) -> None:
    image = in_mode("P")
    data = coded(image, "PNG", transparency=bytes(range(256)))
    assert np.array_equal(decode_frame(data), to_rgb(image))
    assert decode_pixels(data).shape == (20, 30, 4)
    assert decode_pixels(coded(image, "PNG")).shape == (20, 30, 3)
    assert capfd.readouterr() == ("", "")


def test_of_a_phones_two_pictures_the_first_counts() -> None:
    options: dict[str, Any] = {"save_all": True}
    options["append_images"] = [Image.new("RGB", (16, 12))]
    data = coded(Image.fromarray(RGB), "MPO", **options)
    first = decode_frame(coded(Image.fromarray(RGB), "JPEG"))
    for read in (decode_frame, decode_image, decode_pixels):
        assert np.array_equal(read(data), first)
    options["append_images"] = [Image.new("RGB", (16, 12))]
    pages = coded(Image.fromarray(RGB), "TIFF", **options)
    assert np.array_equal(decode_image(pages), RGB)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_animated_is_refused(kind: str) -> None:
    options: dict[str, Any] = {"save_all": True, "append_images": [Image.new("RGB", (30, 20))]}
    data = coded(Image.fromarray(RGB), kind, **options)
    with pytest.raises(DataError, match=r"^the image is animated; give it as a video\.$"):
        decode_image(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", range(10))
def test_a_picture_is_upright_whatever_its_kind(kind: str, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    data = coded(Image.fromarray(RGB), kind, exif=exif, **options)
    turned = {
        2: RGB[:, ::-1], 3: RGB[::-1, ::-1], 4: RGB[::-1], 5: RGB.transpose(1, 0, 2),
        6: np.rot90(RGB, -1), 7: RGB[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(RGB),
    }.get(turn, RGB)  # fmt: skip
    near = 4 if kind == "JPEG" else 0
    found = decode_image(data)
    assert found.shape == turned.shape
    assert np.abs(found.astype(int) - turned).max() <= near


def test_an_exif_that_is_broken_turns_nothing() -> None:
    data = coded(Image.fromarray(RGB), "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    assert np.array_equal(decode_image(data), RGB)


def test_commands_read_tiff_and_phones_pictures(tmp_path: Path) -> None:
    image = Image.fromarray(RGB)
    image.save(tmp_path / "a.tif")
    image.save(tmp_path / "b.tiff", compression="tiff_lzw")
    image.save(tmp_path / "c.jpg", "MPO", save_all=True, append_images=[image])
    for name, out in (("a.tif", "a.png"), ("b.tiff", "o.tiff"), ("c.jpg", "c.png")):
        done = run_avrb(
            "corrupt", name, out, "--corruption", "gaussian", "--severity", "3", folder=tmp_path
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
    with Image.open(tmp_path / "a.png") as made:
        assert np.array_equal(made, corrupt_frames(RGB, "gaussian", 3, key="a"))
    with Image.open(tmp_path / "o.tiff") as made:
        assert np.array_equal(made, corrupt_frames(RGB, "gaussian", 3, key="b"))


def test_a_turned_jpeg_is_packed_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "frames/frame_0").mkdir(parents=True)
    Image.fromarray(RGB).save(tmp_path / "frames/frame_0/a.jpg", exif=exif, quality=95)
    sound = golden.make_sound(1, 800)
    (tmp_path / "a.wav").write_bytes(avrb_sound(sound))
    row = {"wav": "a.wav", "labels": "x", "video_id": "a", "video_path": "frames"}
    (tmp_path / "list.json").write_text(json.dumps({"data": [row]}))
    assert run_avrb("pack", "list.json", "out", folder=tmp_path).returncode == 0
    clip = next(iter(avrb.load(tmp_path / "out", batch_size=1, num_workers=0)))
    listed = avrb.AVRobustBench(tmp_path / "list.json", frame_num=0)[0][0][0]
    assert clip["frames"].shape == (1, 1, 30, 20, 3)
    assert listed.size == (20, 30)


def avrb_sound(pcm: np.ndarray) -> bytes:
    from avrb_wds.codecs import encode_audio

    return encode_audio(pcm, 16_000)


@pytest.mark.parametrize(
    "frames",
    [np.zeros((3, 20, 30), np.uint8), np.zeros((2, 3, 20, 30), np.uint8), DEEP],
    ids=["channels first", "several with channels first", "16 bits"],
)
def test_arrays_of_another_order_are_refused(frames: np.ndarray) -> None:
    with pytest.raises(UsageError, match="is not an image; give uint8 of shape"):
        corrupt_frames(frames, "rain", 3)


BROKEN = {
    "iCCP bomb": [(b"iCCP", b"x\0\0" + zlib.compress(bytes(100 << 20), 9))],
    "iCCP of nothing": [(b"iCCP", b"")],
    "iCCP without end": [(b"iCCP", b"x" * 90)],
    "acTL of nothing": [(b"acTL", b"")],
    "acTL, no frames": [(b"acTL", struct.pack(">II", 0, 0))],
    "acTL, many frames": [(b"acTL", struct.pack(">II", 1 << 31, 0))],
    "fcTL of nothing": [(b"acTL", struct.pack(">II", 2, 0)), (b"fcTL", b"")],
    "pHYs": [(b"pHYs", b"\0")],
    "cHRM": [(b"cHRM", b"\0")],
    "gAMA": [(b"gAMA", b"")],
    "sRGB": [(b"sRGB", b"")],
    "tRNS": [(b"tRNS", b"")],
    "eXIf": [(b"eXIf", b"MM\0*\0\0\0\x08" + b"\xff" * 30)],
    "iTXt": [(b"iTXt", b"x\0\1\0\0\0" + zlib.compress(bytes(100 << 20), 9))],
}


@pytest.mark.parametrize("chunks", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("read", [decode_frame, decode_image, decode_pixels])
def test_chunks_of_a_png(
    read: Any, chunks: list[tuple[bytes, bytes]], capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever they hold, the picture comes out, or a sentence: no other error, and no note."""
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in RGB))
    header = (b"IHDR", struct.pack(">IIBBBBB", 30, 20, 8, 2, 0, 0, 0))
    data = png_of([header, *chunks, (b"IDAT", rows), (b"IEND", b"")])
    try:
        assert np.array_equal(read(data), RGB)
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017
    assert capfd.readouterr() == ("", "")


def test_a_broken_tiff_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg"):
        good = coded(Image.fromarray(RGB), "TIFF", compression=compression)
        for _ in range(30):
            data = bytearray(good)
            data[random.integers(8, len(data))] ^= 0xFF
            with suppress(DataError):
                decode_frame(bytes(data))
    assert capfd.readouterr() == ("", "")
