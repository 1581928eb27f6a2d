"""`avrb` as tests run it: in their own process or, where a process is the claim, in a new one.

A command in this process doesn't wait for what is imported already; torch alone takes seconds.
"""

from __future__ import annotations

import fcntl
import importlib
import logging
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import numpy as np
import pytest
import torch

from avrb_wds.tools import cli

__all__ = ["AVRB", "Done", "run_and_stop", "run_avrb", "run_process", "terminal"]

Sink = Callable[[list[str]], AbstractContextManager[int]]
"""Gives the number of a file, and puts what was written to it into the list at the end."""

AVRB = (sys.executable, "-m", "avrb_wds.tools.cli")
# Its keys become signals; what started the tests may have had Ctrl-C ignored.
AT_A_TERMINAL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Done(NamedTuple):
    """What a command came to, as `subprocess` names it."""

    returncode: int
    stdout: str
    stderr: str


def run_avrb(
    *words: object, folder: Path | None = None, watched: bool = False, **variables: str
) -> Done:
    """Run `avrb WORDS` in this process, from `folder`, with these environment variables too.

    watched: what it writes to stderr goes to a terminal.  Raises what would be a traceback, and
    AssertionError where the command changed the process.
    """
    before = _lasting()
    with _place_of_its_own(folder or Path.cwd(), variables) as process:
        process.setattr(sys, "argv", ["avrb", *map(str, words)])
        with _taken(1, _file) as out, _taken(2, _terminal if watched else _file) as err:
            try:
                cli.main()
                status = 0
            except SystemExit as ended:
                status = int(ended.code or 0)
    changed = [name for name, value in _lasting().items() if value != before[name]]
    assert not changed, f"avrb {words[0]} changed its process: {', '.join(changed)}"
    return Done(status, *out, *err)


def run_process(*words: object, folder: Path | None = None, **variables: str) -> Done:
    """Run `avrb WORDS` as a process, from `folder`, with these environment variables too."""
    done = subprocess.run(
        [*AVRB, *map(str, words)], cwd=folder, env={**os.environ, **variables},
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def run_and_stop(*words: object, folder: Path, seen: str, **variables: str) -> Done:
    """Run `avrb WORDS` as a process at a terminal; press Ctrl-C once that shows `seen`."""
    with terminal() as (keyboard, screen):
        process = subprocess.Popen(
            [sys.executable, "-c", AT_A_TERMINAL, *AVRB, *map(str, words)], cwd=folder,
            env={**os.environ, **variables}, stdin=screen, stdout=subprocess.PIPE, stderr=screen,
            text=True, start_new_session=True,
        )  # fmt: skip
        shown = bytearray()
        while seen.encode() not in shown:
            shown += os.read(keyboard, 4096)
        os.write(keyboard, b"\x03")
        said, _ = process.communicate(timeout=240)
        os.write(screen, b"\0")
        while not shown.endswith(b"\0"):
            shown += os.read(keyboard, 4096)
    return Done(process.returncode, said, shown[:-1].decode())


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
def _taken(number: int, sink: Sink) -> Iterator[list[str]]:
    """What Python, C libraries and children write to 1 or 2: to be read after the block."""
    redirect = {1: redirect_stdout, 2: redirect_stderr}[number]
    written: list[str] = []
    kept = os.dup(number)
    with sink(written) as taker:
        os.dup2(taker, number)
        try:
            with open(number, "w", encoding="utf-8", closefd=False) as stream, redirect(stream):
                yield written
        finally:
            os.dup2(kept, number)
            os.close(kept)


@contextmanager
def _file(written: list[str]) -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        yield file.fileno()
        file.seek(0)
        written.append(os.fsdecode(file.read()))


@contextmanager
def _terminal(written: list[str]) -> Iterator[int]:
    end = b"\0"  # a child process that lives on may hold the terminal open for longer
    with terminal() as (keyboard, screen):
        seen = bytearray()

        def read() -> None:
            while not seen.endswith(end):
                seen.extend(os.read(keyboard, 4096))

        reader = Thread(target=read)
        reader.start()
        try:
            yield screen
        finally:
            os.write(screen, end)
            reader.join()
        written.append(seen.decode().removesuffix(end.decode()))


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal, 24 lines by 100 columns: (its keyboard and what it shows, what writes to it)."""
    keyboard, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    try:
        yield keyboard, screen
    finally:
        os.close(keyboard)
        os.close(screen)
