"""Batches made by threads, in a fixed order, a bounded number ahead of the consumer."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..concurrency import ThreadWorkers
from ..condition import Condition
from ..corrupter import corrupter_for
from ..errors import DataError
from ..settings import CorruptionSettings
from ..shards import ShardSet, Source
from ..storage import Storage
from .buffers import BatchBuffers, BatchShape, BufferPool
from .clip_block import ClipBlock, ClipProcessing, Item, ItemOrError, SkippedClip, Transform
from .collate import Batch, Collate
from .sharding import Plan, Positions, global_order


class Result(NamedTuple):
    """A batch, None where all of its clips failed, and the clips that failed."""

    batch: Batch | None
    failed: list[tuple[SkippedClip, DataError]]


class Pipeline(NamedTuple):
    """The way of a clip from the shards into a batch."""

    shards: ShardSet
    order: Positions
    recipe: ClipProcessing
    layout: BatchShape
    collate: Collate
    settings: CorruptionSettings

    def block(self, places: range) -> ClipBlock:
        """The clips at these places of the global order."""
        positions = [int(position) for position in self.order[places.start : places.stop]]
        return ClipBlock(self.shards, positions, self.recipe, places.start)


def open_shards(
    source: Source,
    storage_options: Mapping[str, Any] | None,
    cache_dir: str | Path | None,
    cache_size: int | None,
) -> ShardSet:
    """Open shards with the storage that these arguments of public functions describe, if any."""
    if storage_options is None and cache_dir is None and cache_size is None:
        return ShardSet.open(source)
    storage = Storage(storage_options, cache_dir=cache_dir, cache_size=cache_size)
    return ShardSet.open(source, storage)


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
    """The pipeline from `source`; raises UsageError or DataError, naming what is not allowed."""
    corrupters = tuple(corrupter_for(condition, settings) for condition in conditions)
    shards = ShardSet.open(source)
    manifest = shards.manifest
    return Pipeline(
        shards,
        global_order(len(shards), shuffle, settings.seed),
        ClipProcessing(conditions, corrupters, transform, mix_conditions, return_digests, signals),
        # What a transform makes of a clip has a shape of its own.
        BatchShape.of(manifest if transform is None and signals else None),
        Collate(
            manifest.task if manifest else None,
            len(manifest.classes) if manifest else 0,
            mix_conditions,
        ),
        settings,
    )


def stream_by_threads(
    pipeline: Pipeline, plan: Plan, workers: int, prefetch: int, memory: BufferPool | None = None
) -> Iterator[Result]:
    """The results of `plan` in order, by `workers` threads, `prefetch` batches ahead at most.

    memory: to put batches in; by default some that goes back to the system after the pass.  The
    threads end when the iterator is exhausted, closed or dropped.
    """
    memory = memory or batch_memory(pipeline, plan, prefetch)
    with ThreadWorkers(workers) as threads:
        pending: deque[_Job] = deque()
        for places, turns in plan.blocks():
            block = pipeline.block(places)
            for turn in turns:
                pending.append(
                    _begin(_Job(pipeline, block, turn, memory.take(len(block))), threads)
                )
                if len(pending) > prefetch:
                    yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def batch_memory(pipeline: Pipeline, plan: Plan, prefetch: int, shared: bool = False) -> BufferPool:
    """Memory for the batches that are there at a time, of `plan` or what `Plan.after` leaves."""
    # prefetch + 1 are in the making, and one is in the consumer's hands.  A pass that goes on may
    # bring a rank more clips than its own share.
    clips = min(plan.batch_size, len(pipeline.shards))
    return BufferPool(pipeline.layout, clips, prefetch + 2, shared)


def _begin(job: _Job, threads: ThreadWorkers) -> _Job:
    for place in range(len(job)):
        threads.submit(partial(job.run, place))
    return job


def make_result(
    pipeline: Pipeline,
    block: ClipBlock,
    attempts: Sequence[ItemOrError | None],
    memory: BatchBuffers | None,
) -> Result:
    """The batch of what succeeded, and what failed; raises what no error budget covers."""
    failed = []
    attempts = [pipeline.collate.checked(a) if isinstance(a, Item) else a for a in attempts]
    for place, attempt in enumerate(attempts):
        if isinstance(attempt, DataError):
            failed.append((block.skipped(place, attempt), attempt))
        elif isinstance(attempt, BaseException):
            raise attempt
    items = [attempt if isinstance(attempt, Item) else None for attempt in attempts]
    if len(failed) == len(items):
        return Result(None, failed)
    return Result(pipeline.collate(items, memory), failed)


class _Job:
    """One batch in the making; its tasks may run in any threads, in the order of their places."""

    def __init__(
        self, pipeline: Pipeline, block: ClipBlock, turn: int, memory: BatchBuffers
    ) -> None:
        self._pipeline, self._block, self._turn, self._memory = pipeline, block, turn, memory
        self._attempts: list[ItemOrError | None] = [None] * len(block)
        self._left = self._lost = len(block)
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._result: Result | BaseException

    def __len__(self) -> int:
        return len(self._attempts)

    def run(self, place: int) -> None:
        """Make the item at `place`; the last one to be made puts the batch together."""
        if place < self._lost:
            self._attempts[place] = self._attempt(place)
        with self._lock:
            self._left -= 1
            last = not self._left
        if last:
            self._result = self._settled()
            self._done.set()

    def _attempt(self, place: int) -> ItemOrError:
        try:
            return self._block.item(place, self._turn, self._memory.rows(place))
        except DataError as error:
            return error
        except BaseException as error:
            # The batch is lost.  Earlier clips are still tried, so that the error that comes out
            # is that of the first one, whatever the timing.
            with self._lock:
                self._lost = min(self._lost, place)
            return error

    def _settled(self) -> Result | BaseException:
        try:
            return make_result(self._pipeline, self._block, self._attempts, self._memory)
        except BaseException as error:
            return error

    def result(self) -> Result:
        """What has become of the batch, once all its clips are through."""
        self._done.wait()
        if isinstance(self._result, Result):
            return self._result
        raise self._result
