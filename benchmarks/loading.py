"""How many clips a second `load` delivers, beside a bare loop and plain webdataset.

    python benchmarks/loading.py [--clips 400] [--rounds 5] [--media ../shared/media]

Shards of clips of 10 frames 224x224 (JPEG) and 10 s of 16 kHz sound are written to a temporary
folder and read from the page cache.  A round runs every way once, so that what else the machine
does at the time counts for all; the ratio printed is the median over rounds.  Two threads or two
processes each.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import tempfile
import threading
import time
import wave
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import simplejpeg
import soundfile
import torch
import webdataset as wds
from PIL import Image

import avrb_wds as avrb
from avrb_wds.codecs import encode_audio, encode_frame
from avrb_wds.packing.writer import ShardWriter
from avrb_wds.shards import AudioLayout, ClipRecord, FrameLayout, Manifest, ShardSet

WORKERS, BATCH, FRAMES, SIDE, RATE, SECONDS = 2, 32, 10, 224, 16_000, 10
LIMITS = {  # (this way, beside that way): at least this ratio of clips a second
    ("load clean", "bare loop"): 0.8,
    ("load clean", "webdataset"): 3.0,
    ("load gaussian-5", "webdataset"): 1.0,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_shards(Path(folder), arguments.clips, arguments.media)
        shards = ShardSet.open(folder)
        clean = avrb.load(shards, batch_size=BATCH, num_workers=WORKERS)
        gaussian = avrb.load(shards, "gaussian", 5, batch_size=BATCH, num_workers=WORKERS)
        plain = webdataset(sorted(map(str, Path(folder).glob("*.tar"))))
        ways: dict[str, Callable[[], int]] = {
            "bare loop": lambda: bare_loop(shards),
            "load clean": lambda: exhaust(clean),
            "load gaussian-5": lambda: exhaust(gaussian),
            "webdataset": lambda: exhaust(plain),
        }
        report(ways, arguments.clips, arguments.rounds)


def report(ways: dict[str, Callable[[], int]], clips: int, rounds: int) -> None:
    """Clips a second of every way, and the ratios that matter."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, run in ways.items():
            begin = time.perf_counter()
            assert run() == clips, name
            if number:  # the first round only warms up
                rates[name].append(clips / (time.perf_counter() - begin))
    for name, measured in rates.items():
        print(f"{name:16} {statistics.median(measured):7.0f} clips/s")
    for (way, other), limit in LIMITS.items():
        ratio = statistics.median(a / b for a, b in zip(rates[way], rates[other], strict=True))
        verdict = "" if ratio >= limit else "  MISSED"
        print(f"{way} / {other}: {ratio:.2f} (at least {limit}){verdict}")


def exhaust(batches: Iterable[dict[str, Any]]) -> int:
    """How many clips there were."""
    return sum(len(batch["key"]) for batch in batches)


def bare_loop(shards: ShardSet) -> int:
    """Threads that only read and decode, into the same memory again and again."""
    positions: SimpleQueue[int] = SimpleQueue()
    for position in range(len(shards)):
        positions.put(position)
    done: list[int] = []

    def work() -> None:
        frames = np.empty((FRAMES, SIDE, SIDE, 3), np.uint8)
        waveform = np.empty(RATE * SECONDS, np.float32)
        while True:
            try:
                position = positions.get_nowait()
            except Empty:
                return
            raw = shards.read(position, verify=False)
            for number, frame in enumerate(frames):
                jpeg = raw.members[f"frame_{number:04}.jpg"]
                simplejpeg.decode_jpeg(jpeg, buffer=frame)
            with wave.open(io.BytesIO(raw.members["wav"])) as sound:
                pcm = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
            np.multiply(pcm, np.float32(1 / 32768), out=waveform, dtype=np.float32)
            done.append(position)

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done)


def webdataset(urls: list[str]) -> Iterable[dict[str, Any]]:
    """What a user of plain webdataset would write for the same arrays."""
    dataset = wds.WebDataset(urls, shardshuffle=False).map(decode_sample)
    return wds.WebLoader(
        dataset.batched(BATCH, collation_fn=collate), batch_size=None, num_workers=WORKERS
    )


def decode_sample(sample: dict[str, Any]) -> dict[str, Any]:
    names = [f"frame_{number:04}.jpg" for number in range(FRAMES)]
    frames = [np.asarray(Image.open(io.BytesIO(sample[n])).convert("RGB")) for n in names]
    waveform, _ = soundfile.read(io.BytesIO(sample["wav"]), dtype="float32", always_2d=True)
    return {"key": sample["__key__"], "frames": np.stack(frames), "waveform": waveform.T}


def collate(samples: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "key": [sample["key"] for sample in samples],
        "frames": torch.from_numpy(np.stack([sample["frames"] for sample in samples])),
        "waveform": torch.from_numpy(np.stack([sample["waveform"] for sample in samples])),
    }


def write_shards(folder: Path, clips: int, media: Path) -> None:
    """Two shards or more, so that both processes of webdataset have work."""
    jpegs = sorted(media.glob("avrobustbench/eval_frames/*/*.jpg"))
    images = [path.read_bytes() for path in jpegs] or [procedural(n) for n in range(FRAMES)]
    rng = np.random.default_rng(0)
    pcm = rng.integers(-9000, 9000, (1, RATE * SECONDS)).astype(np.int16)
    wav = encode_audio(pcm, RATE)
    size, entries = -(-clips // 4), []
    for number in range(4):
        writer = ShardWriter(folder, "bench", number)
        for clip in range(number * size, min(clips, (number + 1) * size)):
            key = f"clip{clip:06}"
            record = ClipRecord(key, ("class",), 0, f"{key}.mp4", float(SECONDS)).to_bytes()
            frames = [(f"frame_{n:04}.jpg", images[n]) for n in range(FRAMES)]
            writer.add(key, [("json", record), ("wav", wav), *frames])
        entries.append(writer.finish())
    manifest = Manifest(
        "bench", clips, tuple(entries), FrameLayout(FRAMES, SIDE, SIDE, "jpg"),
        AudioLayout(RATE, 1, RATE * SECONDS, "wav"), ("class",), "single-label",
    )  # fmt: skip
    (folder / "manifest.json").write_bytes(manifest.to_bytes())
    print(f"{clips} clips of {os.path.getsize(folder / entries[0].file) // size // 1024} KiB")


def procedural(number: int) -> bytes:
    """A picture with edges, gradients and grain: about 10 KB."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(0, 256, (14, 14, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    grain = rng.integers(-4, 5, coarse.shape)
    return encode_frame(np.clip(coarse + grain, 0, 255).astype(np.uint8), quality=75)


if __name__ == "__main__":
    main()
