"""Batches made by worker processes, for transforms that hold the interpreter lock.

Worker w of n makes the clips w, w + n, … of every batch, so that every clip is still decoded once
for all conditions; this process puts the batches together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from ..errors import AvrbError
from .batches import stackable
from .clips import Attempt, Block, Item, Rows
from .division import Plan
from .memory import Layout
from .pipeline import Result, Road, settled

__all__ = ["process_stream"]


def process_stream(
    road: Road, plan: Plan, workers: int, prefetch: int, start_method: str | None
) -> Iterator[Result]:
    """The results of `plan` in order, each worker `prefetch` batches ahead at most.

    start_method: "fork", "spawn" or "forkserver"; None for the system's default, or "spawn" where
    shards are remote.  The processes end when the iterator is exhausted, closed or dropped.
    """
    if start_method is None and road.shards.remote:
        start_method = "spawn"  # a forked child could not use storage: see storage.client
    road = road._replace(layout=Layout(None, None))
    parts = iter(
        DataLoader(
            _Parts(road, plan),
            batch_size=None,
            collate_fn=_as_it_is,
            num_workers=workers,
            prefetch_factor=prefetch if workers else None,
            multiprocessing_context=start_method if workers else None,
        )
    )
    step = max(1, workers)
    for places, turns in plan.blocks():
        block = road.block(places)
        for _ in turns:
            attempts: list[Attempt | None] = [None] * len(block)
            # The DataLoader takes from its workers in turn.
            for worker in range(step):
                attempts[worker::step] = _unpacked(next(parts))
            yield settled(road, block, attempts, None)


def _as_it_is(part: Any) -> Any:
    return part


class _Parts(IterableDataset["_Part"]):
    """What this worker makes of each batch, one part a batch, which may be empty."""

    def __init__(self, road: Road, plan: Plan) -> None:
        self._road, self._plan = road, plan

    def __iter__(self) -> Iterator[_Part]:
        info = get_worker_info()
        first, step = (info.id, info.num_workers) if info else (0, 1)
        for places, turns in self._plan.blocks():
            block = self._road.block(places)
            for turn in turns:
                mine = range(first, len(block), step)
                yield _packed([_attempt(block, place, turn) for place in mine])


def _attempt(block: Block, place: int, turn: int) -> Attempt:
    try:
        return block.item(place, turn, Rows())
    except AvrbError as error:
        return error


@dataclass(frozen=True)
class _Part:
    """Attempts whose tensors are taken out and stacked: each crosses over as one file."""

    attempts: Sequence[Attempt]
    stacks: dict[str, torch.Tensor]


def _packed(attempts: Sequence[Attempt]) -> _Part:
    items = [attempt for attempt in attempts if isinstance(attempt, Item)]
    stacks: dict[str, torch.Tensor] = {}
    for name in items[0].values if items else ():
        column: list[Any] = [item.values.get(name) for item in items]
        if stackable(column):
            stacks[name] = torch.stack(column)
    for item in items:
        for name in stacks:
            del item.values[name]
    return _Part(attempts, stacks)


def _unpacked(part: _Part) -> Sequence[Attempt]:
    items = [attempt for attempt in part.attempts if isinstance(attempt, Item)]
    for name, stack in part.stacks.items():
        for item, value in zip(items, stack, strict=True):
            item.values[name] = value
    return part.attempts
