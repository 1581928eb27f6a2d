"""What a worker process does: its share of every batch, in memory of the one that started it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..concurrency import Channel, map_shared
from ..errors import UsageError
from .buffers import BatchBuffers
from .clip_block import ClipBlock, ItemOrError, OutputRows
from .pipeline import Pipeline
from .sharding import Plan

IDLE = -1
"""In place of the position of a clip, of a worker that has none."""
IN_FLIGHT = 64  # clips on their way from storage to all workers of a process
Part = tuple[ClipBlock, range, range]
"""A block, where in it this worker's clips are, and their turns."""


class WorkerSlice(NamedTuple):
    """Which clips fall to a worker: every `step`-th of the global order, from `first` on."""

    first: int
    step: int

    def of(self, places: range) -> range:
        """Where in a block of these places its clips are.

        >>> list(WorkerSlice(1, 3).of(range(8, 15)))
        [2, 5]
        """
        return range((self.first - places.start) % self.step, len(places), self.step)


class BatchTask(NamedTuple):
    """One batch to make: the numbers of the files that its frames and waveforms go to.

    new: numbers of the files that come with this order.  gone: of those that won't be named again.
    """

    files: tuple[int | None, int | None]
    new: tuple[int, ...]
    gone: tuple[int, ...]


def run_worker(pipeline: Pipeline, clips: int, step: int, channel: Channel, number: int) -> None:
    """Make pass after pass; clips: the most of a batch.  step: how many workers there are."""
    files = _Files(pipeline, clips)
    while True:
        plan, fds = channel.receive()
        position = map_shared(fds[0]).view(np.int64)
        os.close(fds[0])
        _run_epoch(channel, pipeline, plan, WorkerSlice(number, step), files, position)


def _run_epoch(
    channel: Channel,
    pipeline: Pipeline,
    plan: Plan,
    share: WorkerSlice,
    files: _Files,
    position: npt.NDArray[np.int64],
) -> None:
    """One pass; every block's clips are kept for all of its turns.

    position: of the clip under way, for whoever finds this process dead of it.
    """
    parts = _parts(pipeline, plan, share)
    if pipeline.shards.remote:
        parts = _read_ahead(parts, max(2, IN_FLIGHT // share.step))
    for block, mine, turns in parts:
        for turn in turns:
            memory = files.memory(*channel.receive(), clips=len(block))
            attempts = []
            for place in mine:
                position[0] = block.positions[place]
                attempts.append(_attempt(block, place, turn, memory.rows(place)))
            position[0] = IDLE
            del memory
            try:
                channel.send(attempts)
            except UsageError as error:
                channel.send([error] * len(attempts))


def _parts(pipeline: Pipeline, plan: Plan, share: WorkerSlice) -> Iterator[Part]:
    for places, turns in plan.blocks():
        yield pipeline.block(places), share.of(places), turns


def _read_ahead(parts: Iterable[Part], clips: int) -> Iterator[Part]:
    """The same, while `clips` of those that come next are on their way from storage.

    Each is asked for by itself: those between them are other workers'.
    """
    waiting: deque[Part] = deque()
    pool = ThreadPoolExecutor(clips, "avrb-ahead")
    try:
        for part in parts:
            waiting.append(part)
            for place in part[1]:
                pool.submit(part[0].read, place)
            while len(waiting) > 1 and sum(len(mine) for _, mine, _ in waiting) > clips:
                yield waiting.popleft()
        yield from waiting
    finally:
        pool.shutdown(cancel_futures=True)


def _attempt(block: ClipBlock, place: int, turn: int, rows: OutputRows) -> ItemOrError:
    try:
        return block.item(place, turn, rows)
    except Exception as error:
        return error


class _Files:
    """The memory of batches, mapped once."""

    def __init__(self, pipeline: Pipeline, clips: int) -> None:
        self._arrays = pipeline.layout.arrays(clips)
        self._mapped: dict[int, npt.NDArray[np.uint8]] = {}

    def memory(self, order: BatchTask, fds: list[int], clips: int) -> BatchBuffers:
        """The memory that an order names."""
        for number in order.gone:
            self._mapped.pop(number, None)
        for number, fd in zip(order.new, fds, strict=True):
            self._mapped[number] = map_shared(fd)
            os.close(fd)
        frames, waveform = (
            arrays.over(self._mapped[number], clips) if arrays and number is not None else None
            for arrays, number in zip(self._arrays, order.files, strict=True)
        )
        return BatchBuffers(frames, waveform)
