"""Storage and processes: by every start method the right clips or a clear error, never a hang."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from faultserver import fault_server
from helpers.shards import clips, write_shards

import avrb_wds as avrb

# Every way in one process, since what takes time is to start them.  It has read, manifest and
# clips, before any loader is made: a forked child would wait for ever.
WAYS = """
import json, multiprocessing, sys
from functools import partial

import avrb_wds as avrb
import webdataset as wds
from avrb_wds.storage import register_webdataset
from torch.utils.data import DataLoader

URL = sys.argv[1]


def load(workers):
    loader = avrb.load(URL, batch_size=4, num_workers=1, worker_type=workers)
    return [key for batch in loader for key in batch["key"]]


def loader(dataset, method, start=None):
    return DataLoader(
        dataset, batch_size=None, num_workers=1, multiprocessing_context=method, timeout=60,
        worker_init_fn=start,
    )


def own(method):
    dataset = avrb.ClipDataset(URL)
    dataset[0]
    return [clip["key"] for clip in loader(dataset, method)]


def in_worker(number):
    register_webdataset()


def plain(method):
    register_webdataset()
    dataset = wds.WebDataset(URL + "/t-000000.tar", shardshuffle=False)
    return [sample["__key__"] for sample in loader(dataset, method, in_worker)]


def outcome(way, method):
    try:
        return way(method)
    except Exception as error:
        return str(error)


def main():
    multiprocessing.set_forkserver_preload(["avrb_wds.loading", "webdataset"])
    avrb.ShardSet.open(URL).read(0)
    ways = {"own": own, "plain": plain}
    methods = ("fork", "spawn", "forkserver")
    found = {f"{name} {m}": outcome(way, m) for name, way in ways.items() for m in methods}
    found["processes"] = outcome(load, "process")
    found["threads"] = load("thread")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
"""
FORK_FIRST = """
import os, sys
import avrb_wds as avrb

for _ in range(2):
    if os.fork() == 0:
        print(len(avrb.ShardSet.open(sys.argv[1]).read(0).members), flush=True)
        os._exit(0)
    os.wait()
print(len(avrb.ShardSet.open(sys.argv[1]).read(0).members))
"""
KEYS = [f"clip{n:04}" for n in range(6)]


def script(folder: Path, code: str, url: str) -> str:
    """What a script of its own says."""
    (folder / "script.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(folder / "script.py"), url],
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = write_shards(tmp_path_factory.mktemp("data") / "t", clips(6), per_shard=6)
    with fault_server({f"/t/{path.name}": path.read_bytes() for path in folder.iterdir()}) as run:
        yield f"{run.url}/t"


@pytest.fixture(scope="module")
def found(web: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str] | str]:
    outcomes: dict[str, list[str] | str] = json.loads(
        script(tmp_path_factory.mktemp("ways"), WAYS, web)
    )
    return outcomes


@pytest.mark.parametrize("way", ["own", "plain"])
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_that_begin_again_read(
    found: dict[str, list[str] | str], way: str, method: str
) -> None:
    assert found[f"{way} {method}"] == KEYS


def test_load_does_not_fork(found: dict[str, list[str] | str]) -> None:
    assert found["processes"] == found["threads"] == KEYS


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("own", "this process was forked from one that had read from storage"),
        ("plain", "this process was forked from one that had read from storage"),
    ],
)
def test_forked_processes_say_why_not(
    found: dict[str, list[str] | str], way: str, said: str
) -> None:
    assert said in found[f"{way} fork"]


def test_children_of_a_process_that_has_not_read_may_read(web: str, tmp_path: Path) -> None:
    assert script(tmp_path, FORK_FIRST, web).split() == ["4"] * 3


def test_processes_read_ahead_each_clip_once(tmp_path: Path) -> None:
    """More requests are under way than there are workers, and none is for another one's clips."""
    folder = write_shards(tmp_path / "t", clips(24), per_shard=12)
    together, count, gathered = 9, itertools.count(1), threading.Event()
    with fault_server({f"/t/{path.name}": path.read_bytes() for path in folder.iterdir()}) as run:
        shards = avrb.ShardSet.open(f"{run.url}/t")
        keys = [shards.locate(position)[1] for position in range(24)]
        run.forget()

        def gather(number: int) -> None:
            """The first requests for clips wait until so many are there at once."""
            _, path, headers = run.requests[number]
            if path.endswith(".tar") and headers["range"] != "bytes=0-0":
                if next(count) == together:
                    gathered.set()
                assert gathered.wait(60)

        run.schedule = gather
        wanted = avrb.conditions(["impulse"], [1])
        loader = avrb.load(shards, wanted, batch_size=6, num_workers=3, worker_type="process")
        assert sum(len(batch["key"]) for batch in loader) == 48
        asked = [h["range"] for _, path, h in run.requests if path.endswith(".tar")]
    ranges = [f"bytes={entry.offset}-{entry.offset + entry.length - 1}" for entry in keys]
    # Each worker asks once how large each of the two shards is, however many threads it reads by.
    assert Counter(asked) == Counter({"bytes=0-0": 3 * 2}) + Counter(ranges)
    assert sum("index" in path for _, path, _ in run.requests) <= 3 * 2 * 2
