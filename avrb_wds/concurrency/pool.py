"""Worker processes: started, spoken to over one channel each, and ended with their owner."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import cloudpickle

from ..errors import AvrbError, UsageError, reason
from .channel import Channel

WorkerType = Literal["thread", "process"]
"""Threads start at once, but run Python code one at a time; processes run side by side."""

WorkerMain = Callable[[Channel, int], None]
"""What a worker process runs: called once, with its channel and its index."""

Describe = Callable[[], str]
"""Describes what a worker has in work, for the error in case it has died; called only then."""

MAX_THREADS = 2
"""Up to this many, threads wait for each other less than processes take to start."""

_CODE = """
import sys
sys.path[:] = sys.argv[2:]
from avrb_wds.concurrency.worker_main import main
main(int(sys.argv[1]))
"""
# A worker has one core, so that threads of numerical libraries would only compete for it.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SECONDS_TO_END = 10
_SOCKET_BYTES = 1 << 17


def default_workers() -> int:
    """Return the number of cores that this process may use, divided among torchrun's processes."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:  # macOS
        cores = os.cpu_count() or 1
    local = os.environ.get("LOCAL_WORLD_SIZE", "1")
    return max(1, cores // (int(local) if local.isdecimal() and int(local) else 1))


def resolve_worker_type(worker_type: WorkerType | None, num_workers: int) -> WorkerType:
    """Return `worker_type`; None becomes threads for up to two workers, processes for more.

    >>> resolve_worker_type(None, 2), resolve_worker_type(None, 8), resolve_worker_type("thread", 8)
    ('thread', 'process', 'thread')
    """
    return worker_type or ("thread" if num_workers <= MAX_THREADS else "process")


class WorkerDiedError(AvrbError):
    """A worker process ended before its work was done."""


def _nothing() -> str:
    return ""


class WorkerPool:
    """`count` worker processes, which end when this object is closed or dropped.

    They are new interpreters, not forks: they share no locks or threads with this process, and do
    not import its main module, so that a script needs no `if __name__ == "__main__"`.

    Args:
        worker_main: What each of them runs, as `pickled` returns it.
        count: How many are started.

    Raises:
        UsageError: A worker cannot import what `worker_main` refers to.
        AvrbError: The processes cannot be started.
    """

    def __init__(self, worker_main: bytes, count: int) -> None:
        self._owner, self._workers = os.getpid(), list[_Worker]()
        self.close = weakref.finalize(self, _end_workers, self._owner, self._workers)
        try:
            self._start(worker_main, count)
        except BaseException:
            self.close()
            raise

    def _start(self, worker_main: bytes, count: int) -> None:
        try:
            for _ in range(count):
                self._workers.append(_start_worker())
        except OSError as error:
            raise AvrbError(
                f"{count} worker processes cannot be started: {reason(error)}; lower num_workers."
            ) from error
        for index in range(count):
            self.send(index, (worker_main, index))
        for index in range(count):
            fault = self.receive(index)
            if fault:
                raise UsageError(
                    f"a worker process cannot import the transform: {fault}; define it in an "
                    f'importable module, or pass worker_type="thread".'
                )

    @staticmethod
    def pickled(worker_main: WorkerMain) -> bytes:
        """`worker_main` as bytes; what a notebook or script defines is pickled by value."""
        try:
            pickled: bytes = cloudpickle.dumps(worker_main)
        except Exception as error:
            raise UsageError(
                f"the transform cannot be pickled: {reason(error)}; leave out locks and open "
                f'files, or pass worker_type="thread".'
            ) from error
        return pickled

    def __len__(self) -> int:
        return len(self._workers)

    @property
    def owned_by_this_process(self) -> bool:
        """Whether this process started the workers; a fork of it must not use them."""
        return os.getpid() == self._owner

    def fileno(self, index: int) -> int:
        """Return the descriptor that becomes readable when a worker has sent a message."""
        return self._workers[index].channel.fileno()

    def send(
        self, index: int, message: Any, files: Sequence[int] = (), *, in_work: Describe = _nothing
    ) -> None:
        """Send to one worker; raises WorkerDiedError, with what it had in work, if it has died."""
        try:
            self._workers[index].channel.send(message, files)
        except OSError:
            raise self._died(index, in_work) from None

    def receive(self, index: int, in_work: Describe = _nothing) -> Any:
        """Return the next message of one worker; raises WorkerDiedError as `send` does."""
        try:
            return self._workers[index].channel.receive()[0]
        except (EOFError, OSError):
            raise self._died(index, in_work) from None

    def _died(self, index: int, in_work: Describe) -> WorkerDiedError:
        process = self._workers[index].process
        try:
            code = process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:  # it has closed its channel, but does not end
            process.kill()
            code = process.wait()
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        what = in_work()
        at = f" while it processed {what}" if what else ""
        return WorkerDiedError(
            f"worker process {process.pid} {how}{at}; lower num_workers if memory ran out."
        )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


class _Worker(NamedTuple):
    channel: Channel
    process: subprocess.Popen[bytes]


def _start_worker() -> _Worker:
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):  # tasks for a few batches must fit where the default is small
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
    with theirs, contextlib.ExitStack() as undo:
        undo.callback(ours.close)
        # Python itself ignores entries of its path that are not text.
        path = [folder for folder in sys.path if isinstance(folder, str)]
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE, str(theirs.fileno()), *path],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            # Ctrl-C goes to a terminal's whole session; only the owner decides when to stop.
            start_new_session=True,
            env={**dict.fromkeys(_ONE_THREAD, "1"), **os.environ},
        )
        undo.pop_all()
    return _Worker(Channel(ours), process)


def _end_workers(owner: int, workers: list[_Worker]) -> None:
    if os.getpid() != owner:
        return  # in a fork of the owner
    for worker in workers:
        worker.channel.close()
    deadline = time.monotonic() + _SECONDS_TO_END
    for worker in workers:
        try:
            worker.process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
