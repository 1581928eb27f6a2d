"""Storage measured on loopback: beside obstore's plain stream, webdataset's curl, and one by one.

    python benchmarks/storage.py [--megabytes 200] [--rounds 5] [--shard 1024]

A SeaweedFS server (extra test) holds one object; a server of Python's adds latency, and counts.  A
round runs every way once, so that what else the machine does counts for all; ratios are medians
over rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import mmap
import os
import random
import statistics
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
import webdataset as wds

TESTS = Path(__file__).parents[1] / "tests"
# The servers are those of the tests, which are no package: they are found from here on (E402).
sys.path[:0] = [str(TESTS), str(TESTS / "storage")]
from faultserver import FaultServer, fault_server  # noqa: E402
from helpers.shards import Made, members, write_manifest  # noqa: E402
from seaweedfs import s3_server  # noqa: E402

import avrb_wds as avrb  # noqa: E402
from avrb_wds.building.shard_writer import ShardWriter  # noqa: E402
from avrb_wds.storage import ObjectReader, register_webdataset, upload  # noqa: E402
from avrb_wds.storage.readahead import Readahead  # noqa: E402

Way = Callable[[], int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shard", type=int, default=1024, help="MiB of the shard of clips")
    arguments = parser.parse_args()
    data = shard(arguments.megabytes << 20)
    with tempfile.TemporaryDirectory() as folder:
        throughput(data, Path(folder), arguments.rounds)
    with fault_server({"/big.tar": data}) as server:
        latency(server, data, max(3, arguments.rounds // 2))
    with tempfile.TemporaryDirectory() as folder, fault_server() as server:
        first_clip(server, Path(folder), arguments.shard << 20)


def shard(size: int) -> bytes:
    """A tar of about `size` bytes: members of 1 MB."""
    out, piece = io.BytesIO(), random.Random(0).randbytes(1_000_000)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for number in range(size // 1_000_000):
            info = tarfile.TarInfo(f"{number:06}.bin")
            info.size = len(piece)
            tar.addfile(info, io.BytesIO(piece))
    return out.getvalue()


def seconds(work: Way, expected: int) -> float:
    start = time.perf_counter()
    found = work()
    if found < expected:
        raise SystemExit(f"{found} bytes of {expected}")
    return time.perf_counter() - start


def compare(ways: dict[str, Way], size: int, rounds: int) -> None:
    """Print MB/s of every way, and its ratio to the first one's."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            found[name].append(seconds(work, size))
    first = next(iter(found))
    for name, times in found.items():
        ratios = [a / b for a, b in zip(found[first], times, strict=True)]
        speed = size / statistics.median(times) / 1e6
        print(f"  {name:34} {speed:7.0f} MB/s   {statistics.median(ratios):5.2f} times {first}")


def length(pieces: Any) -> int:
    return sum(len(piece) for piece in pieces)


def throughput(data: bytes, folder: Path, rounds: int) -> None:
    """One object of one S3 server, by every way there is to it."""
    digest, size = hashlib.sha256(data).hexdigest(), len(data)
    (folder / "big.tar").write_bytes(data)
    with s3_server(folder) as s3:
        url = f"s3://{s3.bucket}/big.tar"
        store = ObjectReader(s3.storage_options)
        upload(store, folder / "big.tar", url)
        client = store.client(url)
        signed = obstore.sign(client, "GET", "big.tar", timedelta(hours=1))
        print("S3 on loopback, one worker:")
        ours: dict[str, Way] = {
            "ours, SHA-256 checked": lambda: length(store.stream(url, sha256=digest)),
        }
        plain = {
            "obstore's plain stream": lambda: length(obstore.get(client, "big.tar").stream()),
        }
        compare(plain | ours, size, rounds)
        register_webdataset(s3.storage_options)
        curl: dict[str, Way] = {
            "webdataset's curl": lambda: by_webdataset(f"pipe:curl -s '{signed}'"),
            "ours through webdataset, checked": lambda: by_webdataset(url),
        }
        compare(curl | ours, size * 9 // 10, rounds)


def by_webdataset(url: str) -> int:
    dataset: Any = wds.WebDataset(url, shardshuffle=False, nodesplitter=None)
    return sum(len(sample["bin"]) for sample in dataset)


def latency(server: FaultServer, data: bytes, rounds: int) -> None:
    """1 MiB ranges one at a time, beside ours, with 50 ms before every answer."""
    address, size, step, clip = f"{server.url}/big.tar", len(data), 1 << 20, 250_000

    def one_by_one() -> int:
        store = ObjectReader()
        ranges = ((at, min(step, size - at)) for at in range(0, size, step))
        return sum(len(store.get_range(address, at, count)) for at, count in ranges)

    def by_window() -> int:
        window = Readahead(ObjectReader())
        ranges = ((at, min(clip, size - at)) for at in range(0, size, clip))
        return sum(len(window.read(address, at, count, size)) for at, count in ranges)

    print("50 ms of latency:")
    server.latency = 0.05
    ways: dict[str, Way] = {
        "one range of 1 MiB at a time": one_by_one,
        "ours, streamed": lambda: length(ObjectReader().stream(address)),
        "ours, clips of 250 kB in a row": by_window,
    }
    compare(ways, size, rounds)


def first_clip(server: FaultServer, folder: Path, size: int) -> None:
    """What is read before the first clip of the second of two ranks, in one large shard."""
    clips = write_shard(folder, size)
    for path in folder.iterdir():
        with open(path, "rb") as file:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        server.objects[f"/t/{path.name}"] = whole  # type: ignore[assignment]
    print(f"A shard of {(folder / 't-000000.tar').stat().st_size / 1e9:.2f} GB, {clips} clips:")
    for batch_size, workers in ((1, 0), (1, 2), (8, 2)):
        server.forget()
        start = time.perf_counter()
        loader = avrb.load(
            f"{server.url}/t", batch_size=batch_size, num_workers=workers, rank=1, world_size=2
        )
        batches = iter(loader)
        batch = next(batches)
        taken, sent = time.perf_counter() - start, server.sent
        assert batch["key"][0] == f"clip{clips // 2:06}"
        del batches
        print(
            f"  first batch of {batch_size}, {workers} threads: after {taken * 1000:.0f} ms and "
            f"{sent / (1 << 20):.2f} MiB read, index and manifest included"
        )


def write_shard(folder: Path, size: int) -> int:
    """One shard of about `size` bytes; returns how many clips.  Only their keys differ."""
    made = Made("clip", frames=10, height=224, width=224, samples=160_000)
    parts = list(members(made).items())
    count = size // sum(len(data) for _, data in parts)
    count -= count % 2
    writer = ShardWriter(folder, "t", 0)
    for number in range(count):
        writer.add(f"clip{number:06}", parts)
    write_manifest(folder, [made], [writer.finish()], clips=count)
    return count


if __name__ == "__main__":
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    main()
