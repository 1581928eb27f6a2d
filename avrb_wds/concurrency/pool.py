"""Processes that serve this one, over a channel each."""

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
from typing import Any, NamedTuple

import cloudpickle

from ..errors import AvrbError, UsageError, reason
from .channel import Channel

WorkerMain = Callable[[Channel, int], None]
"""What a worker does: called once with its channel and number, until its work is done."""

_CODE = """
import sys
sys.path[:] = sys.argv[2:]
from avrb_wds.concurrency.worker_main import main
main(int(sys.argv[1]))
"""
# A worker has a core to itself: libraries that start threads by themselves have none to gain.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SECONDS_TO_END = 10
_SOCKET_BYTES = 1 << 17


Had = Callable[[], str]
"""Names what a worker had, for the error where it has ended; asked only then."""


def _nothing() -> str:
    return ""


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # of real time
        return f"signal {number}"


class WorkerDiedError(AvrbError):
    """A worker process ended before its work was done."""


class WorkerPool:
    """`count` worker processes, each of which runs `serve`; they end with this object.

    They are new interpreters: no forks, so without this process's locks and threads, and without
    its main module, so that a script needs no `if __name__ == "__main__"`.  serve: as `pickled`
    makes it.  Raises UsageError where a worker does not find what it names, AvrbError where so
    many do not start.
    """

    def __init__(self, serve: bytes, count: int) -> None:
        self._owner, self._workers = os.getpid(), list[_Worker]()
        self.close = weakref.finalize(self, _end, self._owner, self._workers)
        try:
            self._begin(serve, count)
        except BaseException:
            self.close()
            raise

    def _begin(self, serve: bytes, count: int) -> None:
        try:
            for _ in range(count):
                self._workers.append(_start())
        except OSError as error:
            raise AvrbError(
                f"{count} worker processes do not start: {reason(error)}; give fewer."
            ) from error
        for number in range(count):
            self.send(number, (serve, number))
        for number in range(count):
            wrong = self.receive(number)
            if wrong:
                raise UsageError(
                    f"the work does not come to another process: {wrong}; put what it needs in a "
                    f"module that can be imported, or do with threads."
                )

    @staticmethod
    def pickled(serve: WorkerMain) -> bytes:
        """What goes to the workers, by value where need be: what a notebook or script defines."""
        try:
            pickled: bytes = cloudpickle.dumps(serve)
        except Exception as error:
            raise UsageError(
                f"the work does not go to another process: {reason(error)}; give a transform and "
                f"the like without open files and locks, or do with threads."
            ) from error
        return pickled

    def __len__(self) -> int:
        return len(self._workers)

    @property
    def owned_by_this_process(self) -> bool:
        """Not so in a fork of the process that started them, which alone they listen to."""
        return os.getpid() == self._owner

    def fileno(self, number: int) -> int:
        """The descriptor by which to wait for what a worker sends."""
        return self._workers[number].channel.fileno()

    def send(
        self, number: int, message: Any, files: Sequence[int] = (), *, had: Had = _nothing
    ) -> None:
        """Send to one worker; raises WorkerDiedError, naming what it had, where it has ended."""
        try:
            self._workers[number].channel.send(message, files)
        except OSError:
            raise self._lost(number, had) from None

    def receive(self, number: int, had: Had = _nothing) -> Any:
        """The next message of one worker; raises WorkerDiedError as `send` does."""
        try:
            return self._workers[number].channel.receive()[0]
        except (EOFError, OSError):
            raise self._lost(number, had) from None

    def _lost(self, number: int, had: Had) -> WorkerDiedError:
        process = self._workers[number].process
        try:
            code = process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:  # it listens no more
            process.kill()
            code = process.wait()
        how = f"was killed by {_signal(-code)}" if code < 0 else f"ended with {code}"
        what = had()
        at = f" while it had {what}" if what else ""
        return WorkerDiedError(
            f"worker process {process.pid} {how}{at}; give fewer if memory ran out."
        )


class _Worker(NamedTuple):
    channel: Channel
    process: subprocess.Popen[bytes]


def _start() -> _Worker:
    mine, its = socket.socketpair()
    for end in (mine, its):  # where a system keeps them small, orders for a few batches must fit
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
    with its, contextlib.ExitStack() as undo:
        undo.callback(mine.close)
        process = subprocess.Popen(
            # Python itself passes over what is no text in its path.
            [sys.executable, "-c", _CODE, str(its.fileno()), *_texts(sys.path)],
            stdin=subprocess.DEVNULL,
            pass_fds=[its.fileno()],
            # Ctrl-C goes to all of a terminal's session; the process that starts this one decides.
            start_new_session=True,
            env={**dict.fromkeys(_ONE_THREAD, "1"), **os.environ},
        )
        undo.pop_all()
    return _Worker(Channel(mine), process)


def _texts(path: Sequence[object]) -> list[str]:
    return [folder for folder in path if isinstance(folder, str)]


def _end(owner: int, workers: list[_Worker]) -> None:
    if os.getpid() != owner:
        return  # a fork of the process they belong to
    for worker in workers:
        worker.channel.close()
    latest = time.monotonic() + _SECONDS_TO_END
    for worker in workers:
        try:
            worker.process.wait(max(0, latest - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
