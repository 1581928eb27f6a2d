"""One pass over all 76 conditions: what it costs beside the kernels, and beside 76 passes.

    python benchmarks/conditions.py [--clips 200] [--every 8]

The demo's clips are made and packed.  Then, in one thread, processor time is measured of

- every kernel called on every clip, and each clip decoded once;
- `load` over all conditions; the bytes read of the shards are counted;
- `load` over one condition after another, as in 76 separate passes, of which one in `--every` is
  run and the sum extrapolated.

All three take turns on one block of clips after another, so that what else the machine does counts
for all.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from clips import verdict

import avrb_wds as avrb
from avrb_wds.corrupter import Corrupter, corrupter_for
from avrb_wds.demo.videos import SIZE, make_videos
from avrb_wds.settings import CorruptionSettings
from avrb_wds.shards import RawClip, ShardSet, decode_clip
from avrb_wds.signals import to_waveform

BATCH = 20
WANTED = avrb.conditions()


class CountedShards(ShardSet):
    """A ShardSet that counts the bytes it reads of each shard."""

    bytes_read = 0

    def read(self, position: int, *, verify: bool = True) -> RawClip:
        self.bytes_read += self.locate(position)[1].length
        return super().read(position, verify=verify)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--every", type=int, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_videos(Path(folder) / "videos", arguments.clips, 0, lambda done, all_of: None)
        options = avrb.PackOptions(frames=10, frame_size=SIZE, clips_per_shard=50)
        avrb.pack(Path(folder) / "videos", Path(folder) / "shards", options)
        with CountedShards.open(Path(folder) / "shards") as shards:
            one_pass(shards, arguments.every)


def one_pass(shards: CountedShards, every: int) -> None:
    blocks = -(-len(shards) // BATCH)
    kernels(shards, range(1))  # tables are made when they are first needed
    alone = together = apart = 0.0
    counted = 0
    for rank in range(blocks):
        part = {"rank": rank, "world_size": blocks, "batch_size": BATCH, "num_workers": 0}
        before = shards.bytes_read
        together += cpu(exhaust, [avrb.load(shards, WANTED, **part)])
        counted += shards.bytes_read - before
        alone += cpu(kernels, shards, positions(shards, rank, blocks))
        some = WANTED[rank % every :: every]
        seconds = cpu(exhaust, [avrb.load(shards, one, **part) for one in some])
        apart += seconds * len(WANTED) / len(some)
    print(f"{len(shards)} clips, {len(WANTED)} conditions, one thread, seconds of processor time:")
    print(f"  kernels and one decode {alone:.1f}; one pass {together:.1f}; 76 passes {apart:.1f}")
    held = sum(shards.locate(position)[1].length for position in range(len(shards)))
    verdict("bytes read in one pass / bytes of the clips", counted / held, 1)
    verdict("one pass / (kernels + one decode)", together / alone, 1.15)
    verdict("76 passes / one pass", apart / together, 1.0, at_least=True)


def positions(shards: ShardSet, rank: int, ranks: int) -> range:
    return range(len(shards) * rank // ranks, len(shards) * (rank + 1) // ranks)


def kernels(shards: ShardSet, some: Iterable[int]) -> None:
    """Every kernel on every clip, and each clip decoded once."""
    corrupters: list[Corrupter | None] = [
        corrupter_for(condition, CorruptionSettings()) for condition in WANTED
    ]
    out = np.empty((10, SIZE, SIZE, 3), np.uint8)
    for position in some:
        clip = decode_clip(shards.read(position))
        for corrupter in corrupters:
            if corrupter is not None:
                corrupter.frames(clip.frames, clip.key, out)
                to_waveform(corrupter.pcm(clip.pcm, clip.key, clip.sample_rate))


def exhaust(loaders: Iterable[Any]) -> int:
    return sum(len(batch["key"]) for loader in loaders for batch in loader)


def cpu(run: Callable[..., Any], *arguments: Any) -> float:
    begin = time.process_time()
    run(*arguments)
    return time.process_time() - begin


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
