"""A reader of outside data, and the input it is tried with."""

from __future__ import annotations

import atexit
import importlib
import os
import pkgutil
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

__all__ = ["Mutator", "Target", "discover", "written"]

Mutator = Callable[[Random, bytes], bytes]


def _accept(data: bytes, value: Any) -> None:
    """No oracle: every result is right."""


@dataclass(frozen=True)
class Target:
    """A reader and how it is tried.

    seeds: makes good inputs, which `read` must accept.  mutate: changes an input once.  read: the
    reader; its result goes to `check`, which raises AssertionError where it cannot be right.
    seconds: of CPU, memory: bytes, that one case may take.
    quick: cases of a short run, such as that of the test suite.
    """

    name: str
    seeds: Callable[[], Sequence[bytes]] = field(repr=False)
    mutate: Mutator = field(repr=False)
    read: Callable[[bytes], Any] = field(repr=False)
    check: Callable[[bytes, Any], None] = field(default=_accept, repr=False)
    seconds: float = 2.0
    memory: int = 256 << 20
    quick: int = 200

    def input(self, case: int, seeds: Sequence[bytes]) -> bytes:
        """The input of a case: a function of the target's name and the number."""
        if case < len(seeds):
            return seeds[case]
        rng = Random(f"{self.name} {case}")
        data = rng.choice(seeds)
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
            data = self.mutate(rng, data)
        return data


def discover() -> dict[str, Target]:
    """Every target of the modules in `fuzz/targets`, by name."""
    package = importlib.import_module("fuzz.targets")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"fuzz.targets.{name}") for name in names]
    targets = [target for module in modules for target in module.TARGETS]
    assert len({target.name for target in targets}) == len(targets), "two targets share a name"
    return {target.name: target for target in targets}


@lru_cache(maxsize=1)
def _scratch(process: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="avrb-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def written(data: bytes, name: str) -> Path:
    """A file of this name that holds `data`, for readers that want one; the next call replaces it.

    The file is new each time, so that whatever holds the last one open is not confused.
    """
    path = _scratch(os.getpid()) / name
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    return path
