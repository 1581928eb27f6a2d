"""What more cores give: clips a second by threads, by worker processes, and by ranks.

    python benchmarks/scaling.py [--workers 1 2 4 8 16] [--rounds 3] [--conditions rain-3 …]
                                 [--device cuda]

For clean clips and some corruptions: `load` with so many threads, with so many worker processes,
and so many ranks of one thread, which share nothing and show what the machine itself allows; all
beside one thread, in turns.  The figure behind is the share of what one thread does alone that
each still does.  With --device a model there takes the batches, as in an evaluation, beside `load`
alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from clips import write_shards
from overhead import exhaust

import avrb_wds as avrb

CONDITIONS = ("clean", "gaussian-5", "underwater-3", "crowd-5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    cores = len(os.sched_getaffinity(0))
    some = [number for number in (1, 2, 4, 8, 16, 32, 64) if number <= cores]
    parser.add_argument("--workers", type=int, nargs="+", default=some)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clips", type=int, default=64, help="for each worker")
    parser.add_argument("--ways", nargs="+", default=["thread", "process", "rank"])
    parser.add_argument("--conditions", nargs="+", default=CONDITIONS)
    parser.add_argument("--device", help="measure the way to a model there instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_shards(folder, arguments.clips * max(arguments.workers))
        for condition in arguments.conditions:
            if arguments.device:
                to_device(folder, condition, max(arguments.workers), arguments)
            else:
                more_workers(folder, condition, arguments)


def more_workers(folder: Path, condition: str, arguments: argparse.Namespace) -> None:
    one: list[float] = []
    rates: dict[tuple[int, str], list[float]] = {}
    for _ in range(arguments.rounds):
        one.append(rate(folder, condition, 1, arguments.clips, "thread"))
        for number in arguments.workers:
            for way in arguments.ways:
                measured = rate(folder, condition, number, arguments.clips, way)
                rates.setdefault((number, way), []).append(measured)
    alone = statistics.median(one)
    print(f"{condition}: one thread {alone:.0f} clips/s", flush=True)
    for (number, way), measured in rates.items():
        usual = statistics.median(measured)
        print(f"  {number:3} {way:8}{usual:7.0f} clips/s, {usual / number / alone:.2f}", flush=True)


def rate(folder: Path, condition: str, number: int, clips: int, way: str) -> float:
    """Clips a second of `number` threads, processes or ranks together, each with `clips` clips."""
    context = multiprocessing.get_context("spawn")
    ranks = number if way == "rank" else 1
    workers = (1, "thread") if way == "rank" else (number, way)
    barrier, queue = context.Barrier(ranks + 1), context.SimpleQueue()
    given = (folder, condition, workers, clips * number // ranks, barrier, queue)
    processes = [context.Process(target=_rank, args=(rank, *given)) for rank in range(ranks)]
    for process in processes:
        process.start()
    barrier.wait()
    begin = time.perf_counter()
    done = sum(queue.get() for _ in processes)
    seconds = time.perf_counter() - begin
    for process in processes:
        process.join()
    return done / seconds


def _rank(
    rank: int, folder: Path, condition: str, workers: tuple[int, Any], clips: int, *sync: Any
) -> None:
    barrier, queue = sync
    shards = avrb.ShardSet.open(folder)
    # As many ranks as make a share of `clips`, however many of them run.
    loader = avrb.load(
        shards, [condition], num_workers=workers[0], worker_type=workers[1], rank=rank,
        world_size=len(shards) // clips,
    )  # fmt: skip
    exhaust(loader)  # imports, processes, the bank's sounds
    barrier.wait()
    queue.put(exhaust(loader))


def to_device(folder: Path, condition: str, threads: int, arguments: argparse.Namespace) -> None:
    import torch

    from avrb_wds.evaluation.models import compute_scores, eval_mode

    model = some_model()
    loading, scoring = [], []
    for number in range(arguments.rounds + 1):
        for rates, used in ((loading, False), (scoring, True)):
            loader = avrb.load(folder, [condition], num_workers=threads)
            begin, done = time.perf_counter(), 0
            with eval_mode(model, arguments.device) as where:
                for batch in loader:
                    done += len(batch["key"])
                    if used:
                        compute_scores(model, batch, 2, where)
            if number:  # the first round only warms up
                rates.append(done / (time.perf_counter() - begin))
    ours, theirs = statistics.median(scoring), statistics.median(loading)
    print(
        f"{condition}: scored on {torch.device(arguments.device)} {ours:.0f} clips/s, "
        f"{ours / theirs:.2f} of load alone with {threads} threads"
    )


def some_model() -> Any:
    """A convolution over every frame and a mean of the sound: little beside the way there."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.seen = torch.nn.Conv2d(3, 2, 16, 16)

        def forward(self, batch: Any) -> Any:
            frames = batch["frames"].flatten(0, 1).permute(0, 3, 1, 2).float() / 255
            seen = self.seen(frames).mean((2, 3)).reshape(len(batch["key"]), -1, 2).mean(1)
            return seen + batch["waveform"].square().mean((1, 2))[:, None]

    return Model()


if __name__ == "__main__":
    main()
