"""Worker processes: new interpreters, started, spoken to, and ended with what they work for."""

from .channel import CAN_SHARE, Channel, SharedFile, map_shared
from .count import THREADS, default_workers
from .each import map_in_processes
from .pool import WorkerDiedError, WorkerPool

__all__ = [
    "CAN_SHARE",
    "THREADS",
    "Channel",
    "WorkerPool",
    "SharedFile",
    "WorkerDiedError",
    "default_workers",
    "map_in_processes",
    "map_shared",
]
