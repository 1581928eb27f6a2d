"""Worker processes: what they share, what they may be given, and that none outlives its use."""

import gc
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
import pytest
import torch
from helpers.shards import clips, write_shards

import avrb_wds as avrb
from avrb_wds.concurrency.pool import MAX_THREADS
from avrb_wds.loading import Loader
from avrb_wds.loading.buffers import MAX_SHARED

WANTED = avrb.conditions(["gaussian"], [2])


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(11))


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture(autouse=True)
def _none_is_left() -> Iterator[None]:
    before = children()
    yield
    gc.collect()  # what an error's traceback holds
    assert children() == before


def assert_same(some: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    for one, other in zip(some, others, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            same = torch.equal(value, other[name]) if torch.is_tensor(value) else None
            assert same or (same is None and value == other[name]), name


def by_process(shards: Path, **options: Any) -> Loader:
    return avrb.load(shards, WANTED, num_workers=2, worker_type="process", **options)


@pytest.mark.parametrize("way", ["in order", "memory is short"])
def test_passes_are_alike_and_processes_stay(
    shards: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the consumer holds more batches than may be shared."""
    if way == "memory is short":
        monkeypatch.setattr("avrb_wds.loading.buffers.MAX_SHARED", 3)
    threads = list(avrb.load(shards, WANTED, batch_size=2, worker_type="thread"))
    loader = by_process(shards, batch_size=2)
    before = children()
    assert_same(list(loader), threads)
    started = children() - before
    assert len(started) == 2
    assert_same(list(loader), threads)
    assert children() - before == started
    del loader


def test_a_held_batch_is_never_written_to(shards: Path) -> None:
    loader = by_process(shards, batch_size=1)
    held = list(loader)
    copies = [batch["frames"].clone() for batch in held]
    assert len(held) > len(list(loader)) - 1
    assert all(map(torch.equal, [batch["frames"] for batch in held], copies))


def test_descriptors_stay_few(tmp_path: Path) -> None:
    shards = write_shards(tmp_path, clips(2 * MAX_SHARED))
    before = len(os.listdir("/dev/fd"))
    held = list(avrb.load(shards, batch_size=1, num_workers=1, worker_type="process"))
    assert len(held) == 2 * MAX_SHARED
    assert len(os.listdir("/dev/fd")) <= before + 2


class LoggedShards(avrb.ShardSet):
    """Notes in a file what is read, from whichever process."""

    log: Path

    def read(self, position: int) -> Any:
        with self.log.open("a") as log:
            log.write(f"{position}\n")
        return super().read(position)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_every_clip_is_read_once_for_all_conditions(
    shards: Path, tmp_path: Path, batch_size: int
) -> None:
    opened = LoggedShards.open(shards)
    opened.log = tmp_path / "log"
    wanted = avrb.conditions(["gaussian", "impulse"])
    loader = avrb.load(opened, wanted, num_workers=3, worker_type="process", batch_size=batch_size)
    assert sum(len(batch["key"]) for batch in loader) == 11 * 11
    assert sorted(opened.log.read_text().split(), key=int) == [str(n) for n in range(11)]


def test_lambdas_and_what_they_hold_go_along(shards: Path) -> None:
    weights = torch.linspace(0, 1, 3)

    def make(clip: dict[str, Any]) -> dict[str, Any]:
        mean = clip["frames"].float().mean((0, 1, 2)) * weights
        return {
            "mean": mean, "half": mean.bfloat16(), "none": torch.empty(0), "text": clip["key"],
            "array": np.asfortranarray(clip["frames"][0]), "frames": clip["frames"],
        }  # fmt: skip

    for transform in (make, lambda clip: make(clip)):
        options = {"batch_size": 4, "transform": transform}
        threads = avrb.load(shards, WANTED, worker_type="thread", **options)
        assert_same(list(by_process(shards, **options)), list(threads))


def test_a_transform_that_cannot_go_along(shards: Path) -> None:
    lock = threading.Lock()

    def make(clip: dict[str, Any]) -> dict[str, Any]:
        with lock:
            return {"key": clip["key"]}

    with pytest.raises(avrb.UsageError, match=r"^the transform cannot be pickled: .*lock.*; "
                       r"leave out locks .*, or pass worker_type=\"thread\"\.$"):  # fmt: skip
        by_process(shards, transform=make)
    # Left to choose, threads do it.
    many = avrb.load(shards, WANTED, num_workers=MAX_THREADS + 1, transform=make)
    assert [key for batch in many for key in batch["key"]] == [f"clip{n:04}" for n in range(11)] * 2


def test_a_transform_that_the_worker_does_not_find(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone.py").write_text("def make(clip):\n    return {}\n")
    monkeypatch.syspath_prepend(tmp_path)
    from gone import make

    monkeypatch.undo()
    with pytest.raises(avrb.UsageError, match=r"^a worker process cannot import the transform: "
                       r"ModuleNotFoundError: No module named 'gone'; define"):  # fmt: skip
        list(by_process(shards, transform=make))


def test_what_a_transform_raises_is_said(shards: Path) -> None:
    def fail(clip: dict[str, Any]) -> dict[str, Any]:
        raise OSError("no such table")

    with pytest.raises(avrb.UsageError, match=r"failed on clip 'clip0000' .*table") as caught:
        list(by_process(shards, transform=fail))
    assert ", in fail\n" in str(caught.value.__cause__)


def test_what_a_transform_returns_has_to_come_back(shards: Path) -> None:
    """By value, too, where another process knows no name for it."""

    class Pair(NamedTuple):
        key: str
        shape: tuple[int, ...]

    loader = by_process(shards, transform=lambda clip: {"pair": Pair(clip["key"], (1, 2))})
    pair = next(iter(loader))["pair"][0]
    assert type(pair) is Pair
    assert pair == ("clip0000", (1, 2))
    with pytest.raises(avrb.UsageError, match=r"^the transform's result .*: .*generator.*; "):
        list(by_process(shards, transform=lambda clip: {"later": (n for n in range(3))}))


def test_far_ahead_they_do_not_wait_for_each_other(shards: Path) -> None:
    """A socket takes about a hundred tasks, and as many results."""
    wanted = avrb.conditions(["gaussian", "impulse", "shot", "speckle"])
    far = {"batch_size": 1, "prefetch": 10_000}
    loader = avrb.load(shards, wanted, num_workers=1, worker_type="process", **far)
    assert sum(1 for _ in loader) == 11 * 21


def test_a_fork_has_workers_of_its_own(shards: Path) -> None:
    """As where a DataLoader forks with a loader in its dataset that has been iterated before."""
    loader = by_process(shards, batch_size=1)
    keys = [batch["key"] for batch in loader]
    forks = []
    for _ in range(2):
        forks.append(os.fork())
        if not forks[-1]:
            try:
                os._exit([batch["key"] for batch in loader] != keys)
            finally:
                os._exit(2)  # whatever is raised: this process is not the one that tests
    assert [os.waitpid(fork, 0)[1] for fork in forks] == [0, 0]
    assert [batch["key"] for batch in loader] == keys


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_worker_is_one_sentence(shards: Path, number: signal.Signals) -> None:
    before = children()
    loader = by_process(shards, batch_size=1)
    batches = iter(loader)
    next(batches)
    for child in children() - before:
        os.kill(child, number)
    with pytest.raises(avrb.AvrbError) as caught:
        list(batches)
    assert re.fullmatch(
        rf"worker process \d+ was killed by {number.name}"
        r"( while it processed clip 'clip00\d\d' in shard .*)?; "
        r"lower num_workers if memory ran out\.",
        str(caught.value),
    )  # fmt: skip
    # The next pass has new ones.
    assert sum(len(batch["key"]) for batch in loader) == 22
    del loader, batches, caught


def test_a_worker_that_ends_by_itself(shards: Path) -> None:
    with pytest.raises(avrb.AvrbError, match=r"worker process \d+ ended with exit code 7"):
        list(by_process(shards, transform=lambda clip: os._exit(7)))


def test_an_abandoned_pass_ends_its_workers(shards: Path) -> None:
    before = children()
    batches = iter(by_process(shards, batch_size=1))
    next(batches)
    assert len(children() - before) == 2
    del batches
    assert children() == before


OWNER = """
import os, sys, time
import avrb_wds as avrb

loader = avrb.load(sys.argv[1], num_workers=2, worker_type="process", batch_size=1)
batches = iter(loader)
next(batches)
if sys.argv[2] == "leave":
    sys.exit()
print("begun", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None])
def test_workers_end_with_the_process_that_started_them(
    shards: Path, end: signal.Signals | None
) -> None:
    """Scripts need no `if __name__ == "__main__"`, either."""
    arguments = [sys.executable, "-c", OWNER, str(shards), "leave" if end is None else "wait"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
        workers: list[psutil.Process] = []
        if end is not None:
            assert owner.stdout is not None
            assert owner.stdout.readline() == b"begun\n"
            workers = psutil.Process(owner.pid).children()
            assert len(workers) == 2
            owner.send_signal(end)
        assert (owner.wait(60) == 0) == (end is None)
    assert not psutil.wait_procs(workers, timeout=30)[1]


def test_many_workers_are_processes(shards: Path) -> None:
    before = children()
    for count, expected in ((MAX_THREADS, 0), (MAX_THREADS + 1, MAX_THREADS + 1)):
        batches = iter(avrb.load(shards, num_workers=count, batch_size=1))
        next(batches)
        assert len(children() - before) == expected
        del batches
