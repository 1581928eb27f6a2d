"""Golden digests hold, whatever CPU features NumPy may use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import golden
import pytest

try:
    from numpy._core._multiarray_umath import __cpu_dispatch__
except ImportError:  # NumPy 1
    from numpy.core._multiarray_umath import __cpu_dispatch__

EXPECTED = json.loads(golden.FILE.read_text())
AVX512 = [f for f in __cpu_dispatch__ if f == "X86_V4" or f.startswith("AVX512")]


@pytest.mark.parametrize("name", golden.built_in())
def test_digests_hold(name: str) -> None:
    expected = {cell: d for cell, d in EXPECTED.items() if cell.startswith(f"{name}-")}
    assert not golden.differences(expected, golden.digests((name,)))


def test_no_digest_is_left_over() -> None:
    names = {cell.partition("-")[0] for cell in EXPECTED}
    assert names == set(golden.built_in())


# Features that this CPU has not are left out with a warning.
@pytest.mark.parametrize("without", [AVX512, __cpu_dispatch__], ids=["avx512", "all"])
def test_digests_hold_without_cpu_features(without: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, golden.__file__, "--check"],
        env=os.environ | {"NPY_DISABLE_CPU_FEATURES": " ".join(without), "PYTHONPATH": "."},
        cwd=Path(golden.__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
