"""`verify_shards` reads every byte once, and finds in damaged shards what it ever found."""

from __future__ import annotations

import hashlib
import json
import re
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import damage
import obstore
import pytest
from faultserver import Fault, FaultServer
from helpers.cli import run_avrb
from helpers.shards import clips, write_shards
from seaweedfs import S3

from avrb_wds.packing import upload_dataset
from avrb_wds.shards import scan, verify_shards
from avrb_wds.storage import Storage, StorageLimits

EXPECTED = json.loads(damage.FILE.read_text())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return damage.clean(tmp_path_factory.mktemp("clean") / "clean")


@pytest.mark.parametrize("name", damage.DAMAGES)
def test_findings(
    server: FaultServer,
    whole: Path,
    tmp_path: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scan, "PIECE", 1700)  # which a clip, or what is damaged, is more than
    (tmp_path / "clean").symlink_to(whole)
    assert damage.found(server, tmp_path, name) == EXPECTED[name]


def test_every_damage_is_in_the_file() -> None:
    assert list(EXPECTED) == list(damage.DAMAGES)


@pytest.mark.parametrize("name", ["none", "a clip twice in a row", "members without a key"])
def test_what_is_not_held_is_read_by_itself(
    server: FaultServer, whole: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "PIECE", 1700)
    monkeypatch.setattr(scan, "HELD", 8000)
    (tmp_path / "clean").symlink_to(whole)
    assert damage.found(server, tmp_path, name) == EXPECTED[name]


LARGE = {"samples": 50_000, "channels": 8, "sample_rate": 1_000_000}  # 800 kB a clip


def served(server: FaultServer, folder: Path, layout: str) -> str | list[str]:
    """What to verify, once these files of a folder are on the server."""
    kinds = {"manifest": (".tar", ".jsonl", ".json"), "index": (".tar", ".jsonl"), "tar": (".tar",)}
    kept = [path for path in folder.iterdir() if path.suffix in kinds[layout]]
    server.objects = {f"/t/{path.name}": path.read_bytes() for path in kept}
    tars = sorted(path.name for path in kept if path.suffix == ".tar")
    return f"{server.url}/t" if layout == "manifest" else [f"{server.url}/t/{n}" for n in tars]


def asked(headers: dict[str, str] | object) -> tuple[int, int] | None:
    """The first byte and the one after the last that a request names."""
    lower = {name.lower(): value for name, value in dict(headers).items()}  # type: ignore[call-overload]
    found = re.fullmatch(r"bytes=(\d+)-(\d+)", lower.get("range", ""))
    return (int(found[1]), int(found[2]) + 1) if found else None


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("layout", damage.LAYOUTS)
def test_every_byte_is_sent_once(
    server: FaultServer, tmp_path: Path, layout: str, deep: bool
) -> None:
    folder = write_shards(tmp_path / "t", clips(6, **LARGE))
    source = served(server, folder, layout)
    assert verify_shards(source, deep=deep) == []
    for name, data in server.objects.items():
        ranges = [asked(headers) for _, path, headers in server.requests if path == name]
        pieces = sorted(r for r in ranges if r and r != (0, 1))  # (0, 1) asks for the size
        assert [a for a, _ in pieces] == [0, *(b for _, b in pieces[:-1])], name
        assert pieces[-1][1] == len(data)
    assert server.sent <= sum(map(len, server.objects.values())) + 2 * len(server.objects)


def test_every_byte_of_local_files_is_read_once(tmp_path: Path) -> None:
    counts = Path("/proc/self/io")
    if not counts.exists():
        pytest.skip("this system does not count what a process reads")

    def read(work: Callable[[], object]) -> int:
        before = int(counts.read_text().split()[1])
        work()
        return int(counts.read_text().split()[1]) - before

    folder = write_shards(tmp_path / "t", clips(6, **LARGE))
    verify_shards(folder, deep=True)  # whatever is imported is imported
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size <= read(lambda: verify_shards(folder, deep=True)) < 1.01 * size


def test_memory_is_that_of_a_clip(tmp_path: Path) -> None:
    folder = write_shards(tmp_path / "t", clips(50, **LARGE), per_shard=50)
    verify_shards(folder)
    tracemalloc.start()
    try:
        assert verify_shards(folder) == []
        most = tracemalloc.get_traced_memory()[1]
        (folder / "manifest.json").unlink()
        (folder / "t-000000.index.jsonl").unlink()
        tracemalloc.reset_peak()
        assert verify_shards(folder) == []
        alone = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (folder / "t-000000.tar").stat().st_size > 40_000_000
    assert most < 20_000_000  # of which 16 MiB may wait to be digested
    assert alone < 5_000_000


@pytest.mark.parametrize("layout", damage.LAYOUTS)
def test_a_connection_that_fails_for_good(server: FaultServer, tmp_path: Path, layout: str) -> None:
    folder = write_shards(tmp_path / "t", clips(6, **LARGE))
    source, after = served(server, folder, layout), 2_000_000

    def schedule(number: int) -> Fault | None:
        _, path, headers = server.requests[number]
        start, stop = asked(headers) or (0, 0)
        if path != "/t/t-000000.tar" or stop <= after:
            return None
        return Fault("drop", after=after - start) if start < after else Fault("status")

    server.schedule = schedule
    found = verify_shards(source, storage=Storage(limits=StorageLimits(retries=1, backoff=0.0)))
    said = [(fault.key, "given up after 2 attempts." in fault.problem) for fault in found]
    tar, clip2, clip3 = (None, True), ("clip0002", True), ("clip0003", True)
    assert said == ([tar] if layout == "tar" else [tar, clip2, clip3])
    assert all(fault.shard == f"{server.url}/t/t-000000.tar" for fault in found)


@pytest.mark.parametrize("layout", damage.LAYOUTS)
def test_a_server_without_ranges(server: FaultServer, tmp_path: Path, layout: str) -> None:
    source = served(server, write_shards(tmp_path / "t", clips(6, **LARGE)), layout)
    server.schedule = lambda number: Fault("ignore_range")
    assert (
        verify_shards(source, storage=Storage(limits=StorageLimits(retries=1, backoff=0.0))) == []
    )


def test_a_digest_stored_with_a_shard_that_is_another_ones(s3: S3, tmp_path: Path) -> None:
    folder, url = write_shards(tmp_path / "t", clips(6)), f"s3://{s3.bucket}/verified"
    storage = Storage(s3.storage_options)
    upload_dataset(folder, url, storage=storage)
    data = bytearray((folder / damage.TAR).read_bytes())
    stored = {"sha256": hashlib.sha256(data).hexdigest()}
    data[9000] ^= 16
    client = storage.store.client(url, writing=True)
    obstore.put(client, f"verified/{damage.TAR}", bytes(data), attributes=stored)
    found = verify_shards(url, storage=Storage(s3.storage_options))
    assert [str(fault).replace(f"{url}/", "") for fault in found] == [
        f"t-000000.tar: the SHA-256 of its bytes 0 to {len(data)} is not the expected one.",
        "t-000000.tar: clip 'clip0001': byte 7680: the bytes differ from the index's checksum.",
    ]


def test_a_cache_stays_out_of_it(server: FaultServer, tmp_path: Path) -> None:
    source = served(server, write_shards(tmp_path / "t", clips(6)), "manifest")
    cache = tmp_path / "cache"
    held = Storage(cache_dir=cache, cache_size=10_000_000)
    assert verify_shards(source, storage=held) == []
    assert not cache.exists()
    name = "/t/t-000000.tar"
    server.objects[name] = server.objects[name][:9000]
    assert verify_shards(source, storage=Storage(cache_dir=cache, cache_size=10_000_000))
    assert not cache.exists()


def test_the_command_over_http(server: FaultServer, tmp_path: Path) -> None:
    source = served(server, write_shards(tmp_path / "t", clips(6)), "manifest")
    done = run_avrb("verify", source)
    assert (done.returncode, done.stdout, done.stderr) == (0, "no faults\n", "")
    names = Counter(path for _, path, headers in server.requests if asked(headers) != (0, 1))
    assert set(names.values()) == {1}
