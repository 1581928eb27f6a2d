"""A cache folder: nothing of others is counted or removed, and what went bad is fetched again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from faultserver import FaultServer
from helpers.cli import run_avrb
from helpers.shards import clips, write_shards

from avrb_wds.errors import DataError, UsageError
from avrb_wds.shards import ShardSet
from avrb_wds.storage import ObjectReader, Storage
from avrb_wds.storage.cache import MARK, Cache, clear_cache, list_cache

SIZE = 50_000
OTHERS = ["film.part", "a.shard", f"{'A' * 64}.shard", f"{'0' * 64}.tar", "notes.txt", ".part"]


@pytest.fixture
def url(server: FaultServer) -> str:
    for number in range(4):
        server.objects[f"/{number}.tar"] = random.Random(number).randbytes(SIZE)
    return server.url


@pytest.mark.parametrize("name", OTHERS)
def test_a_folder_of_others_is_no_cache(url: str, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not ours")
    (tmp_path / f"{'0' * 64}.part").write_bytes(b"nor this")
    for use in (
        lambda: Cache(tmp_path, SIZE),
        lambda: clear_cache(tmp_path),
        lambda: list_cache(tmp_path),
    ):
        with pytest.raises(
            UsageError, match=r"contains other files, such as '.*', and is not a cache; "
        ):
            use()
    for command in ("info", "clear"):
        assert run_avrb("cache", command, str(tmp_path)).returncode == 2
    assert {path.name for path in tmp_path.iterdir()} == {name, f"{'0' * 64}.part"}


def test_what_others_put_into_a_cache_stays(url: str, tmp_path: Path) -> None:
    cache, store = Cache(tmp_path, 2 * SIZE), ObjectReader()
    assert cache.open(store, f"{url}/0.tar")
    for name in OTHERS:
        (tmp_path / name).write_bytes(bytes(3 * SIZE))
    (tmp_path / f"{'1' * 64}.shard").symlink_to("notes.txt")
    (tmp_path / f"{'2' * 64}.part").mkdir()
    for number in (1, 2, 3):
        assert cache.open(store, f"{url}/{number}.tar")  # no room is counted for them
    assert clear_cache(tmp_path) == (2, 2 * SIZE)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*OTHERS, MARK, "lock", f"{'1' * 64}.shard", f"{'2' * 64}.part"}


def test_a_cache_from_before_there_was_a_mark(url: str, tmp_path: Path) -> None:
    store = ObjectReader()
    assert Cache(tmp_path, SIZE).open(store, f"{url}/0.tar")
    (tmp_path / MARK).unlink()
    assert len(list_cache(tmp_path)) == 1
    assert Cache(tmp_path, SIZE).open(store, f"{url}/1.tar")
    assert (tmp_path / MARK).is_file()
    assert len(list_cache(tmp_path)) == 1


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(0, len(data), 97):
        data[at] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    os.truncate(path, 700)


DAMAGES: list[Callable[[Path], None]] = [flip, cut, lambda path: os.truncate(path, 0)]


@pytest.fixture
def web(server: FaultServer, tmp_path: Path) -> str:
    folder = write_shards(tmp_path / "t", clips(6), per_shard=3)
    server.objects |= {f"/t/{path.name}": path.read_bytes() for path in folder.iterdir()}
    return f"{server.url}/t"


def cached(web: str, folder: Path) -> ShardSet:
    return ShardSet.open(web, Storage(cache_dir=folder, cache_size=1 << 30))


def test_a_shard_that_went_bad_is_fetched_once_more(
    server: FaultServer, web: str, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    for damage in DAMAGES:
        with cached(web, folder) as shards:
            right = [shards.read(number).members for number in range(6)]
        for path, *_ in list_cache(folder):
            damage(path)
        server.forget()
        with cached(web, folder) as shards:
            assert [shards.read(number).members for number in range(6)] == right
        fetched = sum(path.endswith(".tar") for _, path, _ in server.requests)
        assert fetched <= 8  # two clips, and two shards once more
        server.forget()
        with cached(web, folder) as shards:
            assert [shards.read(number).members for number in range(6)] == right
        assert not any(path.endswith(".tar") for _, path, _ in server.requests)


def test_a_shard_that_is_bad_where_it_is_stays_the_fault_of_its_server(
    server: FaultServer, web: str, tmp_path: Path
) -> None:
    with cached(web, tmp_path / "cache") as shards:
        shards.read(0)
    for path, *_ in list_cache(tmp_path / "cache"):
        flip(path)
    tar = "/t/t-000000.tar"
    server.objects[tar] = server.objects[tar].replace(b"\0", b"\1")
    with (
        cached(web, tmp_path / "cache") as shards,
        pytest.raises(DataError, match=f"{server.url}{tar}"),
    ):
        shards.read(0)


READER = """
import random, sys
from avrb_wds.shards import ShardSet
from avrb_wds.storage import Storage
web, folder, seed = sys.argv[1:]
with ShardSet.open(web, Storage(cache_dir=folder, cache_size=1 << 30)) as shards:
    for _ in range(20):
        for number in random.Random(int(seed)).sample(range(6), 6):
            shards.read(number)
print("done")
"""


def test_processes_share_a_cache_whose_files_go_bad(web: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", READER, web, str(folder), str(seed)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for seed in range(3)
    ]  # fmt: skip
    drawn = random.Random(0)
    while any(process.poll() is None for process in running):
        for path, *_ in list_cache(folder):
            if path.suffix == ".shard" and drawn.random() < 0.2:
                with suppress(FileNotFoundError):  # dropped by a reader in this moment
                    DAMAGES[drawn.randrange(2)](path)
        try:
            running[0].wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        running[-1].wait(60)
    for process in running:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "done\n"), err
