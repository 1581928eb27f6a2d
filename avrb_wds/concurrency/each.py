"""The same work on many things, by worker processes."""

from __future__ import annotations

import selectors
from collections import deque
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import Any, TypeVar

from ..errors import UsageError
from .channel import Channel
from .pool import WorkerPool

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def _unnamed(thing: object) -> str:
    return ""


def map_in_processes(
    work: Callable[[Thing], Result],
    things: Iterable[Thing],
    count: int,
    name: Callable[[Thing], str] = _unnamed,
) -> Generator[Result, None, None]:
    """What `work` gives for every thing, in order, by `count` processes.

    At most twice as many results as processes are there at a time.  name: what a message calls a
    thing.  Raises what `work` raises, when its turn comes, UsageError where what it is or gives
    can't go to another process, and WorkerDiedError, naming the thing it had, where one ended.
    """
    pool = WorkerPool(WorkerPool.pickled(partial(_serve, work)), count)
    try:
        yield from _Scheduler(pool, name).results(things)
    finally:
        pool.close()


class _Scheduler:
    """Who works on what, and what is done before its turn."""

    def __init__(self, pool: WorkerPool, name: Callable[[Any], str]) -> None:
        self._crew, self._name = pool, name
        self._things: dict[int, Any] = {}
        self._tasks: list[deque[int]] = [deque() for _ in range(len(pool))]
        self._done: dict[int, Any] = {}
        self._given = self._taken = 0

    def results(self, things: Iterable[Any]) -> Generator[Any, None, None]:
        with selectors.DefaultSelector() as selector:
            for worker in range(len(self._crew)):
                selector.register(self._crew.fileno(worker), selectors.EVENT_READ, worker)
            for thing in things:
                if self._given - self._taken >= 2 * len(self._crew):
                    yield self._next(selector)
                # The one with the least to do; a second task waits there for the end of the first.
                worker = min(range(len(self._crew)), key=lambda number: len(self._tasks[number]))
                self._crew.send(worker, thing, had=partial(self._had, worker))
                self._tasks[worker].append(self._given)
                self._things[self._given] = thing
                self._given += 1
            while self._taken < self._given:
                yield self._next(selector)

    def _next(self, selector: selectors.BaseSelector) -> Any:
        """The result whose turn it is, once it is there."""
        while self._taken not in self._done:
            for key, _ in selector.select():
                result = self._crew.receive(key.data, partial(self._had, key.data))
                number = self._tasks[key.data].popleft()
                self._done[number] = result
                del self._things[number]
        result = self._done.pop(self._taken)
        self._taken += 1
        if isinstance(result, _Raised):
            raise result.error
        return result

    def _had(self, worker: int) -> str:
        tasks = self._tasks[worker]
        return self._name(self._things[tasks[0]]) if tasks else ""


class _Raised:
    """Sent in place of a result."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _serve(work: Callable[[Any], Any], channel: Channel, number: int) -> None:
    while True:
        thing = channel.receive()[0]
        try:
            result = work(thing)
        except Exception as error:
            result = _Raised(error)
        try:
            channel.send(result)
        except UsageError as error:
            channel.send(_Raised(error))
