"""Worker processes: what is sent to them, what comes back, and how they end; maps over them."""

import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import avrb_wds as avrb
from avrb_wds.concurrency import Channel, SharedFile, WorkerType, map_shared, ordered_map
from avrb_wds.concurrency.ordered import Item, Result


def map_in_processes(
    function: Callable[[Item], Result], items: Iterable[Item], count: int, **options: Any
) -> Iterator[Result]:
    return ordered_map(function, items, count, "process", **options)


def test_a_channel_keeps_what_it_is_given() -> None:
    one, other = map(Channel, socket.socketpair())
    file = SharedFile(8)
    map_shared(file.fd)[:] = range(8)
    message = {
        "array": np.arange(6).reshape(2, 3), "empty": np.empty((0, 3)), "text": "x" * 10**6,
        "odd": np.zeros(3, np.uint8), "slice": np.arange(10)[::3],
        "tensor": torch.arange(5)[1:], "bytes": b"\0" * 10,
    }  # fmt: skip
    sender = threading.Thread(target=one.send, args=(message, [file.fd]))
    sender.start()
    found, (fd,) = other.receive()
    sender.join()
    assert found.keys() == message.keys()
    assert all(value.flags.aligned for value in found.values() if type(value) is np.ndarray)
    for name, value in message.items():
        assert type(found[name]) is type(value)
        assert np.array_equal(np.asarray(found[name]), np.asarray(value))
    assert map_shared(fd).tolist() == list(range(8))
    found["array"][0, 0] = 7  # it may be written to
    os.close(fd)
    one.close()
    with pytest.raises(EOFError):
        other.receive()
    other.close()


@pytest.mark.parametrize("count", [1, 3])
def test_processes_map_in_order(count: int) -> None:
    def work(number: int) -> tuple[int, int]:
        time.sleep(0.002 * (number % 3))
        return number, os.getpid()

    found = list(map_in_processes(work, range(20), count))
    assert [number for number, _ in found] == list(range(20))
    assert len({pid for _, pid in found}) == count
    assert list(map_in_processes(work, [], count)) == []


WORKER_TYPES = pytest.mark.parametrize("worker_type", ["thread", "process"])


@WORKER_TYPES
def test_a_map_reads_no_more_items_than_it_may(worker_type: WorkerType) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    for done, _ in enumerate(ordered_map(bytes, items(), 2, worker_type), 1):
        assert len(taken) <= done + 2 * 2


def test_a_map_raises_in_turn_what_the_function_raises() -> None:
    def work(number: int) -> int:
        return 12 // (3 - number)

    results = map_in_processes(work, range(6), 2)
    assert [next(results) for _ in range(3)] == [4, 6, 12]
    with pytest.raises(ZeroDivisionError) as caught:
        next(results)
    assert ", in work\n" in str(caught.value.__cause__)


class Awkward(Exception):
    def __init__(self, what: str, held: Any) -> None:
        super().__init__(f"{what} is awkward")
        self.held = held


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (
            lambda: avrb.MissingExtraError("x", "video"),
            avrb.MissingExtraError,
            "x needs the extra 'video'; ",
        ),
        (lambda: avrb.DataError("a.tar is gone."), avrb.DataError, "a.tar is gone."),
        (lambda: Awkward("this", None), RuntimeError, "Awkward: this is awkward"),
        (lambda: Awkward("this", threading.Lock()), RuntimeError, "Awkward: this is awkward"),
    ],
)
def test_an_error_that_cannot_be_pickled_is_still_said(
    error: Callable[[], Exception], kind: type[Exception], said: str
) -> None:
    def work(number: int) -> None:
        raise error()

    with pytest.raises(kind) as caught:
        list(map_in_processes(work, [1], 1))
    assert str(caught.value).startswith(said)


def test_a_result_that_cannot_be_pickled_is_said() -> None:
    results = map_in_processes(lambda number: threading.Lock() if number else number, [0, 1], 1)
    assert next(results) == 0
    with pytest.raises(avrb.UsageError, match=r"^the transform's result .*: .*lock.*; return"):
        next(results)


def test_a_map_says_that_a_worker_was_killed() -> None:
    with pytest.raises(avrb.AvrbError, match="was killed by SIGKILL"):
        list(map_in_processes(lambda number: os.kill(os.getpid(), signal.SIGKILL), range(6), 2))


def test_a_map_names_what_a_worker_died_of() -> None:
    def work(number: int) -> int:
        if number == 3:
            os.kill(os.getpid(), signal.SIGSEGV)
        return number

    results = map_in_processes(work, range(6), 2, name=lambda number: f"clip {number}")
    with pytest.raises(
        avrb.AvrbError,
        match=r"was killed by SIGSEGV while it processed clip 3; lower",
    ):
        list(results)


def test_a_big_item_and_a_big_result_do_not_wait_for_each_other() -> None:
    items = [bytes([number]) * 3_000_000 for number in range(8)]
    assert list(map_in_processes(lambda item: item + item, items, 2)) == [
        item * 2 for item in items
    ]


def test_a_worker_finds_what_this_process_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else, which may lie where it was started; Python ignores paths that are no text."""
    (tmp_path / "json.py").write_text("raise ImportError('not the real one')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path] + [tmp_path])
    assert list(map_in_processes(str, [1, 2], 1)) == ["1", "2"]


@pytest.mark.parametrize("more", [3, 5, 9])
def test_too_many_for_the_files_that_may_be_open(more: int) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    there = len(os.listdir("/dev/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (there + more, before[1]))
    try:
        with pytest.raises(avrb.AvrbError, match=r": Too many open files.*; lower num_workers"):
            list(map_in_processes(bytes, [100_000] * 8, 8))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert len(os.listdir("/dev/fd")) == there


def test_what_a_terminal_sends_does_not_reach_workers() -> None:
    """Ctrl-C goes to a whole session; one that has only started would print a traceback."""
    assert list(map_in_processes(lambda _: os.getsid(0) == os.getpid(), [1], 1)) == [True]


@pytest.mark.parametrize(("items", "others"), [(0, 0), (1, 0), (3, 3)])
def test_there_are_no_more_processes_than_items(items: int, others: int) -> None:
    pids = set(ordered_map(lambda _: os.getpid(), range(items), 8, None))
    assert len(pids - {os.getpid()}) == others
