"""Videos that are cut off or damaged: one sentence, and nothing on the disk."""

import random
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import pytest
from helpers.films import Film, make_film

import avrb_wds as avrb

FILMS = {
    "a.mp4": Film(frames=40, rate=Fraction(20), flashes=(10,), options={"bf": "2"}),
    "a.mkv": Film(frames=40, rate=Fraction(20), flashes=(10,)),
    "a.webm": Film(
        frames=20, codec="libvpx-vp9", pixels="yuv420p", sound_codec="libopus", sample_rate=48_000
    ),
    "b.webm": Film(
        frames=4, flashes=(1,), codec="libvpx", sound_codec="libopus", sample_rate=48_000
    ),
    "a.avi": Film(frames=40, codec="mpeg4", sound_codec="libmp3lame"),
    "a.mov": Film(codec="mjpeg", pixels="yuvj420p", sound_codec="pcm_s16le"),
}


@cache
def whole(name: str) -> bytes:
    """A film's bytes; "fast.mp4" is a.mp4 with its index in front, as on the web."""
    with TemporaryDirectory() as folder:
        if name != "fast.mp4":
            return make_film(Path(folder, name), FILMS[name]).read_bytes()
        source, fast = Path(folder, "a.mp4"), Path(folder, name)
        source.write_bytes(whole("a.mp4"))
        with (
            av.open(str(source)) as old,
            av.open(str(fast), "w", options={"movflags": "faststart"}) as new,
        ):
            streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
            for packet in old.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream.index]
                    new.mux(packet)
        return fast.read_bytes()


def cut(name: str, share: float) -> bytes:
    return whole(name)[: int(len(whole(name)) * share)]


def noisy(name: str, start: float, end: float) -> bytes:
    data = bytearray(whole(name))
    first, last = int(start * len(data)), int(end * len(data))
    data[first:last] = random.Random(0).randbytes(last - first)
    return bytes(data)


def zeroed(name: str, start: float, end: float) -> bytes:
    data = bytearray(whole(name))
    first, last = int(start * len(data)), int(end * len(data))
    data[first:last] = bytes(last - first)
    return bytes(data)


def only_sound() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.mp4")
        with av.open(str(path), "w") as file:
            stream = file.add_stream("aac", rate=16_000)
            silence = np.zeros((1, 16_000), np.int16)
            frame = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
            frame.sample_rate = 16_000
            file.mux(stream.encode(frame) + stream.encode())
        return path.read_bytes()


def huge() -> bytes:
    """A video whose container says 64x48 and whose first picture says otherwise."""
    data, vp8_size = bytearray(whole("b.webm")), b"\x9d\x01\x2a"
    place = data.index(vp8_size) + len(vp8_size)
    data[place : place + 4] = (8224).to_bytes(2, "little") * 2
    return bytes(data)


CUT, DECODE = "is cut off", "cannot be decoded"
BROKEN = {
    "empty.mp4": (lambda: b"", DECODE),
    "text.mp4": (lambda: b"this is no video\n" * 100, DECODE),
    "zeros.mp4": (lambda: bytes(100_000), DECODE),
    "random.mkv": (lambda: random.Random(1).randbytes(100_000), DECODE),
    "no-index.mp4": (lambda: cut("a.mp4", 0.5), DECODE),
    "half-index.mp4": (lambda: cut("fast.mp4", 0.1), DECODE),
    "cut-50.mp4": (lambda: cut("fast.mp4", 0.5), CUT),
    "cut-90.mp4": (lambda: cut("fast.mp4", 0.9), f"{CUT}|{DECODE}"),
    "cut-99.mp4": (lambda: cut("fast.mp4", 0.99), f"{CUT}|{DECODE}"),
    "last-byte.mp4": (lambda: whole("fast.mp4")[:-1], f"{CUT}|{DECODE}"),
    "cut-30.mkv": (lambda: cut("a.mkv", 0.3), CUT),
    "cut-60.mkv": (lambda: cut("a.mkv", 0.6), CUT),
    "cut-95.mkv": (lambda: cut("a.mkv", 0.95), CUT),
    "cut-50.webm": (lambda: cut("a.webm", 0.5), CUT),
    "cut-50.avi": (lambda: cut("a.avi", 0.5), CUT),
    "cut-90.avi": (lambda: cut("a.avi", 0.9), CUT),
    "cut-70.mov": (lambda: cut("a.mov", 0.7), f"{CUT}|{DECODE}"),
    "noise.mp4": (lambda: noisy("fast.mp4", 0.4, 0.6), DECODE),
    "noise.mkv": (lambda: noisy("a.mkv", 0.4, 0.6), f"{CUT}|{DECODE}"),
    "noise.avi": (lambda: noisy("a.avi", 0.4, 0.6), f"{CUT}|{DECODE}|is damaged"),
    "hole.mp4": (lambda: zeroed("fast.mp4", 0.4, 0.6), DECODE),
    "unknown-codec.mp4": (lambda: whole("a.mp4").replace(b"avc1", b"zzzz"), "no decoder here"),
    "only-sound.mp4": (only_sound, "has no frames"),
    "huge.webm": (huge, "announces frames of 8224x8224 pixels; at most 67108864 are read"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_sentence_and_no_file(name: str, tmp_path: Path) -> None:
    make, cause = BROKEN[name]
    source, out = tmp_path / "in" / name, tmp_path / "out"
    source.parent.mkdir()
    out.mkdir()
    source.write_bytes(make())
    with pytest.raises(avrb.DataError, match=cause) as caught:
        avrb.create_video(source, "concert", 1, save_path=out / "made.mp4")
    assert str(caught.value).startswith(str(source))
    assert "\n" not in str(caught.value)
    with pytest.raises(avrb.DataError, match=cause):
        avrb.corrupt_file(source, out / "made.mp4", "concert", 1)
    assert list(out.iterdir()) == []
    assert sorted(tmp_path.rglob("*")) == [source.parent, source, out]
