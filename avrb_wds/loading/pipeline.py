"""Batches made by threads, in a fixed order, a bounded number ahead of the consumer."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from ..errors import DataError
from ..shards import ShardSet
from .batches import Batch, Collate, Layout, Memory
from .clips import Block, Item, Recipe, Skipped
from .division import Plan, Positions
from .workers import Workers

__all__ = ["Result", "Road", "stream"]


class Result(NamedTuple):
    """A batch, None where all of its clips failed, and the clips that failed."""

    batch: Batch | None
    failed: list[tuple[Skipped, DataError]]


class Road(NamedTuple):
    """The way of a clip from the shards into a batch."""

    shards: ShardSet
    order: Positions
    recipe: Recipe
    layout: Layout
    collate: Collate

    def block(self, places: range) -> Block:
        """The clips at these places of the global order."""
        positions = [int(position) for position in self.order[places.start : places.stop]]
        return Block(self.shards, positions, self.recipe)


def stream(road: Road, plan: Plan, workers: int, prefetch: int) -> Iterator[Result]:
    """The results of `plan` in order, by `workers` threads, `prefetch` batches ahead at most.

    The threads end when the iterator is exhausted, closed or dropped.
    """
    with Workers(workers) as pool:
        pending: deque[_Job] = deque()
        for places, numbers in plan.blocks():
            block = road.block(places)
            for number in numbers:
                pending.append(_begin(_Job(road, block, number), pool))
                if len(pending) > prefetch:
                    yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _begin(job: _Job, pool: Workers) -> _Job:
    for place in range(len(job)):
        pool.submit(partial(job.run, place))
    return job


class _Job:
    """One batch in the making; its tasks may run in any threads, in the order of their places."""

    def __init__(self, road: Road, block: Block, number: int) -> None:
        self._road, self._block, self._number = road, block, number
        self._memory = Memory(road.layout, len(block))
        self._items: list[Item | None] = [None] * len(block)
        self._errors: dict[int, BaseException] = {}
        self._batch: Batch | None = None
        self._left = self._lost = len(block)
        self._lock = threading.Lock()
        self._done = threading.Event()

    def __len__(self) -> int:
        return len(self._items)

    def run(self, place: int) -> None:
        """Make the item at `place`; the last one to finish puts the batch together."""
        try:
            if place < self._lost:
                rows = self._memory.rows(place)
                self._items[place] = self._block.item(place, self._number, rows)
        except BaseException as error:
            self._failed(place, error)
        with self._lock:
            self._left -= 1
            last = not self._left
        if last:
            self._finish()

    def _failed(self, place: int, error: BaseException) -> None:
        with self._lock:
            self._errors[place] = error
            if not isinstance(error, DataError):
                # The batch is lost.  Earlier clips are still tried, so that the error that comes
                # out is the first one whatever the timing.
                self._lost = min(self._lost, place)

    def _finish(self) -> None:
        try:
            if self._lost == len(self) and any(item is not None for item in self._items):
                condition = self._road.recipe.conditions[self._number]
                self._batch = self._road.collate(self._items, condition, self._memory)
        except BaseException as error:
            self._errors[len(self)] = error
        self._done.set()

    def result(self) -> Result:
        """The batch, once it is there; raises what no error budget covers."""
        self._done.wait()
        failed = []
        for place, error in sorted(self._errors.items()):
            if not isinstance(error, DataError) or place == len(self):
                raise error
            failed.append((self._block.skipped(place, error), error))
        return Result(self._batch, failed)
