"""Storage proven at length: drops, every fault alone and all mixed, a cache whose users are killed.

    python benchmarks/storage_faults.py [--runs 200] [--passes 10]

The tests run the same, shorter.  Exits 1 at the first wrong or short result.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "storage")]
from faultserver import KINDS, Fault, FaultServer, Kind, fault_server  # noqa: E402
from helpers.shards import clips, write_shards  # noqa: E402
from test_storage_cache import READER, held  # noqa: E402
from test_storage_faults import shown  # noqa: E402

from avrb_wds.errors import DataError  # noqa: E402
from avrb_wds.shards import Manifest  # noqa: E402
from avrb_wds.storage import ObjectReader, Storage, StorageLimits  # noqa: E402
from avrb_wds.storage.cache import list_cache  # noqa: E402

QUICK = StorageLimits(backoff=0.001, max_backoff=0.01, read_timeout=5)
MIB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--passes", type=int, default=10)
    arguments = parser.parse_args()
    data = random.Random(0).randbytes(200 * MIB)
    with fault_server({"/big.tar": data}) as server:
        drops(server, data)
        shards(server, data[: 8 * MIB], arguments.runs)
    with tempfile.TemporaryDirectory() as folder, fault_server() as server:
        data_sets(server, Path(folder) / "t", arguments.runs)
    with tempfile.TemporaryDirectory() as folder, fault_server() as server:
        shared_cache(server, Path(folder), arguments.passes)


def drops(server: FaultServer, data: bytes) -> None:
    """Every connection drops after 1 MiB."""
    server.schedule = lambda number: Fault("drop", after=MIB)
    digest, start = hashlib.sha256(data).hexdigest(), time.perf_counter()
    store = ObjectReader(limits=QUICK)
    found = sum(map(len, store.stream(f"{server.url}/big.tar", size=len(data), sha256=digest)))
    if found != len(data):
        raise SystemExit(f"{found} bytes of {len(data)}")
    taken = time.perf_counter() - start
    print(
        f"dropped every 1 MiB: {found / MIB:.0f} MiB, right, in {taken:.1f} s and "
        f"{len(server.requests)} requests"
    )


def kinds_of(run: int) -> tuple[Kind, ...]:
    """Every other run mixes all faults, those between have one alone."""
    return KINDS if run % 2 else (KINDS[run // 2 % len(KINDS)],)


def schedule(run: int, share: float, after: int) -> list[Fault | None]:
    drawn, kinds = random.Random(run), kinds_of(run)
    chosen = [drawn.choice(kinds) if drawn.random() < share else None for _ in range(20_000)]
    return [
        kind and Fault(kind, drawn.randrange(after), drawn.choice((500, 503)), 0.001)
        for kind in chosen
    ]


def named(error: DataError, place: str) -> bool:
    return place in str(error) and "byte" in str(error)


def tell(what: str, outcomes: Counter[tuple[str, str]]) -> None:
    for kind in (*KINDS, "mixed"):
        right, clear = outcomes[kind, "right"], outcomes[kind, "clear"]
        print(f"  {kind:14} {right:4} right {clear:4} clear errors")
    print(f"{what}: {sum(outcomes.values())} runs, none wrong or short")


def shards(server: FaultServer, data: bytes, runs: int) -> None:
    """One shard as a stream."""
    server.objects["/big.tar"] = data
    digest, address = hashlib.sha256(data).hexdigest(), f"{server.url}/big.tar"
    outcomes: Counter[tuple[str, str]] = Counter()
    for run in range(runs):
        kind = "mixed" if run % 2 else kinds_of(run)[0]
        server.forget()
        server.schedule = schedule(run, 0.3, MIB).__getitem__
        try:
            found = b"".join(
                ObjectReader(limits=QUICK).stream(address, size=len(data), sha256=digest)
            )
        except DataError as error:
            if not named(error, address):
                raise SystemExit(f"run {run}: no address or byte in {error}") from error
            outcomes[kind, "clear"] += 1
            continue
        if found != data:
            raise SystemExit(f"run {run}: wrong bytes")
        outcomes[kind, "right"] += 1
    tell("a shard of 8 MiB, streamed", outcomes)


def data_sets(server: FaultServer, folder: Path, runs: int) -> None:
    """A pass over a data set: manifest, indexes, clips by range; every third one by a cache."""
    write_shards(folder, clips(12))
    server.objects |= {f"/t/{path.name}": path.read_bytes() for path in folder.iterdir()}
    expected, outcomes = shown(folder), Counter[tuple[str, str]]()
    address = f"{server.url}/t#sha256={Manifest.read(folder / 'manifest.json').digest}"
    for run in range(runs):
        kind = "mixed" if run % 2 else kinds_of(run)[0]
        server.forget()
        server.schedule = schedule(run, 0.2, 4000).__getitem__
        with tempfile.TemporaryDirectory() as cache:
            held = {"cache_dir": cache, "cache_size": MIB} if run % 3 == 0 else {}
            try:
                found = shown(address, Storage(limits=QUICK, **held))  # type: ignore[arg-type]
            except DataError as error:
                if not named(error, f"{server.url}/t/"):
                    raise SystemExit(f"run {run}: no address or byte in {error}") from error
                outcomes[kind, "clear"] += 1
                continue
        if found != expected:
            raise SystemExit(f"run {run}: other clips were shown")
        outcomes[kind, "right"] += 1
    tell("a data set, loaded", outcomes)


def shared_cache(server: FaultServer, folder: Path, passes: int) -> None:
    """Four processes, passes over 16 files of 4 MiB, a cache of half, one killed each 2 s."""
    drawn = random.Random(0)
    server.objects = {f"/{number}.tar": drawn.randbytes(4 * MIB) for number in range(16)}
    pairs = [
        f"{server.url}{path}|{hashlib.sha256(data).hexdigest()}"
        for path, data in server.objects.items()
    ]
    limit = 8 * 4 * MIB

    def start(seed: int) -> subprocess.Popen[str]:
        command = [READER, str(folder), str(limit), str(seed), str(passes), *pairs]
        return subprocess.Popen(
            [sys.executable, "-c", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    begun, kills, most = time.perf_counter(), 0, 0
    running, seed = {number: start(number) for number in range(4)}, 4
    while running:
        until = time.monotonic() + drawn.uniform(1, 3)
        while time.monotonic() < until and running:
            most = max(most, held(folder))
            time.sleep(0.01)
            for number, process in [*running.items()]:
                if process.poll() is not None:
                    said, _ = process.communicate()
                    if process.returncode or said != "done\n":
                        raise SystemExit(f"process {number}: {said}")
                    del running[number]
        if len(running) == 4 and kills < 12:  # while all are at work
            victim = drawn.choice([*running])
            running[victim].send_signal(signal.SIGKILL)
            running.pop(victim).communicate()
            running[victim], seed, kills = start(seed), seed + 1, kills + 1
    digests = {pair.partition("|")[2] for pair in pairs}
    whole = [path for path, *_ in list_cache(folder) if path.suffix == ".shard"]
    if max(most, held(folder)) > limit or not all(_digest(path) in digests for path in whole):
        raise SystemExit(f"{most} of {limit} bytes, or wrong ones, among {list_cache(folder)}")
    print(
        f"a cache of half the data, 4 processes, {passes} passes each, {kills} killed, "
        f"{time.perf_counter() - begun:.0f} s: no error, no wrong byte; at most {most / MIB:.0f} "
        f"MiB of {limit / MIB:.0f} at any time, {held(folder) / MIB:.0f} at the end"
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    main()
