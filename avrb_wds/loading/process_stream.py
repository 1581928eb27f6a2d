"""Batches made by worker processes, which do not wait for one interpreter's lock.

Worker w of n processes the clips w, w + n, ... of the global order, so that every clip is decoded
once for all conditions. The workers write into shared memory, which the batch then refers to.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..concurrency import SharedFile, WorkerPool, map_shared
from ..shards import ShardSet
from .buffers import MAX_SHARED, BatchBuffers, BufferPool
from .clip_block import ItemOrError
from .pipeline import Pipeline, Result, make_buffer_pool, make_result
from .sharding import Plan
from .worker import IDLE, BatchTask, WorkerSlice, run_worker

# Tasks wait in a socket, which holds about a hundred; if it were full, both sides would wait
# forever. More batches than may be shared would not be made any faster, either.
MAX_PREFETCH = MAX_SHARED - 2
_CLIP_INDEX = np.dtype(np.int64)


class ProcessStream:
    """Makes the batches of plans in order by `count` processes, at most `prefetch` ahead.

    The processes start with the first epoch and stay for the next ones; they end when this object
    is dropped, and when an epoch is not iterated to its end.

    Raises:
        UsageError: The transform cannot be sent to another process.
    """

    def __init__(self, pipeline: Pipeline, plan: Plan, count: int, prefetch: int) -> None:
        clips = min(plan.batch_size, len(pipeline.shards))
        self._worker_main = WorkerPool.pickled(partial(run_worker, pipeline, clips, count))
        self._shards = pipeline.shards
        self._count, self._prefetch = count, min(prefetch, MAX_PREFETCH)
        self._make_buffers = partial(make_buffer_pool, pipeline, plan, self._prefetch, shared=True)
        self._idle: deque[_Workers] = deque(maxlen=1)

    def __call__(self, pipeline: Pipeline, plan: Plan) -> Iterator[Result]:
        """Yield the results of `plan` in order; `pipeline` is that of the constructor."""
        workers = self._take_idle() or self._start()
        try:
            yield from self._results(workers, pipeline, plan)
        except BaseException:
            workers.pool.close()  # within an epoch
            raise
        self._idle.append(workers)

    def __getstate__(self) -> dict[str, Any]:
        # Workers serve only the process that started them.
        return {**self.__dict__, "_idle": deque(maxlen=1)}

    def _take_idle(self) -> _Workers | None:
        """Take the workers of an earlier epoch, if no other thread or process uses them."""
        try:
            workers = self._idle.pop()
        except IndexError:
            return None
        return workers if workers.pool.owned_by_this_process else None

    def _start(self) -> _Workers:
        pool = WorkerPool(self._worker_main, self._count)
        return _Workers(pool, self._make_buffers(), self._shards)

    def _results(self, workers: _Workers, pipeline: Pipeline, plan: Plan) -> Iterator[Result]:
        workers.start_epoch(plan)
        pending: deque[tuple[range, BatchBuffers]] = deque()
        for order_range, _ in plan:
            pending.append((order_range, workers.start_batch(len(order_range))))
            if len(pending) > self._prefetch:
                yield _result(workers, pipeline, *pending.popleft())
        while pending:
            yield _result(workers, pipeline, *pending.popleft())


def _result(
    workers: _Workers, pipeline: Pipeline, order_range: range, buffers: BatchBuffers
) -> Result:
    outcomes = workers.receive_batch(order_range)
    return make_result(pipeline, pipeline.block(order_range), outcomes, buffers)


class _Workers:
    """A pool, the buffers shared with it, and which of these its processes have mapped."""

    def __init__(self, pool: WorkerPool, buffers: BufferPool, shards: ShardSet) -> None:
        self.pool, self._buffers, self._shards = pool, buffers, shards
        # Each worker writes the index of its current clip here, to be named if it dies.
        self._current_files = [SharedFile(_CLIP_INDEX.itemsize) for _ in range(len(pool))]
        self._current = [map_shared(file.fd).view(_CLIP_INDEX) for file in self._current_files]
        for current in self._current:
            current[0] = IDLE
        self._live: weakref.WeakValueDictionary[int, SharedFile] = weakref.WeakValueDictionary()
        self._mapped: set[int] = set()

    def start_epoch(self, plan: Plan) -> None:
        """Send the plan of an epoch, whose batches are started one by one."""
        for index, file in enumerate(self._current_files):
            self._send(index, plan, [file.fd])

    def start_batch(self, clips: int) -> BatchBuffers:
        """Let the workers make the next batch, of `clips` clips, and return its buffers."""
        buffers = self._buffers.take(clips)
        files = [buffer.file for buffer in buffers.buffers if buffer and buffer.file]
        new = [file for file in files if file.number not in self._mapped]
        dropped = self._mapped - set(self._live)
        numbers = tuple(file.number for file in new)
        task = BatchTask(_file_numbers(buffers), numbers, tuple(dropped))
        for index in range(len(self.pool)):
            self._send(index, task, [file.fd for file in new])
        for file in new:
            self._live[file.number] = file
            file.close()
        self._mapped = self._mapped - dropped | set(numbers)
        return buffers

    def receive_batch(self, order_range: range) -> list[ItemOrError | None]:
        """Return the item or error of every clip of the next batch."""
        outcomes: list[ItemOrError | None] = [None] * len(order_range)
        for index in range(len(self.pool)):
            rows = WorkerSlice(index, len(self.pool)).of(order_range)
            received = self.pool.receive(index, partial(self._in_work, index))
            outcomes[rows.start : rows.stop : rows.step] = received
        return outcomes

    def _send(self, index: int, message: object, files: list[int]) -> None:
        self.pool.send(index, message, files, in_work=partial(self._in_work, index))

    def _in_work(self, index: int) -> str:
        clip_index = int(self._current[index][0])
        return "" if clip_index == IDLE else self._shards.name_clip(clip_index)


def _file_numbers(buffers: BatchBuffers) -> tuple[int | None, int | None]:
    frames, waveform = (b.file.number if b and b.file else None for b in buffers.buffers)
    return frames, waveform
