"""Work done ahead of its consumer: bounded in number, with results in order."""

from __future__ import annotations

import selectors
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from operator import length_hint
from queue import Queue, SimpleQueue
from typing import Any, Generic, TypeVar

from ..errors import UsageError
from .channel import Channel
from .pool import WorkerPool, WorkerType, default_workers, resolve_worker_type

Item = TypeVar("Item")
Result = TypeVar("Result")


def _no_name(item: object) -> str:
    return ""


def ordered_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    num_workers: int | None = None,
    worker_type: WorkerType | None = "thread",
    *,
    max_pending: int | None = None,
    name: Callable[[Item], str] = _no_name,
) -> Generator[Result, None, None]:
    """Apply `function` to every item in parallel and yield the results in order.

    Args:
        function: Called once with each item.
        items: Read only as far ahead as `max_pending` allows.
        num_workers: By default one for each core; never more than `items`, if that has a length.
            With 0 the caller's thread does the work, when a result is asked for.
        worker_type: "thread", "process", or None for what suits the number of workers.
        max_pending: The most items that are in work or wait for the consumer, by default twice
            the number of workers.
        name: What an error message calls an item that a worker process died on.

    Returns:
        A generator of the results. Closing it discards the work that has not begun, and waits
        for the work that has.

    Raises:
        Exception: Whatever `function` raises, in place of that result.
        UsageError: `function` or one of its results cannot be sent to another process.
        WorkerDiedError: A worker process died.

    Example:
        >>> list(ordered_map(str.upper, ["a", "b", "c"], 2))
        ['A', 'B', 'C']
    """
    count = default_workers() if num_workers is None else num_workers
    count = min(count, length_hint(items, count))
    if not count:
        return (function(item) for item in items)
    pending = max_pending or 2 * count
    if resolve_worker_type(worker_type, count) == "thread":
        return _map_by_threads(function, items, count, pending)
    return _map_by_processes(function, items, count, pending, name)


def _map_by_threads(
    function: Callable[[Item], Result], items: Iterable[Item], count: int, max_pending: int
) -> Generator[Result, None, None]:
    pool = ThreadPoolExecutor(count, "avrb-map")
    pending: deque[Future[Result]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= max_pending:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _map_by_processes(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    count: int,
    max_pending: int,
    name: Callable[[Item], str],
) -> Generator[Result, None, None]:
    pool = WorkerPool(WorkerPool.pickled(partial(_serve, function)), count)
    try:
        yield from _Scheduler[Item, Result](pool, name).results(items, max_pending)
    finally:
        pool.close()


class _Scheduler(Generic[Item, Result]):
    """Hands items to the workers of a pool and puts their results in order."""

    def __init__(self, pool: WorkerPool, name: Callable[[Item], str]) -> None:
        self._pool, self._name = pool, name
        self._items: dict[int, Item] = {}
        self._queues: list[deque[int]] = [deque() for _ in range(len(pool))]
        self._done: dict[int, Result | _Raised] = {}
        self._sent = self._yielded = 0

    def results(self, items: Iterable[Item], max_pending: int) -> Generator[Result, None, None]:
        with selectors.DefaultSelector() as selector:
            for worker in range(len(self._pool)):
                selector.register(self._pool.fileno(worker), selectors.EVENT_READ, worker)
            for item in items:
                if self._sent - self._yielded >= max_pending:
                    yield self._next(selector)
                self._send(item)
            while self._yielded < self._sent:
                yield self._next(selector)

    def _send(self, item: Item) -> None:
        # To the worker with the shortest queue; a second item waits in its socket.
        worker = min(range(len(self._pool)), key=lambda index: len(self._queues[index]))
        self._pool.send(worker, item, in_work=partial(self._in_work, worker))
        self._queues[worker].append(self._sent)
        self._items[self._sent] = item
        self._sent += 1

    def _next(self, selector: selectors.BaseSelector) -> Result:
        """Wait for the next result in order."""
        while self._yielded not in self._done:
            for key, _ in selector.select():
                result = self._pool.receive(key.data, partial(self._in_work, key.data))
                index = self._queues[key.data].popleft()
                self._done[index] = result
                del self._items[index]
        result = self._done.pop(self._yielded)
        self._yielded += 1
        if isinstance(result, _Raised):
            raise result.error
        return result

    def _in_work(self, worker: int) -> str:
        queue = self._queues[worker]
        return self._name(self._items[queue[0]]) if queue else ""


class _Raised:
    """Sent in place of a result."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _serve(function: Callable[[Any], Any], channel: Channel, index: int) -> None:
    """Answer every item with its result; runs in worker process `index`."""
    while True:
        item = channel.receive()[0]
        try:
            result = function(item)
        except Exception as error:
            result = _Raised(error)
        try:
            channel.send(result)
        except UsageError as error:
            channel.send(_Raised(error))


@dataclass(frozen=True)
class _End:
    """Marks the end of a task; error: which stopped it."""

    error: BaseException | None = None


def ordered_chain(
    tasks: Iterable[Callable[[], Iterable[Result]]], count: int
) -> Generator[Result, None, None]:
    """Run `count` tasks at a time in threads and yield what they yield, task by task.

    Unlike in `ordered_map`, the first results of a task come out before it has finished. Closing
    the iterator does not wait for the tasks that have begun: stop them first.

    Example:
        >>> list(ordered_chain([lambda: "ab", lambda: "c", lambda: "de"], 2))
        ['a', 'b', 'c', 'd', 'e']
    """
    pool = ThreadPoolExecutor(count, "avrb-chain")
    lanes: deque[SimpleQueue[Result | _End]] = deque()
    try:
        for task in tasks:
            lanes.append(SimpleQueue())
            pool.submit(_fill_lane, task, lanes[-1])
            if len(lanes) >= count:
                yield from _drain_lane(lanes.popleft())
        while lanes:
            yield from _drain_lane(lanes.popleft())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _fill_lane(task: Callable[[], Iterable[Result]], lane: SimpleQueue[Result | _End]) -> None:
    try:
        for result in task():
            lane.put(result)
    except BaseException as error:  # for the thread that waits
        lane.put(_End(error))
    else:
        lane.put(_End())


def _drain_lane(lane: SimpleQueue[Result | _End] | Queue[Result | _End]) -> Iterator[Result]:
    while not isinstance(result := lane.get(), _End):
        yield result
    if result.error is not None:
        raise result.error


def prefetch(items: Iterator[Item], depth: int) -> Generator[Item, None, None]:
    """Run an iterator in a thread, up to `depth` items ahead.

    An error of `items` is raised after the items before it. The thread ends, and a generator is
    closed, once all items are taken or the returned generator is closed.

    Example:
        >>> list(prefetch(iter("abc"), 2))
        ['a', 'b', 'c']
    """
    queue: Queue[Item | _End] = Queue(depth)
    stop = threading.Event()
    thread = threading.Thread(target=_fill_queue, args=(queue, items, stop), name="avrb-prefetch")
    thread.start()
    try:
        yield from _drain_lane(queue)
    finally:
        stop.set()
        while thread.is_alive():  # it may wait for room in the queue
            while not queue.empty():
                queue.get_nowait()
            thread.join(0.01)


def _fill_queue(queue: Queue[Item | _End], items: Iterator[Item], stop: threading.Event) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            if stop.is_set():
                break
            queue.put(item)
    except BaseException as caught:
        error = caught
    finally:
        if isinstance(items, Generator):
            items.close()
    queue.put(_End(error))
