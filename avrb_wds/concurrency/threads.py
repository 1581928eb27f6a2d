"""Threads that run tasks in the order of submission, and end with their owner."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue

Task = Callable[[], None]


class ThreadWorkers:
    """`count` threads; with 0, a task runs at once in the thread that submits it.

    Tasks must not raise. The threads end when `close` is called, when the object is dropped, and
    at interpreter exit: tasks that have not begun are discarded, running ones are waited for.
    Unlike a ThreadPoolExecutor, it keeps no future for a task, and ends without `close`.

    >>> done = []
    >>> with ThreadWorkers(2) as workers:
    ...     workers.submit(lambda: done.append(1))
    ...     while not done:
    ...         pass
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        stop = threading.Event()
        # Daemons, so that the interpreter leaves ending them to `close`, which discards the queue.
        self._threads = [
            threading.Thread(
                target=_run, args=(self._tasks, stop), name=f"avrb-load-{index}", daemon=True
            )
            for index in range(count)
        ]
        self.close = weakref.finalize(self, _end_threads, self._tasks, stop, self._threads)
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> ThreadWorkers:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def submit(self, task: Task) -> None:
        """Run `task` after those before it have begun."""
        if self._threads:
            self._tasks.put(task)
        else:
            task()


def _run(tasks: SimpleQueue[Task | None], stop: threading.Event) -> None:
    while (task := tasks.get()) is not None and not stop.is_set():
        task()
        # Else the thread would keep a batch alive while it waits for the next task.
        del task


def _end_threads(
    tasks: SimpleQueue[Task | None], stop: threading.Event, threads: list[threading.Thread]
) -> None:
    stop.set()
    for _ in threads:
        tasks.put(None)
    for thread in threads:
        # The garbage collector may call this in any thread, including one of these.
        if thread is not threading.current_thread():
            thread.join()
