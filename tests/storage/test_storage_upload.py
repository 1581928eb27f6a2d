"""Into buckets: in parts, over wires that break, by processes that are killed; manifest last."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from faultserver import FaultServer
from flaky import Wire, wire_to
from helpers.shards import clips, write_shards
from seaweedfs import S3

from avrb_wds.errors import DataError, UsageError
from avrb_wds.locks import HeldFile
from avrb_wds.packing import remove_packed, reserve_destination, upload_dataset
from avrb_wds.shards import ShardSet, verify_shards
from avrb_wds.storage import ObjectReader, Storage, StorageLimits, remove, upload

QUICK = StorageLimits(backoff=0.001, max_backoff=0.01)


@pytest.fixture
def wire(s3: S3) -> Iterator[Wire]:
    port = urlsplit(s3.storage_options["endpoint"]).port
    assert port
    with wire_to(port) as running:
        yield running


def by(wire: Wire, s3: S3) -> dict[str, str]:
    """What reaches the server by that wire."""
    return {**s3.storage_options, "endpoint": f"http://127.0.0.1:{wire.port}"}


def test_what_lies_there_is_not_sent_again(s3: S3, tmp_path: Path) -> None:
    store, url, path = ObjectReader(s3.storage_options), f"s3://{s3.bucket}/up/a", tmp_path / "a"
    path.write_bytes(b"one")
    assert [upload(store, path, url), upload(store, path, url)] == [True, False]
    path.write_bytes(b"two")
    assert upload(store, path, url)
    assert store.read(url) == b"two"
    remove(store, url)
    remove(store, url)
    with pytest.raises(DataError, match=r"/a does not exist\.$"):
        store.read(url)


def test_a_large_file_over_a_wire_that_breaks(s3: S3, wire: Wire, tmp_path: Path) -> None:
    data, url = random.Random(1).randbytes(40 << 20), f"s3://{s3.bucket}/up/large"
    (tmp_path / "large").write_bytes(data)
    wire.budget = lambda number: (10 << 20) if number < 4 else None  # in parts of 16 MiB
    assert upload(ObjectReader(by(wire, s3), QUICK), tmp_path / "large", url)
    assert wire.connections > 3
    assert wire.carried < 3 * len(data)  # parts were sent again, not the whole every time
    assert b"".join(ObjectReader(s3.storage_options).stream(url, size=len(data))) == data
    wire.budget = lambda number: 1 << 20
    assert b"".join(ObjectReader(by(wire, s3), QUICK).stream(url)) == data


def test_a_wire_that_stays_broken_is_given_up(s3: S3, wire: Wire, tmp_path: Path) -> None:
    wire.budget = lambda number: 100
    with pytest.raises(DataError, match=r"/up/b cannot be written: .*given up after 1 attempts"):
        upload(ObjectReader(by(wire, s3), StorageLimits(retries=0)), b"b", f"s3://{s3.bucket}/up/b")


@pytest.mark.parametrize("url", ["https://host/a", "http://host/a", "hf://datasets/me/vgg/a"])
def test_addresses_that_cannot_be_written(url: str) -> None:
    with pytest.raises(UsageError, match="cannot be written; give s3://, gs:// or az://"):
        upload(ObjectReader(), b"", url)


def test_a_bucket_that_is_not_there(server: FaultServer) -> None:
    # SeaweedFS makes whatever bucket is written to.
    store = ObjectReader({"endpoint": server.url, "access_key_id": "a", "secret_access_key": "b"})
    with pytest.raises(
        DataError, match=r"s3://nobodys/a cannot be written: the bucket does not exist"
    ):
        upload(store, b"", "s3://nobodys/a")


PUBLISH = """
import json, sys
from avrb_wds.locks import HeldFile
from avrb_wds.packing import reserve_destination, upload_dataset, remove_packed
from avrb_wds.storage import Storage

folder, url, options = sys.argv[1:]
def progress(done, total):
    print(done, flush=True)
    sys.stdin.readline()  # it goes on when it is told to, however fast the machine

upload_dataset(folder, url, storage=Storage(json.loads(options)), progress=progress)
"""


def test_uploads_that_are_killed_go_on_and_pass_for_nothing_before_they_end(
    s3: S3, tmp_path: Path
) -> None:
    folder, url = write_shards(tmp_path / "t", clips(10), per_shard=1), f"s3://{s3.bucket}/killed"
    storage, sent = Storage(s3.storage_options), 0
    for lines in (1, 4, 9):
        process = subprocess.Popen(
            [sys.executable, "-c", PUBLISH, str(folder), url, json.dumps(s3.storage_options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline()
            process.stdin.write("\n")
        process.kill()  # while it sends the next file, or has just sent it
        process.communicate()
        names = storage.file(url).names()
        assert "manifest.json" not in names
        assert len(names) > sent
        sent = len(names)
        with pytest.raises(DataError, match=r"is not uploaded to the end.*--resume"):
            ShardSet.open(url, storage)
    assert (
        upload_dataset(folder, url, storage=storage) == 21 + 1 - sent
    )  # the mark is no file of it
    assert storage.file(url).names() == sorted(path.name for path in folder.iterdir())
    assert verify_shards(url, deep=True, storage=Storage(s3.storage_options)) == []


def test_another_data_set_is_not_written_over(s3: S3, tmp_path: Path) -> None:
    storage, url = Storage(s3.storage_options), f"s3://{s3.bucket}/taken"
    upload_dataset(write_shards(tmp_path / "a", clips(2)), url, storage=storage)
    other = write_shards(tmp_path / "b", clips(3))
    with pytest.raises(UsageError, match=r"/taken holds another dataset already, 't' of 2 clips"):
        upload_dataset(other, url, storage=storage)
    assert verify_shards(url, deep=True, storage=storage) == []


def test_of_two_runs_to_one_place_the_second_is_refused(s3: S3, tmp_path: Path) -> None:
    """Unless it is told to go on; then the first is, from then on."""
    storage, url = Storage(s3.storage_options), f"s3://{s3.bucket}/rivals"
    one = write_shards(tmp_path / "a", clips(2), per_shard=1)
    other = write_shards(tmp_path / "b", clips(3), per_shard=1)
    for _ in range(2):  # a run that has failed is made again from the same folder
        reserve_destination(url, folder=one, storage=storage)
    with pytest.raises(UsageError, match=r"rivals is where another run uploads to, or has begun"):
        reserve_destination(url, folder=other, storage=storage)
    reserve_destination(url, folder=other, storage=storage, resume=True)

    def overtake(done: int, total: int) -> None:
        if done == 3:
            reserve_destination(url, folder=one, storage=storage, resume=True)

    with pytest.raises(DataError, match=r"/rivals is where another run uploads to meanwhile; let"):
        upload_dataset(other, url, storage=storage, progress=overtake)
    assert "manifest.json" not in storage.file(url).names()
    assert upload_dataset(one, url, storage=storage) > 0
    assert verify_shards(url, deep=True, storage=Storage(s3.storage_options)) == []
    with pytest.raises(UsageError, match="holds another dataset already"):
        upload_dataset(other, url, storage=storage)


def test_only_what_was_packed_is_removed(tmp_path: Path) -> None:
    for number, mine in enumerate(("", "mine.txt", "deep/mine.tar", "t-000009.tar")):
        folder = write_shards(tmp_path / f"{number}", clips(3), per_shard=2)
        if mine:
            (folder / mine).parent.mkdir(exist_ok=True)
            (folder / mine).write_text("keep")
        remove_packed(folder)
        assert folder.exists() == bool(mine)
        assert [path for path in folder.rglob("*") if path.is_file()] == [folder / mine] * bool(
            mine
        )
    folder = write_shards(tmp_path / "held", clips(3))
    with HeldFile(folder, ".avrb-pack.jsonl"):
        before = sorted(path.name for path in folder.iterdir())
        remove_packed(folder)
        assert sorted(path.name for path in folder.iterdir()) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2", "3", "held"]
