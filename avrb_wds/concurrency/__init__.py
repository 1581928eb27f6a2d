"""Worker processes: new interpreters, started, spoken to, and ended with what they work for."""

from .channel import CAN_SHARE, Channel, SharedFile, mapped
from .count import THREADS, default_workers
from .each import each
from .pool import Crew, WorkerLost

__all__ = [
    "CAN_SHARE",
    "THREADS",
    "Channel",
    "Crew",
    "SharedFile",
    "WorkerLost",
    "default_workers",
    "each",
    "mapped",
]
