"""Shards for benchmarks, and measuring side by side."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from avrb_wds.building.shard_writer import ShardWriter
from avrb_wds.codecs import encode_audio, encode_frame
from avrb_wds.shards import AudioLayout, ClipRecord, FrameLayout, Manifest

SHARED = Path(__file__).resolve().parents[2] / "shared"  # real clips, where they exist
MEDIA = SHARED / "media"
FRAMES, SIDE, RATE, SECONDS = 10, 224, 16_000, 10
FRAME_NAMES = [f"frame_{number:04}.jpg" for number in range(FRAMES)]


def write_shards(folder: Path, clips: int, media: Path = MEDIA) -> None:
    """Four shards, so that processes that divide whole shards have work, each with the same clip
    under many keys: 10 frames 224x224 and 10 s of 16 kHz audio."""
    jpegs = sorted(media.glob("avrobustbench/eval_frames/*/*.jpg"))
    images = [path.read_bytes() for path in jpegs] or [procedural(n) for n in range(FRAMES)]
    if not jpegs:
        print(f"{media} does not exist; the frames are generated")
    wav = noise()
    size, entries = -(-clips // 4), []
    for number in range(4):
        writer = ShardWriter(folder, "bench", number)
        for clip in range(number * size, min(clips, (number + 1) * size)):
            key = f"clip{clip:06}"
            record = ClipRecord(key, ("class",), 0, f"{key}.mp4", float(SECONDS)).to_bytes()
            frames = zip(FRAME_NAMES, images, strict=True)
            writer.add(key, [("json", record), ("wav", wav), *frames])
        entries.append(writer.finish())
    manifest = Manifest(
        "bench", clips, tuple(entries), FrameLayout(FRAMES, SIDE, SIDE, "jpg"),
        AudioLayout(RATE, 1, RATE * SECONDS, "wav"), ("class",), "single-label",
    )  # fmt: skip
    (folder / "manifest.json").write_bytes(manifest.to_bytes())
    print(f"{clips} clips of {os.path.getsize(folder / entries[0].file) // size // 1024} KiB")


def procedural(number: int) -> bytes:
    """A JPEG frame with edges, gradients and grain: about 10 KB."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(0, 256, (14, 14, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    grain = rng.integers(-4, 5, coarse.shape)
    return encode_frame(np.clip(coarse + grain, 0, 255).astype(np.uint8), quality=75)


def noise() -> bytes:
    """A WAV file of 10 s of white noise at 16 kHz, mono."""
    rng = np.random.default_rng(0)
    pcm = rng.integers(-9000, 9000, (1, RATE * SECONDS)).astype(np.int16)
    return encode_audio(pcm, RATE)


def side_by_side(
    ways: Mapping[str, Callable[[], int]], clips: int, rounds: int
) -> dict[str, list[float]]:
    """Clips a second of every way, round by round, printed; a round runs each once."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, run in ways.items():
            begin = time.perf_counter()
            assert run() == clips, name
            if number:  # the first round only warms up
                rates[name].append(clips / (time.perf_counter() - begin))
    for name, measured in rates.items():
        print(f"{name:18} {statistics.median(measured):7.0f} clips/s")
    return rates


def verdict(what: str, value: float, limit: float, *, at_least: bool = False) -> None:
    """One line: the figure, what it may be, and whether it missed."""
    missed = value < limit if at_least else value > limit
    bound = "at least" if at_least else "at most"
    print(f"{what}: {value:.3g} ({bound} {limit:g}){'  MISSED' if missed else ''}")
