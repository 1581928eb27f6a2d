"""Worker processes: new interpreters, started, spoken to, and ended with what they work for."""

from .channel import CAN_SHARE, Channel, SharedFile, mapped
from .crew import Crew, WorkerLost
from .each import each

THREADS = 2
"""How many threads get in each other's way less than processes cost to start."""

__all__ = ["THREADS", "CAN_SHARE", "Channel", "Crew", "SharedFile", "WorkerLost", "each", "mapped"]
