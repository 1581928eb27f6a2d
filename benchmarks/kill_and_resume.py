"""Evaluation under torchrun, killed at random points and resumed, comes to the same bytes.

    python benchmarks/kill_and_resume.py [KILLS] [SEED]

One process, then 1, 2 and 3 under torchrun; then KILLS (20) times two ranks of which one is
SIGKILLed after a random number of batches, resumed by two ranks, or by three every fifth time.
Exit status 1 where any file of a report, or the digests of the clips, differ in a byte.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from helpers.torchrun import evaluate, prepare, same

from avrb_wds.reports import read_report


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
