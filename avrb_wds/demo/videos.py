"""The demo's clips as real video files: ten classes, each a shape and a sound that go together."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..corruptions import Draw
from ..errors import MissingExtra
from .scenes import SHAPES, Scene
from .sounds import SOUNDS, sound

__all__ = ["CLASSES", "make_videos"]

CLASSES = tuple(f"{shape} {name}" for shape, name in zip(SHAPES, SOUNDS, strict=True))
SIZE, RATE, SECONDS, SAMPLE_RATE = 112, 6, 2.5, 16_000
FRAME_SAMPLES = 1024  # of one AAC frame


def make_videos(
    folder: Path, clips: int, seed: int, progress: Callable[[int, int], None] | None = None
) -> None:
    """Write `clips` mp4 files (MPEG-4 and AAC) into a folder for each class, classes in turn.

    Clip n of a seed is the same whatever the number of clips.  progress: called with (done, clips).
    """
    for name in CLASSES[:clips]:
        (folder / name).mkdir(parents=True, exist_ok=True)
    names = [CLASSES[number % len(CLASSES)] for number in range(clips)]
    paths = [folder / name / f"{seed}-{number:04d}.mp4" for number, name in enumerate(names)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, _ in enumerate(pool.map(partial(_write, seed=seed), paths, names), 1):
            if progress is not None:
                progress(done, clips)


def _write(path: Path, name: str, seed: int) -> None:
    try:
        import av
    except ImportError:
        raise MissingExtra("making videos", "video") from None

    shape, _, noise = name.partition(" ")
    scene = Scene.of(shape, Draw(seed, "demo", path.stem, "visual"), SIZE)
    pcm = sound(noise, Draw(seed, "demo", path.stem, "audio"), SECONDS, SAMPLE_RATE)
    with av.open(path, "w") as file:
        picture: Any = file.add_stream("mpeg4", rate=RATE)
        picture.width = picture.height = SIZE
        picture.pix_fmt, picture.bit_rate = "yuv420p", 1_500_000
        picture.codec_context.thread_count = 1  # more of them cut the picture into other slices
        track: Any = file.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        frames = round(SECONDS * RATE)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(scene.frame(number / frames), format="rgb24")
            file.mux(picture.encode(frame))
        file.mux(picture.encode())
        for start in range(0, pcm.shape[1], FRAME_SAMPLES):
            part = np.ascontiguousarray(pcm[:, start : start + FRAME_SAMPLES])
            audio = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            audio.sample_rate, audio.pts = SAMPLE_RATE, start
            file.mux(track.encode(audio))
        file.mux(track.encode())
