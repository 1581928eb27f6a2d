"""How many clips a second `load` delivers, beside a bare loop and other loaders.

    python benchmarks/loading.py [--clips 400] [--rounds 5] [--media FOLDER]

Shards of clips of 10 frames 224x224 (JPEG) and 10 s of 16 kHz sound are written to a temporary
folder and read from the page cache.  A round runs every way once, so that what else the machine
does at the time counts for all; the ratio printed is the median over rounds.  Two threads or two
processes each.  Other loaders than webdataset take part where they are installed:
see other_loaders.py.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import threading
import wave
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import simplejpeg
from clips import FRAMES, MEDIA, RATE, SECONDS, SIDE, side_by_side, verdict, write_shards
from other_loaders import BATCH, WORKERS, open_peers

import avrb_wds as avrb
from avrb_wds.shards import ShardSet

LIMITS = {  # (this way, beside that way): at least this ratio of clips a second
    ("load clean", "bare loop"): 0.8,
    ("load clean", "webdataset"): 3.0,
    ("load clean", "litdata"): 2.5,
    ("load clean", "mosaic"): 2.5,
    ("load clean", "dali cpu"): 1.5,
    ("load gaussian-5", "webdataset"): 1.0,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--media", type=Path, default=MEDIA)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_shards(Path(folder), arguments.clips, arguments.media)
        shards = ShardSet.open(folder)
        clean = avrb.load(shards, batch_size=BATCH, num_workers=WORKERS)
        gaussian = avrb.load(shards, "gaussian", 5, batch_size=BATCH, num_workers=WORKERS)
        ways: dict[str, Callable[[], int]] = {
            "bare loop": lambda: bare_loop(shards),
            "load clean": lambda: exhaust(clean),
            "load gaussian-5": lambda: exhaust(gaussian),
            **open_peers(Path(folder)),
        }
        rates = side_by_side(ways, arguments.clips, arguments.rounds)
    for (way, other), limit in LIMITS.items():
        if other in rates:
            ratio = statistics.median(a / b for a, b in zip(rates[way], rates[other], strict=True))
            verdict(f"{way} / {other}", ratio, limit, at_least=True)


def exhaust(batches: Any) -> int:
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


if __name__ == "__main__":
    main()
