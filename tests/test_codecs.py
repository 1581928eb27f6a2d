"""Images and sounds in and out: equal to Pillow to the bit, and one sentence where broken."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import golden
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from avrb_wds.codecs import decode_audio, decode_frame, encode_audio, encode_frame
from avrb_wds.errors import DataError


def jpeg(mode: str = "RGB", size: tuple[int, int] = (37, 53), **options: Any) -> bytes:
    coded = io.BytesIO()
    Image.fromarray(golden.make_frame(*size)).convert(mode).save(coded, "JPEG", **options)
    return coded.getvalue()


def by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def sound_file(samples: np.ndarray, subtype: str, kind: str = "WAV") -> bytes:
    coded = io.BytesIO()
    soundfile.write(coded, samples, 16_000, subtype=subtype, format=kind)
    return coded.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "YCbCr"])
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (37, 53), (53, 16), (97, 1)])
@pytest.mark.parametrize(
    "options",
    [
        {"quality": 25}, {"quality": 95, "subsampling": 0}, {"quality": 60, "subsampling": 1},
        {"quality": 80, "progressive": True}, {"quality": 70, "optimize": True},
        {"quality": 75, "restart_marker_blocks": 2},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)  # fmt: skip
def test_jpegs_decode_as_by_pillow(mode: str, size: tuple[int, int], options: Any) -> None:
    data = jpeg(mode, size, **options)
    assert np.array_equal(decode_frame(data), by_pillow(data))


@pytest.mark.media
def test_real_jpegs_decode_as_by_pillow(media: Path) -> None:
    paths = sorted((media / "media").rglob("*.jpg"))
    assert len(paths) >= 10
    for path in paths:
        data = path.read_bytes()
        assert np.array_equal(decode_frame(data), by_pillow(data)), path


def test_a_frame_decodes_into_memory_that_is_given() -> None:
    batch = np.zeros((3, 37, 53, 3), np.uint8)
    for number, data in enumerate([jpeg(), jpeg("CMYK"), png("P")]):
        assert decode_frame(data, batch[number]).base is not None
        assert np.array_equal(batch[number], by_pillow(data))


@pytest.mark.parametrize("data", [jpeg(), jpeg("L"), jpeg("CMYK")], ids=["RGB", "L", "CMYK"])
def test_memory_of_another_size_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"^the image is 53x37 where 20x10 was expected\.$"):
        decode_frame(data, np.empty((10, 20, 3), np.uint8))


def png(mode: str) -> bytes:
    coded = io.BytesIO()
    Image.fromarray(golden.make_frame(37, 53)).convert(mode).save(coded, "PNG")
    return coded.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_other_images_become_rgb(mode: str) -> None:
    assert np.array_equal(decode_frame(png(mode)), by_pillow(png(mode)))


@pytest.mark.parametrize("kept", [0, 2, 3, 10, 100, 400, 900, -2, -1])
def test_a_truncated_jpeg_is_named(kept: int) -> None:
    with pytest.raises(DataError, match=r"^the image cannot be decoded: [^\n]+[^.\n]\.$") as error:
        decode_frame(jpeg()[:kept])
    assert "0x" not in str(error.value)


@pytest.mark.parametrize(
    "data", [b"", b"not an image at all", png("RGB")[:200]], ids=["nothing", "text", "half a PNG"]
)
def test_what_is_no_image_is_named(data: bytes) -> None:
    with pytest.raises(DataError, match=r"^the image cannot be decoded: [^\n]+[^.\n]\.$"):
        decode_frame(data)


def test_a_frame_survives_jpeg_nearly() -> None:
    frame = np.repeat(np.repeat(golden.make_frame(8, 8)[:1, :1], 40, 0), 30, 1)
    assert np.abs(decode_frame(encode_frame(frame)).astype(int) - frame).max() <= 3


@pytest.mark.parametrize("kind", ["wav", "flac"])
@given(channels=st.integers(1, 4), samples=st.integers(1, 500), data=st.data())
def test_sound_survives_to_the_bit(kind: str, channels: int, samples: int, data: Any) -> None:
    rate = data.draw(st.sampled_from([8_000, 16_000, 22_050, 44_100, 48_000, 192_000]))
    pcm = np.random.default_rng(samples).integers(-32768, 32768, (channels, samples), np.int16)
    decoded, decoded_rate = decode_audio(encode_audio(pcm, rate, kind))
    assert np.array_equal(decoded, pcm)
    assert (decoded.dtype, decoded_rate) == (np.int16, rate)


@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "FLAC", "AIFF"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_other_files_hold_the_same_sound(kind: str, subtype: str) -> None:
    pcm = golden.make_sound(2, 300)
    decoded, _ = decode_audio(sound_file(pcm.T, subtype, kind))
    assert np.array_equal(decoded, pcm)


def test_float_sound_is_rounded_and_clipped() -> None:
    samples = np.array([0.0, 1.0, -1.0, 3.0, -3.0, 0.4 / 32768, 0.6 / 32768])
    decoded, _ = decode_audio(sound_file(samples, "FLOAT"))
    assert decoded.tolist() == [[0, 32767, -32768, 32767, -32768, 0, 1]]


def test_a_wav_from_a_pipe_has_no_length() -> None:
    pcm = golden.make_sound(2, 100)
    data = bytearray(encode_audio(pcm, 16_000))
    data[4:8] = data[40:44] = b"\xff" * 4
    assert np.array_equal(decode_audio(bytes(data))[0], pcm)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "cannot be decoded: "),
        (b"RIFF", "is cut off: it ends within its header"),
        (b"not a sound at all", "cannot be decoded: "),
        (encode_audio(golden.make_sound(1, 100), 16_000)[:30], "it ends within its header"),
        (encode_audio(golden.make_sound(1, 100), 16_000)[:44], "100 samples and holds 0"),
        (encode_audio(golden.make_sound(2, 100), 16_000)[:-1], "100 samples and holds 99"),
        (encode_audio(golden.make_sound(1, 5000), 16_000, "flac")[:-9], "cannot be decoded: "),
        (sound_file(np.zeros(0), "PCM_16"), "is empty"),
        (sound_file(np.zeros(0), "FLOAT"), "is empty"),
        (sound_file(np.array([0, np.nan]), "FLOAT"), "holds NaN or infinity"),
        (sound_file(np.array([0, -np.inf]), "DOUBLE"), "holds NaN or infinity"),
    ],
    ids=[
        "nothing", "four bytes", "text", "half a header", "header", "wav", "flac", "empty",
        "empty float", "nan", "infinity",
    ],
)  # fmt: skip
def test_a_broken_sound_is_named(data: bytes, cause: str) -> None:
    with pytest.raises(DataError, match=rf"^the sound [^\n]*{cause}[^\n]*(?<!\.)\.$") as error:
        decode_audio(data)
    assert "0x" not in str(error.value)
