"""`python -m tests.fuzz`: see the package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as pytest does

from fuzz.runner import Outcome, find_faults
from fuzz.target import Target, discover

SHOWN = 3
"""Findings of the same kind and place that are written down, for each target."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; 1 where there are findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="every one if none is named")
    parser.add_argument("--cases", type=int, default=2000, help="of each target")
    parser.add_argument("--quick", action="store_true", help="as many as each target says is quick")
    parser.add_argument("--case", type=int, help="run this one alone, with its traceback")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="for the inputs")
    parser.add_argument("--list", action="store_true", help="the targets' names")
    given = parser.parse_args(arguments)
    targets = discover()
    if unknown := sorted(set(given.targets) - set(targets)):
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(targets)}")
    if given.list:
        print(*targets, sep="\n")
        return 0
    chosen = [targets[name] for name in given.targets or targets]
    if given.case is not None:
        return _repeat(chosen[0], given.case)
    cases = {target.name: target.quick if given.quick else given.cases for target in chosen}
    return _run_all(chosen, cases, given.out)


def _repeat(target: Target, case: int) -> int:
    data = target.input(case, list(target.seeds()))
    print(f"{len(data)} bytes: {data[:300]!r}", file=sys.stderr)
    value = target.read(data)
    target.check(data, value)
    print(f"accepted: {repr(value)[:1000]}")
    return 0


def _run_all(targets: Sequence[Target], cases: Mapping[str, int], out: Path) -> int:
    widest, found = max(len(target.name) for target in targets), 0
    print(f"{'target':{widest}} {'cases':>7} {'accepted':>8} {'refused':>8} findings  seconds")
    for target in targets:
        outcome = find_faults(target, cases[target.name])
        found += len(outcome.findings)
        print(
            f"{target.name:{widest}} {outcome.cases:7} {outcome.accepted:8} {outcome.refused:8} "
            f"{len(outcome.findings):8} {outcome.seconds:8.1f}",
            flush=True,
        )
        _write(target, outcome, out)
    return int(found > 0)


def _write(target: Target, outcome: Outcome, out: Path) -> None:
    """Print the first findings of every kind and place, and write down their inputs."""
    seeds = list(target.seeds()) if outcome.findings else []
    same: dict[tuple[str, str], int] = {}
    for finding in outcome.findings:
        kind = (finding.kind, finding.where)
        same[kind] = same.get(kind, 0) + 1
        if same[kind] <= SHOWN:
            out.mkdir(parents=True, exist_ok=True)
            path = out / f"{target.name}-{finding.case}"
            if finding.kind != "mutator":
                path.write_bytes(target.input(finding.case, seeds))
            print(f"  {path}: {finding.kind} at {finding.where}: {finding.text[:160]}")
    for (kind, where), count in same.items():
        print(f"  {count} times {kind} at {where}")


if __name__ == "__main__":
    sys.exit(main())
