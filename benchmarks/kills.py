"""Evaluation under torchrun, killed at random points and resumed, comes to the same bytes.

    python benchmarks/kills.py [KILLS] [SEED]

One process, then 1, 2 and 3 under torchrun; then KILLS (20) times two ranks of which one is
SIGKILLed after a random number of batches, resumed by two ranks, or by three every fifth time.
Exit status 1 where any file of a report, or the digests of the clips, differ in a byte.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from shardmaking import clips, write_shards  # noqa: E402

from avrb_wds.reports import FILES, read_report  # noqa: E402

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
    command = ["-m", "avrb_wds", "evaluate", "bright:load", str(folder / "shards")]
    command += ["--out", str(out), "--batch-size", str(BATCH), "--num-workers", "1"]
    command += ["--corruption", "gaussian", "--corruption", "impulse"]
    if ranks:
        run = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
        command = [*run, *command]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{folder}", **variables}
    environment |= {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True)
    return done.returncode


def same(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in COMPARED)


def prepare(folder: Path) -> Path:
    """Shards, model and the run of one process, whose folder is returned."""
    write_shards(folder / "shards", clips(CLIPS))
    (folder / "bright.py").write_text(MODEL)
    assert evaluate(folder, folder / "whole", 0) == 0
    return folder / "whole"


def killed(folder: Path, whole: Path, number: int, rng: random.Random) -> bool:
    """Kill a rank, resume, and say whether the bytes are the same."""
    out, rank = folder / f"killed{number}", rng.randrange(2)
    after = rng.randrange(11 * 6 - 1)  # batches of a rank, 11 conditions a block
    status = evaluate(folder, out, 2, KILL_AFTER=str(after), KILL_RANK=str(rank))
    ranks = 3 if number % 5 == 4 else 2
    resumed = evaluate(folder, out, ranks)
    good = status != 0 and resumed == 0 and same(whole, out)
    print(f"rank {rank} killed after {after} batches, resumed by {ranks}: {good}", flush=True)
    return good


def main() -> int:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        whole = prepare(folder)
        print(f"digest {read_report(whole).receipt.digest}")
        good = []
        for ranks in (1, 2, 3):
            out = folder / f"ranks{ranks}"
            good.append(evaluate(folder, out, ranks, GROUP="gloo") == 0 and same(whole, out))
            print(f"torchrun with {ranks} on gloo: {good[-1]}", flush=True)
        good += [killed(folder, whole, number, rng) for number in range(kills)]
    print(f"{sum(good)} of {len(good)} the same to the byte")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
