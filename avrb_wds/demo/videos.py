"""The demo's clips as real video files: ten classes, each a shape and a sound that go together."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from ..atomic import atomic_file
from ..av.mp4_writer import BT709, AudioFormat, Mp4Writer, VideoFormat
from ..concurrency import ordered_map
from ..corruptions import Draw
from ..progress import Progress
from .scenes import SHAPES, Scene
from .sounds import SOUNDS, make_sound

CLASSES = tuple(f"{shape} {name}" for shape, name in zip(SHAPES, SOUNDS, strict=True))
SIZE, RATE, SECONDS, SAMPLE_RATE = 112, 6, 2.5, 16_000
VIDEO = VideoFormat(
    SIZE, SIZE, Fraction(1, RATE), Fraction(RATE), Fraction(1), BT709, BT709, quality="18"
)


def make_videos(folder: Path, clips: int, seed: int, progress: Progress | None = None) -> None:
    """Write `clips` mp4 files (H.264 and AAC) into a folder for each class, classes in turn.

    Clip n of a seed is the same whatever the number of clips.  progress: called with (done, clips).
    """
    for name in CLASSES[:clips]:
        (folder / name).mkdir(parents=True, exist_ok=True)
    names = [CLASSES[number % len(CLASSES)] for number in range(clips)]
    paths = [folder / name / f"{seed}-{number:04d}.mp4" for number, name in enumerate(names)]
    videos = list(zip(paths, names, strict=True))
    for done, _ in enumerate(ordered_map(lambda video: _write(*video, seed), videos), 1):
        if progress is not None:
            progress(done, clips)


def _write(path: Path, name: str, seed: int) -> None:
    shape, _, noise = name.partition(" ")
    scene = Scene.of(shape, Draw(seed, "demo", path.stem, "visual"), SIZE)
    pcm = make_sound(noise, Draw(seed, "demo", path.stem, "audio"), SECONDS, SAMPLE_RATE)
    count = round(SECONDS * RATE)
    with atomic_file(path) as out, Mp4Writer(out, VIDEO, AudioFormat(1, SAMPLE_RATE)) as file:
        frames = (scene.frame(number / count) for number in range(count))
        file.write_clip(frames, VIDEO.unit, pcm)
