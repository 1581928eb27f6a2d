"""How many workers make batches, and whether they are threads or processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from ..concurrency import WorkerType, default_workers, resolve_worker_type
from ..errors import UsageError, check_int, check_one_of
from .pipeline import Pipeline, Result, make_buffer_pool, stream_by_threads
from .sharding import Plan

Stream = Callable[[Pipeline, Plan], Iterator[Result]]


@dataclass(frozen=True)
class WorkerConfig:
    """The checked arguments `worker_type`, `num_workers` and `prefetch` of `load`.

    Threads start at once, but Python code between calls of NumPy runs in one of them at a time, and
    each has to be woken: on 16 cores, 16 threads corrupt hardly more than one. Processes scale.
    """

    worker_type: WorkerType | None
    count: int
    prefetch: int = 2

    @classmethod
    def of(
        cls, worker_type: WorkerType | None, num_workers: int | None, prefetch: int = 2
    ) -> WorkerConfig:
        """Check the arguments; raise UsageError if one is not allowed."""
        if worker_type is not None:
            check_one_of("worker_type", worker_type, ("thread", "process"))
        count = default_workers() if num_workers is None else num_workers
        count = check_int("num_workers", count, 0)
        return cls(worker_type, count, check_int("prefetch", prefetch, 1))

    def make_stream(self, pipeline: Pipeline, plan: Plan) -> Stream:
        """Return the function that makes batches; it keeps buffers and processes between epochs."""
        if self.count and resolve_worker_type(self.worker_type, self.count) == "process":
            from .process_stream import ProcessStream

            try:
                return ProcessStream(pipeline, plan, self.count, self.prefetch)
            except UsageError:  # the transform cannot be pickled
                if self.worker_type is not None:
                    raise
        ahead = self.prefetch if self.count else 0
        buffers = make_buffer_pool(pipeline, plan, ahead)
        return partial(stream_by_threads, workers=self.count, prefetch=ahead, buffers=buffers)
