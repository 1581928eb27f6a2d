"""How many workers, and of which kind."""

from __future__ import annotations

import os

THREADS = 2
"""How many threads get in each other's way less than processes cost to start."""


def default_workers() -> int:
    """As many workers as this process has cores to itself, where torchrun started several."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    local = os.environ.get("LOCAL_WORLD_SIZE", "1")
    return max(1, (cores or 1) // (int(local) if local.isdecimal() and int(local) else 1))
