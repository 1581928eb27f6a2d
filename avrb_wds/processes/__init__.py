"""Worker processes: new interpreters, started, spoken to, and ended with what they work for."""

from .channel import CAN_SHARE, Channel, SharedFile, mapped
from .count import THREADS, default_workers
from .crew import Crew, WorkerLost
from .each import each

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
