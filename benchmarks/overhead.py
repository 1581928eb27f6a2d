"""What `load` adds to the kernels, what ranks cost, and whether memory stays flat.

    python benchmarks/overhead.py corrupting | ranks | memory | million  [--rounds 7]

corrupting: processor time of `load` in one thread, corrupting less clean, beside the kernels
called one by one on the same clips.  ranks: clips a second of each of two processes with one thread
and half of the clips, beside one process with one thread and all of them, in turns.  memory:
resident memory over 50 passes.  million: opening a manifest of a million clips, with what the first
batch of the last rank takes, in an interpreter that has imported everything already.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from clips import FRAMES, SIDE, verdict, write_shards

import avrb_wds as avrb
from avrb_wds.building.shard_writer import ShardWriter
from avrb_wds.shards import Manifest, ShardEntry, ShardSet, decode_clip
from avrb_wds.shards.index import IndexEntry, ShardIndex, index_file
from avrb_wds.signals import to_waveform

SOME = ("gaussian", "impulse", "compression", "snow", "wind", "interference")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["corrupting", "ranks", "memory", "million"], nargs="+")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    for what in arguments.what:
        with tempfile.TemporaryDirectory() as folder:
            run: Callable[[Path, int], None] = globals()[what]
            run(Path(folder), arguments.rounds)


def exhaust(loader: Any) -> int:
    return sum(len(batch["key"]) for batch in loader)


def cpu(run: Callable[..., Any], *given: Any) -> float:
    begin = time.process_time()
    run(*given)
    return time.process_time() - begin


def corrupting(folder: Path, rounds: int) -> None:
    write_shards(folder, 16)
    shards = ShardSet.open(folder)
    clips = [decode_clip(shards.read(position)) for position in range(len(shards))]
    out = np.empty((FRAMES, SIDE, SIDE, 3), np.uint8)
    clean = avrb.load(shards, batch_size=8, num_workers=0)
    added, whole = [], []
    for name in SOME:
        corrupter = avrb.Corrupter.of(name, 3)

        def kernels(corrupter: avrb.Corrupter = corrupter) -> None:
            for clip in clips:
                corrupter.frames(clip.frames, clip.key, out)
                to_waveform(corrupter.pcm(clip.pcm, clip.key, clip.sample_rate))

        loader = avrb.load(shards, name, 3, batch_size=8, num_workers=0)
        times = [(cpu(exhaust, loader), cpu(exhaust, clean), cpu(kernels)) for _ in range(rounds)]
        # The least of each: what else the machine does can only add.
        both, without, bare = (min(column) for column in zip(*times, strict=True))
        added.append((both - without) / bare)
        whole.append(both / (without + bare))
        print(f"{name:14} (corrupting - clean) / kernels {added[-1]:.3f}, in all {whole[-1]:.3f}")
    verdict("(load corrupting - load clean) / kernels, mean", statistics.mean(added), 1.05)
    verdict("load corrupting / (load clean + kernels), worst", max(whole), 1.05)


def ranks(folder: Path, rounds: int) -> None:
    write_shards(folder, 400)
    walls, processors = [], []
    for _ in range(rounds):
        one, two, again = _rates(folder, 1), _rates(folder, 2), _rates(folder, 1)
        alone = np.mean([*one, *again], axis=0)
        slower = np.min(two, axis=0)
        walls.append(slower[0] / alone[0])
        processors.append(slower[1] / alone[1])
        print(f"one {alone[0]:.0f} clips/s, each of two at least {slower[0]:.0f} clips/s")
    of = "of the slower of two ranks / of one alone"
    verdict(f"clips a second {of}", statistics.median(walls), 0.9, at_least=True)
    # The same where others keep the cores busy.
    verdict(f"clips a processor second {of}", statistics.median(processors), 0.9, at_least=True)


def _rates(folder: Path, world: int) -> list[tuple[float, float]]:
    """Clips a second, and a second of processor time, of each rank."""
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(world), context.SimpleQueue()
    processes = [
        context.Process(target=_rank, args=(folder, rank, world, barrier, queue))
        for rank in range(world)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [queue.get() for _ in processes]


def _rank(folder: Path, rank: int, world: int, barrier: Any, queue: Any) -> None:
    loader = avrb.load(folder, num_workers=1, rank=rank, world_size=world)
    exhaust(loader)
    barrier.wait()
    begin, used = time.perf_counter(), time.process_time()
    clips = exhaust(loader)
    queue.put((clips / (time.perf_counter() - begin), clips / (time.process_time() - used)))


def memory(folder: Path, rounds: int) -> None:
    write_shards(folder, 64)
    loader = avrb.load(folder, ["clean", "impulse-3"], batch_size=8, num_workers=2)
    sizes = []
    for _ in range(50):
        exhaust(loader)
        gc.collect()
        sizes.append(resident())
    settled, last = statistics.median(sizes[5:15]), statistics.median(sizes[-10:])
    print(f"resident after passes 1, 10, 50: {sizes[0]:.1f}, {sizes[9]:.1f}, {sizes[-1]:.1f} MB")
    verdict("resident memory, passes 41-50 / 6-15", last / settled, 1.02)


def million(folder: Path, rounds: int) -> None:
    shards, each = 1000, 1000
    entries = synthesised(folder, shards, each)
    layout = avrb.Manifest.read(folder / "manifest.json")
    (folder / "manifest.json").write_bytes(
        Manifest("million", shards * each, entries, layout.frames, layout.audio, ("class",),
                 "single-label").to_bytes()
    )  # fmt: skip
    for shuffle in (False, True):
        queue = multiprocessing.get_context("spawn").SimpleQueue()
        process = multiprocessing.get_context("spawn").Process(
            target=_open_million, args=(folder, shuffle, queue)
        )
        process.start()
        process.join()
        opened, first, size, whole = queue.get()
        print(f"shuffle {shuffle}: open and len {opened:.2f} s,", end=" ")
        print(f"first batch of rank 63 {first:.2f} s more")
        verdict("  seconds to open", opened, 1)
        verdict("  MB to open and give the first batch", size, 200)
        verdict("  MB once every index was read", whole, 200)


def synthesised(folder: Path, shards: int, each: int) -> tuple[ShardEntry, ...]:
    """A manifest's entries: every shard is the same small file, every index its own."""
    write_shards(folder, 4)
    (folder / "small").mkdir()
    writer = ShardWriter(folder / "small", "bench", 0)
    with ShardSet.open(folder) as opened:
        raw = opened.read(0)
    writer.add(raw.key, [(name, bytes(data)) for name, data in raw.members.items()])
    small = writer.finish()
    clip = ShardIndex.read(folder / "small" / small.index)[0]
    entries = []
    for number in range(shards):
        name = f"million-{number:06}.tar"
        (folder / name).hardlink_to(folder / "small" / small.file)
        index = ShardIndex(
            IndexEntry(clip.key, clip.offset, clip.length, clip.checksum) for _ in range(each)
        ).to_bytes()
        (folder / index_file(name)).write_bytes(index)
        digest = hashlib.sha256(index).hexdigest()
        entries.append(ShardEntry(name, small.bytes, each, small.sha256, index_file(name), digest))
    return tuple(entries)


def _open_million(folder: Path, shuffle: Any, queue: Any) -> None:
    import torch  # noqa: F401  what every worker has in memory anyway

    exhaust(avrb.load(folder / "bench-000000.tar", num_workers=1))
    before, begin = resident(), time.perf_counter()
    loader = avrb.load(
        folder, rank=63, world_size=64, shuffle=shuffle, batch_size=32, num_workers=1, prefetch=1
    )
    assert len(loader) == -(-loader.clips // 32)
    opened = time.perf_counter() - begin
    batches = iter(loader)
    next(batches)
    first = time.perf_counter() - begin - opened
    size = resident() - before
    del batches
    for number in range(len(loader.shards.shards)):
        loader.shards.index(number)
    queue.put((opened, first, size, resident() - before))


def resident() -> float:
    """Resident memory of this process in MB (10**6 bytes)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main()
