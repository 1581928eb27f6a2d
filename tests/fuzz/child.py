"""Cases of one target, run one after another in a process that may die of them."""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from avrb_wds import AvrbError

from .target import Target

__all__ = ["Board", "Finding", "run_cases"]

SLACK = 512 << 20
"""Of addresses beyond what a case may take: for stacks and pools of threads."""
LONGEST_MESSAGE = 1000


@dataclass(frozen=True)
class Finding:
    """A case that ended as none may.  kind: in a few words; where: of ours that is nearest."""

    case: int
    kind: str
    where: str
    text: str

    def line(self) -> bytes:
        """As a line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"


class Board:
    """Numbers that a child writes and its parent reads, whatever becomes of the child."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, 32)

    def _number(place: int) -> Any:  # type: ignore[misc]
        def read(self: Board) -> int:
            return int(struct.unpack_from("q", self._map, 8 * place)[0])

        def write(self: Board, value: int) -> None:
            struct.pack_into("q", self._map, 8 * place, value)

        return property(read, write)

    case, accepted, refused = _number(0), _number(1), _number(2)


class _TooSlow(BaseException):
    """Raised by the timer into a case that does not end."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise _TooSlow


def run_cases(
    target: Target, seeds: Sequence[bytes], cases: range, board: Board, findings: Path
) -> None:
    """Run cases in this process, which is one of its own, and append what is found to a file."""
    faulthandler.disable()  # pytest's would write to pytest's stderr
    said = tempfile.TemporaryFile()  # noqa: SIM115 # open as long as the process
    for number in (1, 2):
        os.dup2(said.fileno(), number)
    sys.stdout = sys.stderr = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    warnings.resetwarnings()
    warnings.simplefilter("always")
    signal.signal(signal.SIGPROF, _stop)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    _limit_addresses(target.memory)
    highest, heard = base + target.memory, 0
    with findings.open("ab", buffering=0) as file:
        for case in cases:
            board.case = case
            found = _run(target, case, seeds, board)
            size = os.fstat(said.fileno()).st_size
            if size > heard:
                text = os.pread(said.fileno(), 1000, heard).decode(errors="replace")
                found, heard = found or Finding(case, "output", text[:60], text), size
            if found:
                file.write(found.line())
            if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 > highest:
                text = f"more than {target.memory >> 20} MiB are taken"
                file.write(Finding(case, "memory", text, text).line())
                return  # what was taken may stay taken: the next case begins in a new process


def _limit_addresses(memory: int) -> None:
    statm = Path("/proc/self/statm")
    if statm.exists():
        now = int(statm.read_text().split()[0]) * mmap.PAGESIZE
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (now + memory + SLACK, hard))


def _run(target: Target, case: int, seeds: Sequence[bytes], board: Board) -> Finding | None:
    try:
        data = target.input(case, seeds)
    except Exception as error:
        return Finding(case, "mutator", _where(error), f"{type(error).__name__}: {error}")
    signal.setitimer(signal.ITIMER_PROF, 4 * target.seconds)
    start = time.process_time()
    found = None
    try:
        value = target.read(data)
        target.check(data, value)
        board.accepted += 1
    except AvrbError as error:
        board.refused += 1
        found = _refusal(case, error, case < len(seeds))
    except _TooSlow:
        return Finding(case, "time", "stopped", f"more than {4 * target.seconds} s of CPU")
    except BaseException as error:  # whatever it is, it is a finding
        kind = "oracle" if isinstance(error, AssertionError) else type(error).__name__
        found = Finding(case, kind, _where(error), f"{type(error).__name__}: {str(error)[:500]}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    took = time.process_time() - start
    if took > target.seconds and found is None:
        return Finding(case, "time", f"{target.seconds} s", f"{took:.1f} s of CPU")
    return found


def _refusal(case: int, error: AvrbError, seed: bool) -> Finding | None:
    said = str(error)
    if seed:
        return Finding(case, "seed refused", _where(error), said[:500])
    if len(said) > LONGEST_MESSAGE or "\n" in said:
        return Finding(case, "message", _where(error), f"{len(said)} characters: {said[:300]!r}")
    return None


def _where(error: BaseException) -> str:
    """The line of this project nearest to where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    parts = ("/avrb_wds/", "/corruptions/", "/tools/", "/fuzz/")
    ours = [f for f in frames[1:] if any(part in f.filename for part in parts)]
    nearest = (ours or frames)[-1]
    return f"{Path(nearest.filename).name}:{nearest.lineno}"
