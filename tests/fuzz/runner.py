"""Targets run in forked children, their findings gathered and written down."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .child import Board, Finding, run_cases
from .target import Target

__all__ = ["Outcome", "find_faults"]

PATIENCE = 120.0
"""Seconds that a child may stay at one case before it is killed; other limits are of CPU time."""
MOST_FINDINGS = 100


@dataclass(frozen=True)
class Outcome:
    """What became of a target's cases."""

    target: str
    cases: int
    accepted: int
    refused: int
    findings: tuple[Finding, ...]
    seconds: float


def find_faults(target: Target, cases: int) -> Outcome:
    """Run cases 0 to `cases` - 1; ends early where there are very many findings."""
    start, board, case = time.monotonic(), Board(), 0
    seeds = list(target.seeds())
    with tempfile.TemporaryDirectory(prefix="avrb-fuzz-") as folder:
        path = Path(folder) / "findings.jsonl"
        path.touch()
        while case < cases:
            _run_child(target, seeds, range(case, cases), board, path)
            case = board.case + 1
            if len(path.read_bytes().splitlines()) >= MOST_FINDINGS:
                break
        findings = tuple(Finding(**json.loads(line)) for line in path.read_bytes().splitlines())
    seconds = time.monotonic() - start
    return Outcome(target.name, case, board.accepted, board.refused, findings, seconds)


def _run_child(
    target: Target, seeds: Sequence[bytes], cases: range, board: Board, path: Path
) -> None:
    board.case = cases.start
    child = os.fork()
    if child == 0:
        status = 1
        try:
            run_cases(target, seeds, cases, board, path)
            status = 0
        finally:
            os._exit(status)
    status = _wait(child, board)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        with path.open("ab") as file:
            file.write(Finding(board.case, "harness", "exit", "the process ended").line())
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        how = "does not end" if number == signal.SIGKILL else "crash"
        name = signal.Signals(number).name
        with path.open("ab") as file:
            file.write(Finding(board.case, how, name, f"the process died by {name}").line())


def _wait(child: int, board: Board) -> int:
    """The status a child ends with; it is killed where it stays at one case for too long."""
    case, since, pause = board.case, time.monotonic(), 0.001
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(pause)
        pause = min(2 * pause, 0.1)
        if board.case != case:
            case, since = board.case, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            os.kill(child, signal.SIGKILL)
