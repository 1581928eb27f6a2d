"""Storage measured on loopback: beside obstore's plain stream, webdataset's curl, and one by one.

    python benchmarks/storage.py [--megabytes 200] [--rounds 5] [--faults 200]

A SeaweedFS server (extra test) holds one object; a server of Python's adds latency and faults.  A
round runs every way once, so that what else the machine does counts for all; ratios are medians
over rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import webdataset as wds

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "storage"))
from faultserver import KINDS, Fault, FaultServer, fault_server
from weed import s3_server

from avrb_wds.errors import DataError
from avrb_wds.storage import Limits, Store, upload

QUICK = Limits(backoff=0.001, longest_backoff=0.01, read_timeout=5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--faults", type=int, default=200)
    arguments = parser.parse_args()
    data = shard(arguments.megabytes << 20)
    with fault_server({"/big.tar": data}) as server:
        throughput(server, data, arguments.rounds)
        latency(server, data, arguments.rounds)
        drops(server, data)
        server.objects["/big.tar"] = data[: 8 << 20]
        faults(server, data[: 8 << 20], arguments.faults)


def shard(size: int) -> bytes:
    """A tar of about `size` bytes: members of 1 MB."""
    import io
    import tarfile

    out, piece = io.BytesIO(), random.Random(0).randbytes(1_000_000)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for number in range(size // 1_000_000):
            info = tarfile.TarInfo(f"{number:06}.bin")
            info.size = len(piece)
            tar.addfile(info, io.BytesIO(piece))
    return out.getvalue()


def seconds(work: Callable[[], int], expected: int) -> float:
    start = time.perf_counter()
    found = work()
    if found < expected:
        raise SystemExit(f"{found} bytes of {expected}")
    return time.perf_counter() - start


def compare(ways: dict[str, Callable[[], int]], size: int, rounds: int) -> None:
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


def throughput(server: FaultServer, data: bytes, rounds: int) -> None:
    import obstore

    digest, size = hashlib.sha256(data).hexdigest(), len(data)
    with tempfile.TemporaryDirectory() as folder, s3_server(Path(folder)) as s3:
        url, path = f"s3://{s3.bucket}/big.tar", Path(folder) / "big.tar"
        path.write_bytes(data)
        store = Store(s3.storage_options)
        upload(store, path, url)
        print("S3 on loopback, one worker:")
        compare(
            {
                "obstore's plain stream": lambda: length(
                    obstore.get(store.client(url), "big.tar").stream()
                ),
                "ours, SHA-256 checked": lambda: length(store.stream(url, sha256=digest)),
            },
            size,
            rounds,
        )
    print("http on loopback, one worker:")
    address = f"{server.url}/big.tar"
    compare(
        {
            "webdataset's curl": lambda: by_webdataset(f"pipe:curl -s {address}"),
            "ours through webdataset": lambda: registered(address),
            "ours, SHA-256 checked": lambda: length(Store().stream(address, sha256=digest)),
        },
        size * 9 // 10,
        rounds,
    )


def by_webdataset(url: str) -> int:
    dataset = wds.WebDataset(url, shardshuffle=False, nodesplitter=None)
    return sum(len(sample["bin"]) for sample in dataset)


def registered(url: str) -> int:
    from avrb_wds.storage import register

    register()
    return by_webdataset(url)


def latency(server: FaultServer, data: bytes, rounds: int) -> None:
    """1 MiB ranges one at a time, beside ours, with 50 ms before every answer."""
    address, size, step = f"{server.url}/big.tar", len(data), 1 << 20

    def one_by_one() -> int:
        store = Store()
        ranges = ((at, min(step, size - at)) for at in range(0, size, step))
        return sum(len(store.get_range(address, at, count)) for at, count in ranges)

    def by_window() -> int:
        from avrb_wds.storage.window import Window

        window, clip = Window(Store()), 250_000
        ranges = ((at, min(clip, size - at)) for at in range(0, size, clip))
        return sum(len(window.read(address, at, count, size)) for at, count in ranges)

    print("50 ms of latency:")
    server.latency = 0.05
    compare(
        {
            "one range of 1 MiB at a time": one_by_one,
            "ours, streamed": lambda: length(Store().stream(address)),
            "ours, clips of 250 kB in a row": by_window,
        },
        size,
        max(1, rounds // 2),
    )
    server.latency = 0.0


def drops(server: FaultServer, data: bytes) -> None:
    """Every connection drops after 1 MiB."""
    server.forget()
    server.schedule = lambda number: Fault("drop", after=1 << 20)
    digest, start = hashlib.sha256(data).hexdigest(), time.perf_counter()
    found = length(Store(limits=QUICK).stream(f"{server.url}/big.tar", sha256=digest))
    print(
        f"dropped every 1 MiB: {found} bytes, right, in {time.perf_counter() - start:.1f} s and "
        f"{len(server.requests)} requests"
    )


def faults(server: FaultServer, data: bytes, runs: int) -> None:
    """Each fault alone and all mixed, by seeded schedules: the right bytes or a named error."""
    digest, address = hashlib.sha256(data).hexdigest(), f"{server.url}/big.tar"
    right, refused = 0, 0
    for seed in range(runs):
        drawn = random.Random(seed)
        kinds = KINDS if seed % 2 else (KINDS[seed // 2 % len(KINDS)],)
        chosen = [drawn.choice(kinds) if drawn.random() < 0.3 else None for _ in range(5000)]
        schedule = [kind and Fault(kind, drawn.randrange(1 << 20)) for kind in chosen]
        server.forget()
        server.schedule = schedule.__getitem__
        try:
            found = b"".join(Store(limits=QUICK).stream(address, size=len(data), sha256=digest))
        except DataError as error:
            if address not in str(error) or "byte" not in str(error):
                raise SystemExit(f"run {seed}: no address or byte in {error}") from error
            refused += 1
            continue
        if found != data:
            raise SystemExit(f"run {seed}: wrong bytes")
        right += 1
    print(f"{runs} runs with faults: {right} right, {refused} clear errors, 0 wrong")


if __name__ == "__main__":
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    main()
