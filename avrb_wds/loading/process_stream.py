"""Batches made by worker processes: NumPy and transforms don't wait for one interpreter's lock.

Worker w of n makes the clips at the places w, w + n, … of the global order, so that every clip is
decoded once for all conditions; they write into shared memory, which is the batch's own.
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
from .buffers import MOST_SHARED, BatchBuffers, BufferPool
from .clip_block import ItemOrError
from .pipeline import Pipeline, Result, batch_memory, make_result
from .sharding import Plan
from .worker import IDLE, BatchTask, WorkerSlice, run_worker

# Orders wait in a socket, which takes about a hundred; with it full the two would wait for each
# other for ever.  More batches than may be shared would not be made any faster, either.
MOST_AHEAD = MOST_SHARED - 2
_POSITION = np.dtype(np.int64)


class ProcessStream:
    """Gives the results of plans in order, by `count` processes, `prefetch` batches ahead at most.

    The processes start with the first pass and stay for the next ones; they end when this is
    dropped, and when a pass is not iterated to its end.  Raises UsageError where the transform
    can't go to another process.
    """

    def __init__(self, pipeline: Pipeline, plan: Plan, count: int, prefetch: int) -> None:
        clips = min(plan.batch_size, len(pipeline.shards))
        self._serve = WorkerPool.pickled(partial(run_worker, pipeline, clips, count))
        self._shards = pipeline.shards
        self._count, self._prefetch = count, min(prefetch, MOST_AHEAD)
        self._new_memory = partial(batch_memory, pipeline, plan, self._prefetch, shared=True)
        self._idle: deque[_Workers] = deque(maxlen=1)

    def __call__(self, pipeline: Pipeline, plan: Plan) -> Iterator[Result]:
        """The results of `plan` in order; `pipeline` is the one that this was made for."""
        workers = self._waiting() or self._start()
        try:
            yield from self._results(workers, pipeline, plan)
        except BaseException:
            workers.pool.close()  # in the midst of a pass
            raise
        self._idle.append(workers)

    def __getstate__(self) -> dict[str, Any]:
        # Workers serve the process that started them.
        return {**self.__dict__, "_idle": deque(maxlen=1)}

    def _waiting(self) -> _Workers | None:
        """Those of an earlier pass; not of one before a fork, and not for two threads."""
        try:
            workers = self._idle.pop()
        except IndexError:
            return None
        return workers if workers.pool.owned_by_this_process else None

    def _start(self) -> _Workers:
        return _Workers(WorkerPool(self._serve, self._count), self._new_memory(), self._shards)

    def _results(self, workers: _Workers, pipeline: Pipeline, plan: Plan) -> Iterator[Result]:
        workers.begin(plan)
        pending: deque[tuple[range, BatchBuffers]] = deque()
        for places, _ in plan:
            pending.append((places, workers.order(len(places))))
            if len(pending) > self._prefetch:
                yield _result(workers, pipeline, *pending.popleft())
        while pending:
            yield _result(workers, pipeline, *pending.popleft())


def _result(workers: _Workers, pipeline: Pipeline, places: range, memory: BatchBuffers) -> Result:
    return make_result(pipeline, pipeline.block(places), workers.attempts(places), memory)


class _Workers:
    """A pool, the memory they share with this process, and what they have been told of it."""

    def __init__(self, pool: WorkerPool, memory: BufferPool, shards: ShardSet) -> None:
        self.pool, self._memory, self._shards = pool, memory, shards
        # Where each writes the position of the clip it has, to be named if it dies of it.
        self._files = [SharedFile(_POSITION.itemsize) for _ in range(len(pool))]
        self._positions = [map_shared(file.fd).view(_POSITION) for file in self._files]
        for position in self._positions:
            position[0] = IDLE
        self._there: weakref.WeakValueDictionary[int, SharedFile] = weakref.WeakValueDictionary()
        self._told: set[int] = set()

    def begin(self, plan: Plan) -> None:
        """Let them make what is in `plan`, as far as they get orders for it."""
        for number, file in enumerate(self._files):
            self._send(number, plan, [file.fd])

    def order(self, clips: int) -> BatchBuffers:
        """Let them make the next batch, of so many clips; the memory that it will lie in."""
        memory = self._memory.take(clips)
        files = [piece.file for piece in memory.pieces if piece and piece.file]
        new = [file for file in files if file.number not in self._told]
        gone = self._told - set(self._there)
        order = BatchTask(_numbers(memory), tuple(file.number for file in new), tuple(gone))
        for number in range(len(self.pool)):
            self._send(number, order, [file.fd for file in new])
        for file in new:
            self._there[file.number] = file
            file.close()
        self._told = self._told - gone | {file.number for file in new}
        return memory

    def _send(self, number: int, message: object, files: list[int]) -> None:
        self.pool.send(number, message, files, in_work=partial(self._in_work, number))

    def _in_work(self, number: int) -> str:
        position = int(self._positions[number][0])
        return "" if position == IDLE else self._shards.name_clip(position)

    def attempts(self, places: range) -> list[ItemOrError | None]:
        """What has become of every clip of the batch that is next."""
        found: list[ItemOrError | None] = [None] * len(places)
        for number in range(len(self.pool)):
            mine = WorkerSlice(number, len(self.pool)).of(places)
            answer = self.pool.receive(number, partial(self._in_work, number))
            found[mine.start : mine.stop : mine.step] = answer
        return found


def _numbers(memory: BatchBuffers) -> tuple[int | None, int | None]:
    frames, waveform = (p.file.number if p and p.file else None for p in memory.pieces)
    return frames, waveform
