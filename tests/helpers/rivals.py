"""Runs that get in each other's way: started, stopped, killed and resumed in one folder."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import avrb_wds as avrb
from avrb_wds.codecs import encode_audio
from avrb_wds.errors import AvrbError
from avrb_wds.evaluation import evaluate
from avrb_wds.evaluation.compute_receipt import compute_receipt
from avrb_wds.media.folder import corrupt_folder
from avrb_wds.packing import PackOptions, pack
from avrb_wds.progress import Progress
from avrb_wds.reports import FILES
from helpers.evaluation import bright
from helpers.shards import clips, write_shards
from helpers.videos import Movie, make_video

__all__ = ["REFUSED", "WORKS", "Round", "content", "play", "prepare", "undisturbed"]

LOADED = ["av", "torch", "torchmetrics.classification", "avrb_wds.evaluation", "avrb_wds.rendering"]
REFUSED = 3
"""Exit status of a rival whose run ended in a sentence."""
Work = Callable[[Path, Path, int, Progress], object]
"""Makes something: (folder of sources, where to, workers, progress)."""


def prepare(folder: Path) -> Path:
    """Sources for all works."""
    write_shards(folder / "shards", clips(12, height=16, width=16, samples=400))
    (folder / "videos").mkdir()
    for number in range(6):
        make_video(folder / "videos" / f"v{number}.mp4", Movie(frames=4, seconds=0.2 + number / 50))
    (media := folder / "media" / "deep").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(6):
        Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(media / f"{number}.png")
        pcm = rng.integers(-999, 999, (1, 400)).astype(np.int16)
        (media.parent / f"s{number}.wav").write_bytes(encode_audio(pcm, 16_000))
    make_video(media / "z.mp4", Movie(frames=4, seconds=0.2))
    return folder


def _pack(sources: Path, out: Path, workers: int, progress: Progress) -> None:
    options = PackOptions(frames=2, frame_size=16, clips_per_shard=2)
    pack(sources / "videos", out, options, num_workers=max(1, workers), resume=True,
         progress=progress)  # fmt: skip


def _render(layout: Any, *severities: int) -> Work:
    def work(sources: Path, out: Path, workers: int, progress: Progress) -> None:
        conditions = avrb.conditions(["gaussian"], severities)
        options = avrb.RenderOptions(layout=layout, clips_per_shard=2)
        avrb.render(sources / "shards", out, conditions, options=options, num_workers=workers,
                    resume=True, progress=progress)  # fmt: skip

    return work


def _corrupt(sources: Path, out: Path, workers: int, progress: Progress) -> None:
    corrupt_folder(sources / "media", out, "gaussian", 3, resume=True, progress=progress)


CONDITIONS = avrb.conditions(["gaussian"], [1, 5])


def _evaluate(sources: Path, out: Path, workers: int, progress: Progress) -> None:
    evaluate(bright, sources / "shards", CONDITIONS, out=out, batch_size=2, num_workers=workers,
             progress=progress)  # fmt: skip


def _digest(sources: Path, out: Path, workers: int, progress: Progress) -> None:
    compute_receipt(sources / "shards", CONDITIONS, out=out / "results.json", num_workers=workers,
           progress=progress)  # fmt: skip


WORKS: Mapping[str, Work] = {
    "pack": _pack,
    "render shards": _render("shards", 3),
    "render two sets": _render("shards", 1, 3),
    "render avrobustbench": _render("avrobustbench", 3),
    "corrupt": _corrupt,
    "evaluate": _evaluate,
    "digest": _digest,
}


def content(work: str, out: Path) -> dict[str, bytes]:
    """What a work has made; of an evaluation, what does not tell how often it was broken off."""
    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    if work == "evaluate":
        files = {name: files[name] for name in (*FILES, "report.digests.tsv") if name in files}
    return {name: path.read_bytes() for name, path in files.items()}


def undisturbed(work: str, sources: Path, out: Path) -> dict[str, bytes]:
    """What a work makes that nobody disturbs."""
    WORKS[work](sources, out, 0, lambda done, total: None)
    return content(work, out)


@dataclass
class Round:
    """What happened.  statuses: how rivals ended, as `Process.exitcode` has it."""

    work: str
    seed: int
    done: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    last: int | None = None
    same: bool = False

    @property
    def is_good(self) -> bool:
        """No crash, and the run that nobody disturbed any more made the right bytes."""
        known = {0, REFUSED, -signal.SIGKILL}
        return self.same and self.last == 0 and set(self.statuses) <= known


def play(
    work: str,
    seed: int,
    sources: Path,
    out: Path,
    whole: Mapping[str, bytes],
    processes: bool = False,
) -> Round:
    """Two or three rivals, stopped, killed and let go as `seed` says; then one run alone.

    whole: what they are to make.  processes: some of them have worker processes of their own.
    """
    rng, found, rivals = random.Random(f"{work} {seed}"), Round(work, seed), list[_Rival]()
    workers = 3 if processes and rng.random() < 0.2 else rng.choice((0, 1))
    out.mkdir()
    rivals.append(_Rival(work, sources, out, workers))
    for _ in range(rng.randrange(3, 8)):
        time.sleep(rng.choice((0.0, 0.02, 0.1, 0.3)) * rng.random())
        alive = [rival for rival in rivals if rival.process.is_alive()]
        act = rng.choice(("start", "start", "stop", "continue", "kill"))
        if act == "start" and len(alive) < 3:
            rivals.append(_Rival(work, sources, out, workers))
        elif act != "start" and alive:
            rng.choice(alive).send(act)
        found.done.append(act)
    for rival in rivals:
        rival.send("continue")
    for rival in rivals:
        rival.process.join()
    found.statuses = [rival.process.exitcode or 0 for rival in rivals]
    if 0 in found.statuses and content(work, out) != whole:
        found.done.append("WRONG with status 0")
        return found
    last = _Rival(work, sources, out, 0)
    last.process.join()
    found.last, found.same = last.process.exitcode, content(work, out) == whole
    return found


class _Rival:
    """A run in a fork of a process that has imported what takes seconds, and done nothing else."""

    def __init__(self, work: str, sources: Path, out: Path, workers: int) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(LOADED)
        arguments = (work, sources, out, workers)
        self.process: BaseProcess = context.Process(target=_run, args=arguments)
        self.process.start()

    def send(self, act: str) -> None:
        signals = {"stop": signal.SIGSTOP, "continue": signal.SIGCONT, "kill": signal.SIGKILL}
        if self.process.is_alive() and self.process.pid is not None:
            os.kill(self.process.pid, signals[act])


def _run(work: str, sources: Path, out: Path, workers: int) -> None:
    torch.set_num_threads(1)
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until this process ends
    try:
        WORKS[work](sources, out, workers, lambda done, total: time.sleep(0.005))
    except AvrbError:
        sys.exit(REFUSED)
