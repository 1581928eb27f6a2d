"""Threads that run tasks in the order they are handed in, and end when their owner does."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue

Task = Callable[[], None]


class ThreadWorkers:
    """`count` threads; with 0 a task runs at once, in the thread that submits it.

    Tasks must not raise.  Threads end when `close` is called, when the object is dropped, and at
    interpreter exit: tasks that have not begun are forgotten, those under way are waited for.

    >>> done = []
    >>> with ThreadWorkers(2) as workers:
    ...     workers.submit(lambda: done.append(1))
    ...     while not done:
    ...         pass
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        stopped = threading.Event()
        # Daemons, so that the interpreter leaves ending them to `close`, which forgets the queue.
        self._threads = [
            threading.Thread(
                target=_run, args=(self._tasks, stopped), name=f"avrb-load-{number}", daemon=True
            )
            for number in range(count)
        ]
        self.close = weakref.finalize(self, _stop, self._tasks, stopped, self._threads)
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> ThreadWorkers:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def submit(self, task: Task) -> None:
        """Run `task` once those before it have begun."""
        if self._threads:
            self._tasks.put(task)
        else:
            task()


def _run(tasks: SimpleQueue[Task | None], stopped: threading.Event) -> None:
    while (task := tasks.get()) is not None and not stopped.is_set():
        task()
        # Not to hold on to a batch while waiting for the next task.
        del task


def _stop(
    tasks: SimpleQueue[Task | None], stopped: threading.Event, threads: list[threading.Thread]
) -> None:
    stopped.set()
    for _ in threads:
        tasks.put(None)
    for thread in threads:
        # The garbage collector may call this in any thread, one of these included.
        if thread is not threading.current_thread():
            thread.join()
