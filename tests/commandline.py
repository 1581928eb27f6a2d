"""`avrb` as tests run it: in their own process or, where a process is the claim, in a new one.

A command in this process doesn't wait for what is imported already; torch alone takes seconds.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import pytest
import torch

from avrb_wds.tools import cli

__all__ = ["AVRB", "Done", "run_avrb", "run_process"]

AVRB = (sys.executable, "-m", "avrb_wds.tools.cli")


class Done(NamedTuple):
    """What a command came to, as `subprocess` names it."""

    returncode: int
    stdout: str
    stderr: str


def run_avrb(*words: object, folder: Path | None = None, **variables: str) -> Done:
    """Run `avrb WORDS` in this process, from `folder`, with these environment variables too.

    Raises what would be a traceback, and AssertionError where the command changed the process.
    """
    before = _lasting()
    with _place_of_its_own(folder or Path.cwd(), variables) as process:
        process.setattr(sys, "argv", ["avrb", *map(str, words)])
        with _taken(1) as out, _taken(2) as err:
            try:
                cli.main()
                status = 0
            except SystemExit as ended:
                status = int(ended.code or 0)
            done = Done(status, _text(out), _text(err))
    changed = [name for name, value in _lasting().items() if value != before[name]]
    assert not changed, f"avrb {words[0]} changed its process: {', '.join(changed)}"
    return done


def run_process(*words: object, folder: Path | None = None, **variables: str) -> Done:
    """Run `avrb WORDS` as a process, from `folder`, with these environment variables too."""
    done = subprocess.run(
        [*AVRB, *map(str, words)], cwd=folder, env={**os.environ, **variables},
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def _lasting() -> dict[str, object]:
    """What a command has no business with, since it outlives the call."""
    return {
        "working directory": Path.cwd(),
        # torch's compiler notes its cache there when it is first imported, for good.
        "environment": {k: v for k, v in os.environ.items() if "TORCHINDUCTOR" not in k},
        "signals": [signal.getsignal(number) for number in sorted(signal.valid_signals())],
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "threads of torch": torch.get_num_threads(),
        "modes of torch": (torch.get_default_dtype(), torch.is_grad_enabled()),
        "generator of numpy": [str(part) for part in np.random.get_state()],  # rich draws of random
    }


@contextmanager
def _place_of_its_own(folder: Path, variables: Mapping[str, str]) -> Iterator[pytest.MonkeyPatch]:
    """What a process has for itself, put back at the end; modules found in `folder` are forgotten.

    torch's generator too, of which a model's weights are drawn.
    """
    modules = set(sys.modules)
    importlib.invalidate_caches()  # of folders in which a test has just written a module
    with (
        pytest.MonkeyPatch.context() as process,
        warnings.catch_warnings(),
        torch.random.fork_rng(devices=[]),
    ):
        process.chdir(folder)
        process.setattr(sys, "path", list(sys.path))
        for name, value in variables.items():
            process.setenv(name, value)
        yield process
    for name in sys.modules.keys() - modules:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(folder.resolve()):
            del sys.modules[name]


@contextmanager
def _taken(number: int) -> Iterator[IO[bytes]]:
    """A file that takes what Python, C libraries and child processes write to 1 or 2."""
    redirect = {1: redirect_stdout, 2: redirect_stderr}[number]
    kept = os.dup(number)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), number)
        try:
            with open(number, "w", encoding="utf-8", closefd=False) as stream, redirect(stream):
                yield file
        finally:
            os.dup2(kept, number)
            os.close(kept)


def _text(file: IO[bytes]) -> str:
    sys.stdout.flush()
    sys.stderr.flush()
    file.seek(0)
    return file.read().decode()
