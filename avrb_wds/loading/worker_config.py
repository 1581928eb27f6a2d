"""How batches are made: by threads or by processes, and how many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ..concurrency import CAN_SHARE, THREADS, default_workers
from ..errors import UsageError, check_int, check_one_of
from .pipeline import Result, Road, batch_memory, stream
from .sharding import Plan

WorkerKind = Literal["thread", "process"]
Stream = Callable[[Road, Plan], Iterator[Result]]


@dataclass(frozen=True)
class Way:
    """workers: None for threads where they are few, processes where they are more.

    Threads start at once, but Python code between two calls of NumPy runs in one of them at a time,
    and each has to be woken: on 16 cores 16 threads corrupt hardly more than one.  Processes scale.
    """

    workers: WorkerKind | None
    count: int
    prefetch: int = 2

    @classmethod
    def of(cls, workers: WorkerKind | None, num_workers: int | None, prefetch: int = 2) -> Way:
        """Checked, UsageError for what is not allowed.  num_workers: one a core by default."""
        if workers is not None:
            check_one_of("workers", workers, ("thread", "process"))
        if workers == "process" and not CAN_SHARE:
            raise UsageError("workers 'process' needs what this system lacks; give 'thread'.")
        count = default_workers() if num_workers is None else num_workers
        count = check_int("num_workers", count, 0)
        return cls(workers, count, check_int("prefetch", prefetch, 1))

    def stream(self, road: Road, plan: Plan) -> Stream:
        """The function that makes the batches; it keeps memory and processes from pass to pass."""
        if self.count and (self.workers == "process" or self._are_many):
            from .process_stream import ProcessStream

            try:
                return ProcessStream(road, plan, self.count, self.prefetch)
            except UsageError:  # the transform can't go there
                if self.workers is not None:
                    raise
        ahead = self.prefetch if self.count else 0
        memory = batch_memory(road, plan, ahead)
        return partial(stream, workers=self.count, prefetch=ahead, memory=memory)

    @property
    def _are_many(self) -> bool:
        return self.workers is None and self.count > THREADS and CAN_SHARE
