"""Threads, worker processes, and ordered, bounded maps over both."""

from .channel import Channel, SharedFile, map_shared
from .ordered import ordered_chain, ordered_map, prefetch
from .pool import (
    WorkerDiedError,
    WorkerPool,
    WorkerType,
    default_workers,
    resolve_worker_type,
)
from .single_flight import SingleFlight
from .threads import ThreadWorkers

__all__ = [
    "Channel",
    "SharedFile",
    "SingleFlight",
    "ThreadWorkers",
    "WorkerDiedError",
    "WorkerPool",
    "WorkerType",
    "default_workers",
    "map_shared",
    "ordered_chain",
    "ordered_map",
    "prefetch",
    "resolve_worker_type",
]
