"""Readers of outside data, each with some mutated inputs; `python -m tests.fuzz` tries more."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from fuzz.runner import find_faults
from fuzz.target import Target

import avrb_wds as avrb

ROOT = Path(__file__).resolve().parents[1]


def test_no_target_has_findings(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--quick", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def misbehave(data: bytes) -> object:
    """Does what its input says."""
    what = data.decode()
    if what == "raise":
        raise KeyError(what)
    if what == "print":
        print(what)
    if what == "hang":
        while True:
            pass
    if what == "abort":
        import os

        os.abort()
    if what == "allocate":
        bytearray(1 << 30)
    if what == "refuse":
        raise avrb.DataError("x is refused.")
    if what == "chatter":
        raise avrb.DataError("x\nis refused.")
    return what


FOUND = {
    "raise": "KeyError",
    "print": "output",
    "hang": "time",
    "abort": "crash",
    "allocate": "MemoryError",
    "chatter": "message",
    "wrong": "oracle",
}


def never_wrong(data: bytes, value: object) -> None:
    assert value != "wrong"


@pytest.mark.parametrize("what", [*FOUND, "refuse", "good"])
def test_the_harness_finds(what: str) -> None:
    inputs = [b"good", what.encode(), b"good"]
    target = Target("made up", lambda: [b"good"], lambda rng, data: what.encode(), misbehave,
                    never_wrong, seconds=0.1, memory=64 << 20)  # fmt: skip
    outcome = find_faults(target, len(inputs))
    kinds = {finding.kind for finding in outcome.findings}
    assert kinds == ({FOUND[what]} if what in FOUND else set())
    assert outcome.cases == len(inputs)


def test_a_case_is_a_function_of_its_number() -> None:
    def mutate(rng: Random, data: bytes) -> bytes:
        return data + rng.randbytes(4)

    target = Target("numbered", lambda: [b"a"], mutate, bytes)
    assert target.input(0, [b"a"]) == b"a"
    assert target.input(7, [b"a"]) == target.input(7, [b"a"]) != target.input(8, [b"a"])
