"""Evaluations under torchrun on a few clips, with a rank that is killed on request."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from avrb_wds.reports import FILES
from helpers.cli import run_avrb
from helpers.shards import clips, write_shards

__all__ = ["evaluate", "prepare", "same"]

ROOT = Path(__file__).resolve().parents[2]
CLIPS, BATCH = 23, 2
COMPARED = (*FILES, "report.digests.tsv")
MODEL = """
import os, signal
import torch

class Bright(torch.nn.Module):
    batches = 0

    def forward(self, batch):
        kill = os.environ.get("KILL_AFTER")
        if kill and os.environ["RANK"] == os.environ["KILL_RANK"] and self.batches >= int(kill):
            os.kill(os.getpid(), signal.SIGKILL)
        self.batches += 1
        mean = batch["frames"].double().mean((1, 2, 3))
        loud = batch["waveform"].double().square().mean((1, 2))
        return (mean + 1000 * loud[:, None]).float()

def load():
    if "GROUP" in os.environ:
        torch.distributed.init_process_group("gloo")
    return Bright()
"""


def evaluate(folder: Path, out: Path, ranks: int, **variables: str) -> int:
    """Run `avrb evaluate`, under torchrun unless ranks is 0; returns the exit status."""
    command = ["-m", "avrb_wds", *_words(folder, out)]
    if ranks:
        run = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
        command = [*run, *command]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{folder}", **variables}
    environment |= {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True)
    return done.returncode


def _words(folder: Path, out: Path) -> list[str]:
    return [
        "evaluate", "bright:load", str(folder / "shards"), "--out", str(out),
        "--batch-size", str(BATCH), "--num-workers", "1",
        "--corruption", "gaussian", "--corruption", "impulse",
    ]  # fmt: skip


def same(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in COMPARED)


def prepare(folder: Path) -> Path:
    """Shards, model and the run without torchrun, whose folder is returned."""
    write_shards(folder / "shards", clips(CLIPS))
    (folder / "bright.py").write_text(MODEL)
    assert run_avrb(*_words(folder, folder / "whole"), folder=folder).returncode == 0
    return folder / "whole"
