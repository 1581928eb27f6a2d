"""What a worker process does: its part of every batch, in buffers shared with its parent."""

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
"""In place of a clip index: the worker has no clip in work."""
CLIPS_IN_FLIGHT = 64  # read from storage at a time, by all workers of one parent
BlockSlice = tuple[ClipBlock, range, range]
"""A block, the rows of this worker's clips in it, and the repeats to make."""


class WorkerSlice(NamedTuple):
    """The clips of one worker: every `step`-th of the global order, from `first` on."""

    first: int
    step: int

    def of(self, order_range: range) -> range:
        """Return the rows of the worker's clips in the block of this range.

        >>> list(WorkerSlice(1, 3).of(range(8, 15)))
        [2, 5]
        """
        return range((self.first - order_range.start) % self.step, len(order_range), self.step)


class BatchTask(NamedTuple):
    """One batch to make.

    Attributes:
        files: Numbers of the shared files for its frames and waveforms; None for new memory.
        new: Numbers of the files whose descriptors come with this task.
        dropped: Numbers of the files that no later task uses.
    """

    files: tuple[int | None, int | None]
    new: tuple[int, ...]
    dropped: tuple[int, ...]


def run_worker(pipeline: Pipeline, clips: int, step: int, channel: Channel, index: int) -> None:
    """Run epoch after epoch as worker `index` of `step`; `clips` is the most of a batch."""
    mapped = _MappedBuffers(pipeline, clips)
    while True:
        plan, fds = channel.receive()
        current = map_shared(fds[0]).view(np.int64)
        os.close(fds[0])
        _run_epoch(channel, pipeline, plan, WorkerSlice(index, step), mapped, current)


def _run_epoch(
    channel: Channel,
    pipeline: Pipeline,
    plan: Plan,
    worker_slice: WorkerSlice,
    mapped: _MappedBuffers,
    current: npt.NDArray[np.int64],
) -> None:
    """Run one epoch; the clips of a block are kept for all of its repeats.

    `current` holds the index of the clip in work, which the parent names if this process dies.
    """
    slices = _block_slices(pipeline, plan, worker_slice)
    if pipeline.shards.remote:
        slices = _read_ahead(slices, max(2, CLIPS_IN_FLIGHT // worker_slice.step))
    for block, rows, repeats in slices:
        for repeat in repeats:
            buffers = mapped.buffers(*channel.receive(), clips=len(block))
            outcomes = []
            for row in rows:
                current[0] = block.clip_indices[row]
                outcomes.append(_make_item(block, row, repeat, buffers.rows(row)))
            current[0] = IDLE
            del buffers
            try:
                channel.send(outcomes)
            except UsageError as error:
                channel.send([error] * len(outcomes))


def _block_slices(
    pipeline: Pipeline, plan: Plan, worker_slice: WorkerSlice
) -> Iterator[BlockSlice]:
    for order_range, repeats in plan.blocks():
        yield pipeline.block(order_range), worker_slice.of(order_range), repeats


def _read_ahead(slices: Iterable[BlockSlice], clips: int) -> Iterator[BlockSlice]:
    """Yield the same, with up to `clips` of the next clips being read from storage.

    Each clip is one request: the clips between are other workers'.
    """
    waiting: deque[BlockSlice] = deque()
    pool = ThreadPoolExecutor(clips, "avrb-ahead")
    try:
        for block_slice in slices:
            waiting.append(block_slice)
            for row in block_slice[1]:
                pool.submit(block_slice[0].read, row)
            while len(waiting) > 1 and sum(len(rows) for _, rows, _ in waiting) > clips:
                yield waiting.popleft()
        yield from waiting
    finally:
        pool.shutdown(cancel_futures=True)


def _make_item(block: ClipBlock, row: int, repeat: int, out: OutputRows) -> ItemOrError:
    try:
        return block.item(row, repeat, out)
    except Exception as error:
        return error


class _MappedBuffers:
    """The shared files of batches, each mapped once."""

    def __init__(self, pipeline: Pipeline, clips: int) -> None:
        self._specs = pipeline.shape.arrays(clips)
        self._mapped: dict[int, npt.NDArray[np.uint8]] = {}

    def buffers(self, task: BatchTask, fds: list[int], clips: int) -> BatchBuffers:
        """Return the buffers of a task, whose new files have the descriptors `fds`."""
        for number in task.dropped:
            self._mapped.pop(number, None)
        for number, fd in zip(task.new, fds, strict=True):
            self._mapped[number] = map_shared(fd)
            os.close(fd)
        frames, waveform = (
            spec.view(self._mapped[number], clips) if spec and number is not None else None
            for spec, number in zip(self._specs, task.files, strict=True)
        )
        return BatchBuffers(frames, waveform)
