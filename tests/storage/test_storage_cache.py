"""The cache: bounded, shared by processes, never an unproven file, never one in use taken away."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from faultserver import Fault, FaultServer
from helpers.cli import run_avrb

from avrb_wds.errors import DataError, UsageError
from avrb_wds.storage import ObjectReader, Storage, StorageLimits
from avrb_wds.storage.cache import Cache, clear_cache, list_cache

SIZE = 100_000
QUICK = StorageLimits(backoff=0.001, max_backoff=0.004, retries=3)


@pytest.fixture
def urls(server: FaultServer) -> list[str]:
    drawn = random.Random(3)
    server.objects |= {f"/{n}.tar": drawn.randbytes(SIZE) for n in range(8)}
    return [f"{server.url}/{n}.tar" for n in range(8)]


def sha256(server: FaultServer, number: int) -> str:
    return hashlib.sha256(server.objects[f"/{number}.tar"]).hexdigest()


def held(folder: Path) -> int:
    """Bytes in a cache at one moment, at which nobody makes room or gives a file its name."""
    with open(folder / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return sum(size for _, size, _ in list_cache(folder))


def test_a_file_is_fetched_once(server: FaultServer, urls: list[str], tmp_path: Path) -> None:
    for _ in range(3):
        storage = Storage(cache_dir=tmp_path, cache_size=10 * SIZE)
        for number, url in enumerate(urls):
            data = storage.range(url, 50, 1000, sha256(server, number))
            assert data == server.objects[f"/{number}.tar"][50:1050]
    assert server.sent < 9 * SIZE
    assert {path.suffix for path, *_ in list_cache(tmp_path)} == {".shard"}


def test_threads_fetch_a_file_once(server: FaultServer, urls: list[str], tmp_path: Path) -> None:
    server.latency = 0.02
    caches = [Cache(tmp_path, 10 * SIZE) for _ in range(6)]
    digest = sha256(server, 0)
    with ThreadPoolExecutor(6) as pool:
        files = list(pool.map(lambda cache: cache.open(ObjectReader(), urls[0], digest), caches))
    assert [os.pread(file.number, SIZE, 0) for file in files if file] == [
        server.objects["/0.tar"]
    ] * 6
    assert server.sent < 1.1 * SIZE


def test_the_least_recently_used_goes_first(
    server: FaultServer, urls: list[str], tmp_path: Path
) -> None:
    cache, store = Cache(tmp_path, 3 * SIZE), ObjectReader()
    for number in (0, 1, 2, 0, 3):  # 1 is the oldest when 3 needs room
        assert cache.open(store, urls[number], sha256(server, number))
        time.sleep(0.02)  # file systems' clocks tick
    server.forget()
    for number in (0, 2, 3):
        assert cache.open(store, urls[number], sha256(server, number))
    assert not server.sent
    assert held(tmp_path) == 3 * SIZE


def test_files_in_use_stay_and_there_is_one_warning(
    server: FaultServer, urls: list[str], tmp_path: Path
) -> None:
    cache, store = Cache(tmp_path, 2 * SIZE), ObjectReader()
    used = [cache.open(store, urls[n], sha256(server, n)) for n in (0, 1)]
    with pytest.warns(UserWarning, match="cannot hold"):
        assert cache.open(store, urls[2], sha256(server, 2)) is None
    assert cache.open(store, urls[3], sha256(server, 3)) is None  # warnings are errors
    assert clear_cache(tmp_path) == (0, 0)
    assert [os.pread(file.number, SIZE, 0) for file in used if file] == [
        server.objects["/0.tar"],
        server.objects["/1.tar"],
    ]
    used.clear()
    assert cache.open(store, urls[2], sha256(server, 2))
    assert held(tmp_path) <= 2 * SIZE


def test_a_cache_smaller_than_a_shard_streams(
    server: FaultServer, urls: list[str], tmp_path: Path
) -> None:
    storage = Storage(cache_dir=tmp_path, cache_size=SIZE - 1)
    with pytest.warns(UserWarning, match=r"0\.tar: 100000 bytes do not fit into its 99999"):
        storage.range(urls[0], 0, 500)
    for start in range(0, 5000, 500):
        data = storage.range(urls[0], start, 500, sha256(server, 0))
        assert data == server.objects["/0.tar"][start : start + 500]
    assert held(tmp_path) == 0


ON_A_SMALL_DISK = """
import os, sys, warnings
from avrb_wds.storage import Storage
folder, size, *urls = sys.argv[1:]
storage = Storage(cache_dir=folder, cache_size=10**9)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    data = [storage.range(url, 10, 1000) for _ in range(2) for url in urls]
print(len(caught), caught[0].message)
assert data == [storage.store.get_range(url, 10, 1000) for url in urls] * 2
print(sorted(name.rpartition(".")[2] for name in os.listdir(folder)))
"""


def test_a_full_disk_streams(server: FaultServer, urls: list[str], tmp_path: Path) -> None:
    # A disk of 256 kB, in a name space that ends with the process.
    small = 'mount -t tmpfs -o size=256k none "$1" && shift && exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", small, "sh", str(tmp_path)]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk of its own: unshare and mount are not allowed here ({error})")
    done = subprocess.run(
        [*command, sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path), str(SIZE), *urls[:4]],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    warned, left = done.stdout.splitlines()
    assert warned.startswith("1 ")
    assert "No space left on device; what does not fit is read from where it is." in warned
    assert (
        left == "['avrb-cache', 'lock', 'shard', 'shard']"
    )  # two of four have room, and no part is left


def test_a_folder_that_cannot_be_written_streams(
    server: FaultServer, urls: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", Path("/proc/none")):
        storage = Storage(cache_dir=folder, cache_size=10 * SIZE)
        with pytest.warns(UserWarning, match=r"0\.tar: .*; what does not fit is read"):
            data = storage.range(urls[0], 10, 500)
        assert data == server.objects["/0.tar"][10:510]


def test_a_limit_on_files_streams(server: FaultServer, urls: list[str], tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys, warnings; from avrb_wds.storage import Storage\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    storage = Storage(cache_dir=sys.argv[1], cache_size=10**9)\n"
        "    data = storage.range(sys.argv[2], 10, 90_000)\n"
        "    storage.range(sys.argv[2], 10, 90_000)\n"
        "assert len(caught) == 1 and 'File too large' in str(caught[0].message), caught\n"
        "import hashlib; print(hashlib.sha256(data).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), urls[0]],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == hashlib.sha256(server.objects["/0.tar"][10:90_010]).hexdigest()
    assert held(tmp_path) == 0


def test_wrong_bytes_are_never_published(
    server: FaultServer, urls: list[str], tmp_path: Path
) -> None:
    server.schedule = lambda n: Fault("wrong")
    storage = Storage(cache_dir=tmp_path, cache_size=10 * SIZE, limits=QUICK)
    with pytest.raises(DataError, match=r"/0\.tar: the SHA-256 of its bytes"):
        storage.range(urls[0], 0, 10, sha256(server, 0))
    assert not list_cache(tmp_path)


def test_what_a_dead_process_left_is_cleared_away(
    server: FaultServer, urls: list[str], tmp_path: Path
) -> None:
    (tmp_path / f"{'0' * 64}.part").write_bytes(bytes(2 * SIZE))
    cache = Cache(tmp_path, 2 * SIZE)
    assert cache.open(ObjectReader(), urls[0], sha256(server, 0))
    assert held(tmp_path) == SIZE


def test_a_file_without_a_known_digest_goes_by_its_etag(
    server: FaultServer, urls: list[str], tmp_path: Path
) -> None:
    for fill in (1, 2):
        server.objects["/0.tar"] = bytes([fill]) * SIZE
        storage = Storage(cache_dir=tmp_path, cache_size=10 * SIZE)
        assert storage.range(urls[0], 0, 3) == bytes([fill]) * 3
    assert held(tmp_path) == 2 * SIZE


@pytest.mark.parametrize(("folder", "size"), [("x", None), (None, 5), ("x", 0), ("x", 2.5)])
def test_half_a_cache_is_refused(folder: str | None, size: int | None) -> None:
    with pytest.raises(UsageError, match="cache_"):
        Storage(cache_dir=folder, cache_size=size)


READER = """
import hashlib, sys, warnings
from avrb_wds.storage import Storage
warnings.simplefilter("ignore")
folder, size, seed, passes, *named = sys.argv[1:]
import random; drawn = random.Random(int(seed))
for _ in range(int(passes)):
    storage = Storage(cache_dir=folder, cache_size=int(size))
    for pair in drawn.sample(named, len(named)):
        url, digest = pair.split("|")
        data = storage.range(url, 0, 1 << 30, digest)
        assert hashlib.sha256(data).hexdigest() == digest, url
print("done")
"""


def test_four_processes_share_it_while_one_is_killed(
    server: FaultServer, urls: list[str], tmp_path: Path
) -> None:
    named = [f"{url}|{sha256(server, n)}" for n, url in enumerate(urls)]
    limit = len(urls) // 2 * SIZE

    def start(seed: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", READER, str(tmp_path), str(limit), str(seed), "10", *named],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    running, most, drawn = [start(seed) for seed in range(4)], 0, random.Random(0)
    victim = start(99)
    for round_ in range(6):
        time.sleep(drawn.uniform(0.15, 0.4))
        most = max(most, held(tmp_path))
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        victim = start(100 + round_)
    victim.kill()
    victim.communicate()
    for process in running:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out) == (0, "done\n"), err
    assert most <= limit
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Cache(tmp_path, limit).open(ObjectReader(), urls[0], sha256(server, 0))
    assert held(tmp_path) <= limit
    assert all(path.suffix == ".shard" for path, *_ in list_cache(tmp_path))
    for path, *_ in list_cache(tmp_path):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in {p.split("|")[1] for p in named}


def test_the_command(server: FaultServer, urls: list[str], tmp_path: Path) -> None:
    def avrb_cache(*arguments: str) -> tuple[int, str]:
        done = run_avrb("cache", *arguments)
        return done.returncode, done.stdout + done.stderr

    assert Cache(tmp_path, SIZE).open(ObjectReader(), urls[0], sha256(server, 0))
    code, said = avrb_cache("info", str(tmp_path))
    assert (code, said.splitlines()[0]) == (0, f"{tmp_path}: 1 file(s), 0.1 MB")
    assert avrb_cache("clear", str(tmp_path)) == (0, f"{tmp_path}: 1 file(s) removed, 0.1 MB\n")
    assert not list_cache(tmp_path)
    code, said = avrb_cache("info", str(tmp_path / "none"))
    assert (code, "is not a folder" in said) == (2, True)
