"""Invalid clips and loaders left alone: errors come in order, threads end."""

from __future__ import annotations

import gc
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest
from helpers.shards import Made, clips, write_shards

import avrb_wds as avrb
from avrb_wds.concurrency import ThreadWorkers
from avrb_wds.errors import DataError, UsageError


def damaged(folder: Path, made: list[Made], broken: set[int]) -> Path:
    """Shards in which a byte in the middle of some clips has flipped since they were packed."""
    write_shards(folder, made)
    opened = avrb.ShardSet.open(folder)
    for position in broken:
        shard, entry = opened.locate(position)
        path = folder / shard.file
        data = bytearray(path.read_bytes())
        data[entry.offset + entry.length // 2] ^= 255
        path.write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """11 clips, of which 2, 5 and 6 are damaged."""
    return damaged(tmp_path_factory.mktemp("shards"), clips(11), {2, 5, 6})


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("avrb-load")]


@pytest.mark.parametrize("workers", ["thread", "process"])
@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_an_error_comes_when_its_batch_is_due(shards: Path, count: int, workers: str) -> None:
    batches = iter(avrb.load(shards, batch_size=2, num_workers=count, worker_type=workers))
    assert next(batches)["key"] == ["clip0000", "clip0001"]
    with pytest.raises(DataError, match=r"clip 'clip0002' in shard .*t-000000.tar"):
        next(batches)
    assert not threads()


@pytest.mark.parametrize("max_errors", [3, 5, 0.28])
@pytest.mark.parametrize("count", [0, 3])
def test_a_budget_skips_clips_and_says_so(shards: Path, count: int, max_errors: Any) -> None:
    wanted = avrb.conditions(["impulse"], [1])
    loader = avrb.load(shards, wanted, batch_size=4, num_workers=count, max_errors=max_errors)
    clean = avrb.load(write_shards(shards / "whole", clips(11)), wanted, batch_size=4)
    for batch, whole in zip(loader, clean, strict=True):
        kept = [row for row, key in enumerate(whole["key"]) if key in batch["key"]]
        assert batch["key"] == [whole["key"][row] for row in kept]
        assert batch["frames"].equal(whole["frames"][kept])
        assert batch["waveform"].equal(whole["waveform"][kept])
        assert batch["target"].equal(whole["target"][kept])
    assert [(clip.key, clip.shard) for clip in loader.skipped] == [
        ("clip0002", "t-000000.tar"), ("clip0005", "t-000001.tar"), ("clip0006", "t-000001.tar"),
    ]  # fmt: skip
    assert all("checksum" in clip.cause and clip.key in clip.cause for clip in loader.skipped)
    list(loader)
    assert len(loader.skipped) == 3


def die_of_one(clip: Any) -> Any:
    if clip["key"] == "clip0009":
        os.kill(os.getpid(), signal.SIGKILL)
    return clip


def test_a_worker_that_dies_names_its_clip(shards: Path) -> None:
    loader = avrb.load(
        shards, transform=die_of_one, num_workers=1, worker_type="process", max_errors=3
    )
    with pytest.raises(
        avrb.AvrbError,
        match=r"killed by SIGKILL while it processed clip 'clip0009' in shard .*t-000002\.tar, "
        r"byte \d+; lower num_workers if memory ran out",
    ):
        list(loader)


@pytest.mark.parametrize("max_errors", [2, 0.2])
def test_a_budget_that_is_used_up(shards: Path, max_errors: Any) -> None:
    loader = avrb.load(shards, batch_size=1, num_workers=2, max_errors=max_errors)
    with pytest.raises(DataError, match=r"3 clips failed but at most 2 may; .* clip 'clip0006'"):
        list(loader)


def test_a_batch_that_lost_all_its_clips_is_left_out(shards: Path) -> None:
    keys = [b["key"] for b in avrb.load(shards, batch_size=1, num_workers=2, max_errors=3)]
    assert [key for (key,) in keys] == [f"clip{n:04}" for n in (0, 1, 3, 4, 7, 8, 9, 10)]


def test_a_clip_that_contradicts_the_manifest(tmp_path: Path) -> None:
    write_shards(tmp_path, [*clips(2), Made("odd", width=40)])
    manifest = (tmp_path / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(manifest.replace('"width":null', '"width":32'))
    with pytest.raises(DataError, match=r"'odd' .* frames of shape \(2, 24, 40, 3\); the"):
        list(avrb.load(tmp_path, num_workers=2))
    keys = [key for batch in avrb.load(tmp_path, max_errors=1) for key in batch["key"]]
    assert keys == ["clip0000", "clip0001"]


def broken(clip: dict[str, Any]) -> dict[str, Any]:
    if clip["position"] in (3, 4):
        raise KeyError("mel")
    return {"mean": clip["frames"].float().mean()}


def no_dict(clip: dict[str, Any]) -> Any:
    return clip["frames"]


def fickle(clip: dict[str, Any]) -> dict[str, Any]:
    return {f"mean{clip['position']}": 1.0}


@pytest.mark.parametrize("count", [0, 4])
@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (broken, r"the transform failed on clip 'clip0003' in shard .*: KeyError: 'mel'"),
        (no_dict, r"the transform returned a Tensor on clip 'clip0000' .* must return a dict"),
        (fickle, r"the transform returned \['mean1'\] for clip 'clip0001' and \['mean0'\]"),
    ],
)
def test_transforms_at_fault(tmp_path: Path, count: int, transform: Any, message: str) -> None:
    write_shards(tmp_path, clips(8))
    with pytest.raises(UsageError, match=message):
        list(
            avrb.load(
                tmp_path, num_workers=count, worker_type="thread", transform=transform, max_errors=8
            )
        )
    assert not threads()


def test_threads_end_with_their_iterator(tmp_path: Path) -> None:
    loader = avrb.load(
        write_shards(tmp_path, clips(12)), batch_size=1, num_workers=3, worker_type="thread"
    )
    batches = iter(loader)
    next(batches)
    assert len(threads()) == 3
    del batches
    gc.collect()
    assert not threads()
    list(loader)
    assert not threads()


def test_workers_forget_what_has_not_begun() -> None:
    workers, submitted = ThreadWorkers(1), threading.Event()
    done: list[int] = []

    def last() -> None:
        submitted.wait()
        workers.close()  # as the garbage collector may, in a worker's own thread

    workers.submit(last)
    workers.submit(lambda: done.append(1))
    (thread,) = (t for t in threading.enumerate() if t.name in threads())
    submitted.set()
    thread.join()
    assert not done


PROGRAM = """
import atexit, sys, time
import avrb_wds as avrb

seen = []
atexit.register(lambda: print(len(seen) < 100))

def slow(clip):
    seen.append(clip["key"])
    time.sleep(.1)
    return {"n": clip["position"]}

batches = iter(avrb.load(sys.argv[1], transform=slow, batch_size=2, num_workers=2, prefetch=99))
print(next(batches)["n"].tolist())
"""


def test_the_interpreter_exits_with_a_pass_under_way(tmp_path: Path) -> None:
    folder = write_shards(tmp_path, clips(200, frames=1, height=8, width=8, samples=80), 200)
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)], capture_output=True, text=True, timeout=60
    )
    # 200 clips are handed to the threads; those not begun are forgotten.
    assert (run.returncode, run.stdout, run.stderr) == (0, "[0, 1]\nTrue\n", "")


def test_shards_of_another_make(tmp_path: Path) -> None:
    write_shards(tmp_path, clips(2))
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        for name, data in (("x.cls", b"7"), ("x.txt", b"caption")):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with pytest.raises(DataError, match=r"clip 'x' in shard .*other.tar has neither frames nor"):
        list(avrb.load(tmp_path / "other.tar"))
