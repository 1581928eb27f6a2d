"""From shards to batches, by threads, in a fixed order and a bounded number ahead."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from ..concurrency import ThreadWorkers
from ..condition import Condition
from ..corrupter import corrupter_for
from ..errors import DataError
from ..settings import CorruptionSettings
from ..shards import ShardSet, Source
from .buffers import BatchBuffers, BatchShape, BufferPool
from .clip_block import ClipBlock, ClipProcessing, Item, ItemOrError, SkippedClip, Transform
from .collate import Batch, Collate
from .sharding import ClipOrder, Plan, global_order


class Result(NamedTuple):
    """A batch (None if all of its clips failed) and the clips that failed."""

    batch: Batch | None
    failed: list[tuple[SkippedClip, DataError]]


class Pipeline(NamedTuple):
    """Everything that turns clips in shards into batches."""

    shards: ShardSet
    order: ClipOrder
    processing: ClipProcessing
    shape: BatchShape
    collate: Collate
    settings: CorruptionSettings

    def block(self, order_range: range) -> ClipBlock:
        """Return the clips in this range of the global order."""
        clip_indices = [int(index) for index in self.order[order_range.start : order_range.stop]]
        return ClipBlock(self.shards, clip_indices, self.processing, order_range.start)


def build_pipeline(
    source: Source,
    conditions: tuple[Condition, ...],
    settings: CorruptionSettings,
    *,
    transform: Transform | None = None,
    shuffle: bool = False,
    mix_conditions: bool = False,
    return_digests: bool = False,
    signals: bool = True,
) -> Pipeline:
    """Check all arguments, open the shards, and connect the steps; no clip is read yet."""
    corrupters = tuple(corrupter_for(condition, settings) for condition in conditions)
    shards = ShardSet.open(source)
    manifest = shards.manifest
    return Pipeline(
        shards,
        global_order(len(shards), shuffle, settings.seed),
        ClipProcessing(conditions, corrupters, transform, mix_conditions, return_digests, signals),
        # A transform may change the shapes.
        BatchShape.of(manifest if transform is None and signals else None),
        Collate(
            manifest.task if manifest else None,
            len(manifest.classes) if manifest else 0,
            mix_conditions,
        ),
        settings,
    )


def stream_by_threads(
    pipeline: Pipeline, plan: Plan, workers: int, prefetch: int, buffers: BufferPool | None = None
) -> Iterator[Result]:
    """Make the batches of `plan` in order by `workers` threads, at most `prefetch` ahead.

    By default the buffers are freed after the epoch. The threads end when the iterator is
    exhausted, closed or dropped.
    """
    buffers = buffers or make_buffer_pool(pipeline, plan, prefetch)
    with ThreadWorkers(workers) as threads:
        pending: deque[_BatchJob] = deque()
        for order_range, repeats in plan.blocks():
            block = pipeline.block(order_range)
            for repeat in repeats:
                pending.append(
                    _submit(_BatchJob(pipeline, block, repeat, buffers.take(len(block))), threads)
                )
                if len(pending) > prefetch:
                    yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def make_buffer_pool(
    pipeline: Pipeline, plan: Plan, prefetch: int, shared: bool = False
) -> BufferPool:
    """Return buffers for as many batches as exist at a time, in this or a resumed epoch."""
    # prefetch + 1 are in work, and the consumer has one. A resumed epoch may bring a rank more
    # clips than its own share.
    clips = min(plan.batch_size, len(pipeline.shards))
    return BufferPool(pipeline.shape, clips, prefetch + 2, shared)


def _submit(job: _BatchJob, threads: ThreadWorkers) -> _BatchJob:
    for row in range(len(job)):
        threads.submit(partial(job.run, row))
    return job


def make_result(
    pipeline: Pipeline,
    block: ClipBlock,
    outcomes: Sequence[ItemOrError | None],
    buffers: BatchBuffers | None,
) -> Result:
    """Put a batch together; list clips that are invalid, and raise any other error."""
    failed = []
    outcomes = [pipeline.collate.checked(a) if isinstance(a, Item) else a for a in outcomes]
    for row, outcome in enumerate(outcomes):
        if isinstance(outcome, DataError):
            failed.append((block.skipped(row, outcome), outcome))
        elif isinstance(outcome, BaseException):
            raise outcome
    items = [outcome if isinstance(outcome, Item) else None for outcome in outcomes]
    if len(failed) == len(items):
        return Result(None, failed)
    return Result(pipeline.collate(items, buffers), failed)


class _BatchJob:
    """One batch in work; its tasks may run in any threads, in the order of the rows."""

    def __init__(
        self, pipeline: Pipeline, block: ClipBlock, repeat: int, buffers: BatchBuffers
    ) -> None:
        self._pipeline, self._block, self._repeat, self._buffers = pipeline, block, repeat, buffers
        self._outcomes: list[ItemOrError | None] = [None] * len(block)
        self._remaining = self._first_error = len(block)
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._result: Result | BaseException

    def __len__(self) -> int:
        return len(self._outcomes)

    def run(self, row: int) -> None:
        """Make the item of `row`; the last one to finish puts the batch together."""
        if row < self._first_error:
            self._outcomes[row] = self._make_item(row)
        with self._lock:
            self._remaining -= 1
            last = not self._remaining
        if last:
            self._result = self._finish()
            self._done.set()

    def _make_item(self, row: int) -> ItemOrError:
        try:
            return self._block.item(row, self._repeat, self._buffers.rows(row))
        except DataError as error:
            return error
        except BaseException as error:
            # The batch has failed. Earlier clips are still tried, so that the first one's error is
            # raised, whatever the timing.
            with self._lock:
                self._first_error = min(self._first_error, row)
            return error

    def _finish(self) -> Result | BaseException:
        try:
            return make_result(self._pipeline, self._block, self._outcomes, self._buffers)
        except BaseException as error:
            return error

    def result(self) -> Result:
        """Wait for all clips, and return the batch or raise its error."""
        self._done.wait()
        if isinstance(self._result, Result):
            return self._result
        raise self._result
