"""Video files of six containers, as packing and corrupting read them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from helpers.films import Film, make_film

import avrb_wds as avrb
from avrb_wds.packing import PackOptions
from avrb_wds.packing.audio import window_audio
from avrb_wds.packing.video_window import VideoWindow

from ..chunks import MP4, RIFF, mutate_chunks
from ..mutators import mutate_bytes
from ..target import Target, written

SMALL = {"frames": 6, "height": 16, "width": 16, "flashes": (2,), "channels": 1}
FILMS = {
    "a.mp4": Film(**SMALL, options={"bf": "2", "x264-params": "b-adapt=0"}),
    "b.mov": Film(**SMALL, codec="mjpeg", pixels="yuvj420p", sound_codec="pcm_s16le"),
    "c.mkv": Film(**SMALL, options={"g": "3"}),
    "d.webm": Film(**SMALL, codec="libvpx", sound_codec="libopus", sample_rate=48_000),
    "e.avi": Film(**SMALL, codec="mpeg4", sound_codec="libmp3lame"),
    "f.ts": Film(**SMALL, options={"g": "3"}),
    "g.flv": Film(**SMALL, codec="flv", sound_codec="libmp3lame", sample_rate=44_100),
}
WINDOWS = [
    PackOptions(frames=3, frame_size="keep", duration=0.5),
    PackOptions(fps=7, frame_size="keep", duration=0.3, window="center", channels="keep"),
]


def videos() -> list[bytes]:
    """Six frames and a tone in each container."""
    with tempfile.TemporaryDirectory() as folder:
        return [make_film(Path(folder, name), film).read_bytes() for name, film in FILMS.items()]


def mutate_video(rng: Random, data: bytes) -> bytes:
    """Boxes or chunks where the file has some; else bytes, most often of its head or tail."""
    if data[4:8] == b"ftyp":
        return mutate_chunks(MP4)(rng, data)
    if data[:4] == b"RIFF":
        return mutate_chunks(RIFF, keep=0.5)(rng, data)
    place = rng.choice((0, 0, max(0, len(data) - 300)))
    end = place + rng.choice((300, 600, len(data)))
    return data[:place] + mutate_bytes(rng, data[place:end]) + data[end:]


def read_window(data: bytes) -> list[tuple[list[Any], Any, int]]:
    """The frames and the sound of two windows."""
    path = written(data, "video")
    found = []
    for options in WINDOWS:
        window = VideoWindow.of(path, options, with_audio=True)
        found.append((window.frames(lambda frame: frame), *window_audio(window)))
    return found


def check_window(data: bytes, found: list[tuple[list[Any], Any, int]]) -> None:
    (frames, pcm, rate), (_, other, _) = found
    assert len(frames) == 3
    assert all(frame.dtype == np.uint8 and frame.ndim == 3 for frame in frames)
    assert pcm.shape[0] == 1
    assert 1 <= pcm.shape[1] <= 0.5 * rate + 1
    assert 1 <= other.shape[1] <= 0.3 * rate + 1


def corrupt(data: bytes) -> bytes:
    """The corrupted mp4."""
    return avrb.create_video(written(data, "video"), "compression", 1).getvalue()


def check_mp4(data: bytes, made: bytes) -> None:
    assert made[4:8] == b"ftyp"


BIG = 2 << 30  # pictures and the encoder of as many pixels as are read
TARGETS = (
    Target("video window", videos, mutate_video, read_window, check_window, memory=BIG, quick=40),
    # A broken clock may leave a gap of up to an hour, which is filled with silence: the time is in
    # proportion to what the file announces.
    Target(
        "corrupt video", videos, mutate_video, corrupt, check_mp4, seconds=10, memory=BIG, quick=40
    ),
)
