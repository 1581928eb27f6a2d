"""Batches made by worker processes: NumPy and transforms don't wait for one interpreter's lock.

Worker w of n makes the clips at the places w, w + n, … of the global order, so that every clip is
decoded once for all conditions; they write into shared memory, which is the batch's own.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import cloudpickle

from ..errors import AvrbError, UsageError, cause
from .child import Opening, Order, Share
from .clips import Attempt
from .division import Plan
from .memory import Memory, MemoryPool
from .pipeline import Result, Road, batch_memory, settled
from .sharing import Channel, SharedFile

__all__ = ["ProcessStream", "WorkerLost"]

_CODE = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from avrb_wds.loading.child import main
main(int(sys.argv[2]))
"""
# A worker has a core to itself: libraries that start threads by themselves have none to gain.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SECONDS_TO_END = 10


class WorkerLost(AvrbError):
    """A worker process ended before its work was done."""


class ProcessStream:
    """Gives the results of plans in order, by `count` processes, `prefetch` batches ahead at most.

    The processes start with the first pass and stay for the next ones; they end when this is
    dropped, and when a pass is not iterated to its end.  Raises UsageError where the transform
    can't go to another process.
    """

    def __init__(self, road: Road, plan: Plan, count: int, prefetch: int) -> None:
        try:
            # By value where need be: what a notebook or the main script defines is not imported.
            pickled = cloudpickle.dumps(road)
        except Exception as error:
            raise UsageError(
                f"the transform does not go to another process: {cause(error)}; give one without "
                f"open files, locks and the like, or workers='thread'."
            ) from error
        clips = min(plan.batch_size, len(road.shards))
        self._openings = [Opening(pickled, Share(first, count), clips) for first in range(count)]
        self._prefetch = prefetch
        self._new_memory = partial(batch_memory, road, plan, prefetch, shared=True)
        self._idle: _Workers | None = None

    def __call__(self, road: Road, plan: Plan) -> Iterator[Result]:
        """The results of `plan`, one after another; `road` is the one that this was made for."""
        workers, self._idle = self._idle or _Workers(self._openings, self._new_memory()), None
        try:
            yield from self._results(workers, road, plan)
        except BaseException:
            workers.close()  # in the midst of a pass
            raise
        self._idle = workers

    def _results(self, workers: _Workers, road: Road, plan: Plan) -> Iterator[Result]:
        workers.begin(plan)
        pending: deque[tuple[range, Memory]] = deque()
        for places, _ in plan:
            pending.append((places, workers.order(len(places))))
            if len(pending) > self._prefetch:
                yield _result(workers, road, *pending.popleft())
        while pending:
            yield _result(workers, road, *pending.popleft())


def _result(workers: _Workers, road: Road, places: range, memory: Memory) -> Result:
    return settled(road, road.block(places), workers.attempts(places), memory)


class _Workers:
    """The processes, the memory they share, and what they have been told of it."""

    def __init__(self, openings: list[Opening], memory: MemoryPool) -> None:
        self._memory, self._openings = memory, openings
        self._there: weakref.WeakValueDictionary[int, SharedFile] = weakref.WeakValueDictionary()
        self._told: set[int] = set()
        self._started = [_start() for _ in openings]
        self.close = weakref.finalize(self, _end, os.getpid(), self._started)
        for number, opening in enumerate(openings):
            self._send(number, opening)
        for number in range(len(openings)):
            wrong = self._receive(number)
            if wrong:
                raise UsageError(
                    f"the transform does not come to another process: {wrong}; put it in a module "
                    f"that can be imported, or give workers='thread'."
                )

    def begin(self, plan: Plan) -> None:
        """Let them make what is in `plan`, as far as they get orders for it."""
        for number in range(len(self._started)):
            self._send(number, plan)

    def order(self, clips: int) -> Memory:
        """Let them make the next batch, of so many clips; the memory that it will lie in."""
        memory = self._memory.take(clips)
        files = [piece.file for piece in memory.pieces if piece and piece.file]
        new = [file for file in files if file.number not in self._told]
        gone = self._told - set(self._there)
        order = Order(_numbers(memory), tuple(file.number for file in new), tuple(gone))
        for number in range(len(self._started)):
            self._send(number, order, [file.fd for file in new])
        for file in new:
            self._there[file.number] = file
            file.close()
        self._told = self._told - gone | {file.number for file in new}
        return memory

    def attempts(self, places: range) -> list[Attempt | None]:
        """What has become of every clip of the batch that is next."""
        found: list[Attempt | None] = [None] * len(places)
        for number, opening in enumerate(self._openings):
            mine = opening.share.of(places)
            found[mine.start : mine.stop : mine.step] = self._receive(number)
        return found

    def _send(self, number: int, message: Any, fds: Sequence[int] = ()) -> None:
        try:
            self._started[number].channel.send(message, fds)
        except OSError:
            raise self._lost(number) from None

    def _receive(self, number: int) -> Any:
        try:
            return self._started[number].channel.receive()[0]
        except (EOFError, OSError):
            raise self._lost(number) from None

    def _lost(self, number: int) -> WorkerLost:
        process = self._started[number].process
        code = process.wait(_SECONDS_TO_END)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        return WorkerLost(
            f"worker process {process.pid} {how}; give fewer num_workers if memory ran out."
        )


def _numbers(memory: Memory) -> tuple[int | None, int | None]:
    frames, waveform = (p.file.number if p and p.file else None for p in memory.pieces)
    return frames, waveform


class _Worker(NamedTuple):
    channel: Channel
    process: subprocess.Popen[bytes]


def _start() -> _Worker:
    """A new interpreter, which is not a fork: it has no locks and threads of this process."""
    mine, its = socket.socketpair()
    with its:
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE, json.dumps(sys.path), str(its.fileno())],
            stdin=subprocess.DEVNULL,
            pass_fds=[its.fileno()],
            env={**dict.fromkeys(_ONE_THREAD, "1"), **os.environ},
        )
    return _Worker(Channel(mine), process)


def _end(owner: int, workers: list[_Worker]) -> None:
    if os.getpid() != owner:
        return  # a fork of the process they belong to
    for worker in workers:
        worker.channel.close()
    for worker in workers:
        try:
            worker.process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
