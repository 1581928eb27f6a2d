"""How batches are made: by threads or by processes, and how many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from ..concurrency import WorkerType, default_workers, resolve_worker_type
from ..errors import UsageError, check_int, check_one_of
from .pipeline import Pipeline, Result, batch_memory, stream_by_threads
from .sharding import Plan

Stream = Callable[[Pipeline, Plan], Iterator[Result]]


@dataclass(frozen=True)
class WorkerConfig:
    """workers: None for threads where they are few, processes where they are more.

    Threads start at once, but Python code between two calls of NumPy runs in one of them at a time,
    and each has to be woken: on 16 cores 16 threads corrupt hardly more than one.  Processes scale.
    """

    worker_type: WorkerType | None
    count: int
    prefetch: int = 2

    @classmethod
    def of(
        cls, worker_type: WorkerType | None, num_workers: int | None, prefetch: int = 2
    ) -> WorkerConfig:
        """Checked, UsageError for what is not allowed.  num_workers: one a core by default."""
        if worker_type is not None:
            check_one_of("worker_type", worker_type, ("thread", "process"))
        count = default_workers() if num_workers is None else num_workers
        count = check_int("num_workers", count, 0)
        return cls(worker_type, count, check_int("prefetch", prefetch, 1))

    def make_stream(self, pipeline: Pipeline, plan: Plan) -> Stream:
        """The function that makes the batches; it keeps memory and processes from pass to pass."""
        if self.count and resolve_worker_type(self.worker_type, self.count) == "process":
            from .process_stream import ProcessStream

            try:
                return ProcessStream(pipeline, plan, self.count, self.prefetch)
            except UsageError:  # the transform can't go there
                if self.worker_type is not None:
                    raise
        ahead = self.prefetch if self.count else 0
        memory = batch_memory(pipeline, plan, ahead)
        return partial(stream_by_threads, workers=self.count, prefetch=ahead, memory=memory)
