"""Rivals in one folder, stopped, killed and resumed: the right bytes, or one of them is refused.

    python benchmarks/rivals.py [ROUNDS] [SEED]

ROUNDS (50) times two or three runs of one work, which turns from round to round, are started in
one folder, stopped, let go on and killed at random; then one more goes on alone.  Exit status 1
where a run ended otherwise than well, in a sentence or by the kill, where one ended well and what
was there was wrong, or where the last does not come to the bytes of an undisturbed run.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from helpers.rivals import REFUSED, WORKS, play, prepare, undisturbed

NAMES = {0: "well", REFUSED: "refused", -9: "killed"}


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    ends: dict[str, Counter[str]] = {work: Counter() for work in WORKS}
    with tempfile.TemporaryDirectory() as made:
        sources = prepare(Path(made))
        whole = {work: undisturbed(work, sources, Path(made) / f"whole {work}") for work in WORKS}
        for number in range(rounds):
            work = list(WORKS)[number % len(WORKS)]
            out = Path(made) / f"round {number}"
            found = play(work, seed + number, sources, out, whole[work], processes=True)
            ended = [NAMES.get(status, f"status {status}") for status in found.statuses]
            ends[work].update(ended + ["rounds"] + ["good"] * found.is_good)
            print(f"{number:3} {work}: {', '.join(found.done)}; ended {', '.join(ended)}; ", end="")
            print("same bytes" if found.is_good else f"WRONG {found}", flush=True)
    for work, counts in ends.items():
        print(f"{work}: " + ", ".join(f"{counts[name]} {name}" for name in counts))
    good, played = (sum(counts[name] for counts in ends.values()) for name in ("good", "rounds"))
    print(f"{good} of {played} rounds good")
    return 0 if good == played else 1


if __name__ == "__main__":
    sys.exit(main())
