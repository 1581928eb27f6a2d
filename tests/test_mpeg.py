"""MP3 read to the end, whatever its Xing header says; cut off; nothing on stderr."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import lru_cache

import av
import numpy as np
import pytest

from avrb_wds.codecs import decode_audio
from avrb_wds.codecs.mpeg import is_mpeg
from avrb_wds.errors import DataError

ID3 = b"ID3\x03\0\0\0\0\x02\x01" + bytes(257)  # 2 * 128 + 1 bytes
TAIL = b"TAG" + bytes(125)


@lru_cache
def mp3(rate: int = 44_100, channels: int = 1, *, xing: bool = False, seconds: float = 3) -> bytes:
    """A quiet tone and then noise, of varying bit rate, as recorders write it."""
    layout, count = ("mono", "stereo")[channels - 1], int(rate * seconds)
    sound = 0.02 * np.sin(np.arange(count) / 6)
    sound[count // 5 :] = np.random.default_rng(0).uniform(-0.3, 0.3, count - count // 5)
    out = io.BytesIO()
    options = {"write_xing": str(int(xing)), "id3v2_version": "0"}
    with av.open(out, "w", format="mp3", options=options) as file:
        stream = file.add_stream("libmp3lame", rate=rate, options={"q": "6"})
        stream.layout, stream.format = layout, "s16p"
        block = np.repeat(np.int16(sound * 32768)[np.newaxis], channels, 0)
        for start in range(0, count, 1152):
            part = np.ascontiguousarray(block[:, start : start + 1152])
            frame = av.AudioFrame.from_ndarray(part, "s16p", layout)
            frame.rate, frame.pts = rate, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def by_ffmpeg(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data), format="mp3") as file:
        return np.concatenate([f.to_ndarray() for f in file.decode(audio=0)], axis=1)


@pytest.mark.parametrize(
    ("rate", "channels"), [(44_100, 1), (48_000, 2), (22_050, 1), (24_000, 2), (8_000, 1)]
)
@pytest.mark.parametrize("tags", [(b"", b""), (ID3, TAIL)], ids=["bare", "tags"])
def test_all_of_an_mp3_without_xing(rate: int, channels: int, tags: tuple[bytes, bytes]) -> None:
    data = mp3(rate, channels)
    expected = by_ffmpeg(data)
    pcm, got_rate = decode_audio(tags[0] + data + tags[1])
    assert (got_rate, pcm.shape) == (rate, expected.shape)
    assert np.abs(pcm / 32768 - expected).max() < 1e-3


def test_a_right_xing_header_stays(capfd: pytest.CaptureFixture[str]) -> None:
    data = mp3(xing=True)
    pcm, _ = decode_audio(data)
    assert abs(pcm.shape[1] - 132_300) <= 1
    assert np.array_equal(decode_audio(data + TAIL)[0], pcm)
    assert np.array_equal(decode_audio(ID3 + data)[0], pcm)
    assert capfd.readouterr().err == ""


def test_files_put_together_are_read_to_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    data = mp3(xing=True)
    pcm, _ = decode_audio(data + data)
    assert pcm.shape[1] >= 2 * 132_300
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("xing", [True, False])
@pytest.mark.parametrize("kept", [0.3, 0.7, -1])
def test_an_mp3_that_is_cut_off_says_so(
    xing: bool, kept: float, capfd: pytest.CaptureFixture[str]
) -> None:
    data = mp3(xing=xing)
    end = int(kept * len(data)) if kept > 0 else int(kept)
    with pytest.raises(DataError, match=r"^the sound is cut off: [^\n]+\.$"):
        decode_audio(data[:end])
    assert capfd.readouterr().err == ""


def test_what_is_damaged_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        data = bytearray(mp3())
        for at in random.integers(0, len(data), 5):
            data[at] ^= 0xFF
        with suppress(DataError):
            decode_audio(bytes(data))
    assert capfd.readouterr() == ("", "")


def test_a_start_that_is_no_frame_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    for start in (b"\xff\xf3\0\0", b"\xff\xe3\x18\0" + bytes(20), b"ID3", ID3[:12]):
        with suppress(DataError):
            decode_audio(start + mp3()[100:])
    assert capfd.readouterr() == ("", "")


def test_junk_between_frames() -> None:
    data = mp3()
    expected = decode_audio(data)[0]
    frame = data.index(data[:2], len(data) // 2)
    pcm, _ = decode_audio(data[:frame] + b"\xff\x00" * 40 + data[frame:])
    assert abs(pcm.shape[1] - expected.shape[1]) <= 2 * 1152
    with pytest.raises(DataError, match="bytes that are no MP3 after frame"):
        decode_audio(data[:frame] + b"\xff" * 70_000 + data[frame:])


def test_what_is_no_mpeg() -> None:
    for data in (b"", b"ID3", ID3, b"\xff\xfb", b"\xff" * 99, ID3 + b"fLaC" + bytes(99), b"RIFF"):
        assert not is_mpeg(data)
