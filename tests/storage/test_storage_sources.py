"""One dataset, from disk, S3 and http, cold and warm cache: the same batches."""

from __future__ import annotations

import hashlib
import importlib
import json
import mmap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import webdataset as wds
from faultserver import Fault, FaultServer
from helpers.shards import clips, write_shards
from seaweedfs import S3

import avrb_wds as avrb
from avrb_wds.errors import DataError, UsageError
from avrb_wds.shards import ShardIndex, ShardSet
from avrb_wds.storage import ObjectReader, Storage, StorageLimits, register_webdataset, upload


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("data") / "t", clips(10))


@pytest.fixture(scope="module")
def bucket(s3: S3, local: Path) -> str:
    store, url = ObjectReader(s3.storage_options), f"s3://{s3.bucket}/t"
    for path in sorted(local.iterdir()):
        assert upload(store, path, f"{url}/{path.name}")
    return url


@pytest.fixture
def web(server: FaultServer, local: Path) -> str:
    server.objects |= {f"/t/{path.name}": path.read_bytes() for path in local.iterdir()}
    return f"{server.url}/t"


def digest(source: str | Path | list[str], storage: Storage | None = None) -> str:
    """Of everything that is shown: keys, frames and sound of all batches under two conditions."""
    whole = hashlib.sha256()
    with ShardSet.open(source, storage) as shards:
        for batch in avrb.load(shards, avrb.conditions(["gaussian"], [3]), batch_size=3):
            for part in (batch["frames"], batch["waveform"]):
                whole.update(part.numpy().tobytes())
            whole.update(repr((batch["key"], batch["corruption"])).encode())
    return whole.hexdigest()


def test_every_source_shows_the_same(
    s3: S3, bucket: str, web: str, local: Path, tmp_path: Path
) -> None:
    expected = digest(local)
    options = s3.storage_options
    cached = {"cache_dir": tmp_path / "cache", "cache_size": 1 << 20}
    assert digest(bucket, Storage(options)) == expected
    assert digest(f"{bucket}/manifest.json", Storage(options)) == expected
    assert digest(f"{bucket}/t-{{000000..000002}}.tar", Storage(options)) == expected
    assert digest(web) == expected
    assert digest(f"{web}/t-{{000000..000002}}.tar") == expected
    assert digest(bucket, Storage(options, **cached)) == expected  # type: ignore[arg-type]
    assert len(list((tmp_path / "cache").glob("*.shard"))) == 3
    assert digest(bucket, Storage(options, **cached)) == expected  # type: ignore[arg-type]
    assert digest(web, Storage(**cached)) == expected  # type: ignore[arg-type]


def test_receipts_are_the_same(s3: S3, bucket: str, web: str, local: Path, tmp_path: Path) -> None:
    cached: Any = {"cache_dir": tmp_path / "cache", "cache_size": 1 << 20}
    remote = (
        ShardSet.open(bucket, Storage(s3.storage_options)),
        ShardSet.open(web),
        ShardSet.open(bucket, Storage(s3.storage_options, **cached)),  # cold
        ShardSet.open(bucket, Storage(s3.storage_options, **cached)),  # warm
    )

    def report(source: str | Path | ShardSet, out: str) -> bytes:
        conditions = avrb.conditions(["impulse"], [2])
        avrb.evaluate(scores, source, conditions, out=tmp_path / out, batch_size=4)
        return (tmp_path / out / "report.json").read_bytes()

    expected = report(local, "local")
    for number, shards in enumerate(remote):
        assert report(shards, f"remote{number}") == expected


def scores(batch: dict[str, Any]) -> torch.Tensor:
    """Scores that depend on all that is shown."""
    mean = batch["frames"].double().mean((1, 2, 3, 4))
    return torch.stack([mean, batch["waveform"].double().std((1, 2)), mean * 0], 1)


def test_a_bucket_without_manifest_or_index(s3: S3, local: Path) -> None:
    storage = Storage(s3.storage_options)
    for path in local.glob("*.tar"):
        upload(storage.store, path, f"s3://{s3.bucket}/bare/{path.name}")
    assert digest(f"s3://{s3.bucket}/bare", storage) == digest(
        sorted(map(str, local.glob("*.tar")))
    )


def test_wrong_keys_and_folders_say_so(s3: S3, bucket: str) -> None:
    wrong = {**s3.storage_options, "secret_access_key": "wrong-secret"}
    with pytest.raises(DataError, match="access is denied") as denied:
        ShardSet.open(bucket, Storage(wrong))
    assert "wrong-secret" not in str(denied.value)
    with pytest.raises(UsageError, match=r"^s3://\S+/nothing does not exist; give a folder"):
        ShardSet.open(f"s3://{s3.bucket}/nothing", Storage(s3.storage_options))


def test_a_web_folder_without_manifest_says_what_to_name(server: FaultServer) -> None:
    with pytest.raises(UsageError, match=r"a web server does not list.*a-\{000\.\.013\}\.tar"):
        ShardSet.open(f"{server.url}/nothing")


def test_a_changed_shard_names_shard_and_clip(server: FaultServer, web: str) -> None:
    with ShardSet.open(web) as shards:
        shards.read(0)
        data = server.objects["/t/t-000000.tar"]
        server.objects["/t/t-000000.tar"] = b"\1" + data[1:]
        with pytest.raises(DataError, match=r"/t/t-000000\.tar, byte \d+: the file has changed"):
            shards.read(1)


def test_wrong_bytes_of_a_clip_name_shard_and_key(server: FaultServer, web: str) -> None:
    data = bytearray(server.objects["/t/t-000000.tar"])
    data[700] ^= 1
    server.objects["/t/t-000000.tar"] = bytes(data)
    with (
        ShardSet.open(web) as shards,
        pytest.raises(DataError, match=r"'clip0000' in shard http.*"),
    ):
        shards.read(0)


def test_all_conditions_cost_one_pass(server: FaultServer, web: str, local: Path) -> None:
    def cost(conditions: Any) -> int:
        server.forget()
        with ShardSet.open(web) as shards:
            for _ in avrb.load(shards, conditions, batch_size=5):
                pass
        return server.sent

    whole = sum(path.stat().st_size for path in local.iterdir())
    assert cost(avrb.conditions(["gaussian", "impulse", "shot"])) < 1.1 * whole


def test_the_first_clip_of_a_large_shard_costs_little(
    server: FaultServer, web: str, tmp_path: Path
) -> None:
    half, tar = 512 << 20, server.objects["/t/t-000001.tar"]
    with open(tmp_path / "sparse", "w+b") as file:
        file.truncate(2 * half)
        file.seek(half)
        file.write(tar)
        file.flush()
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    name = "/t/t-000001.index.jsonl"
    entries = ShardIndex.from_bytes(server.objects[name], name)
    moved = ShardIndex(replace(entry, offset=entry.offset + half) for entry in entries).to_bytes()
    manifest = json.loads(server.objects["/t/manifest.json"])
    manifest["shards"][1]["index_sha256"] = hashlib.sha256(moved).hexdigest()
    server.objects |= {
        "/t/t-000001.tar": whole,  # type: ignore[dict-item]
        name: moved,
        "/t/manifest.json": json.dumps(manifest).encode(),
    }
    # Clips 4 to 7 of 10 lie in the second shard; this rank begins with the sixth.
    batches = iter(avrb.load(web, batch_size=1, rank=1, world_size=2))
    assert next(batches)["key"] == ["clip0005"]
    assert server.sent < 2 << 20
    del batches


@pytest.fixture
def registered(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    gopen = importlib.import_module("webdataset.gopen")
    monkeypatch.setattr(gopen, "gopen_schemes", dict(gopen.gopen_schemes))
    register_webdataset(s3.storage_options)


def samples(urls: str) -> list[tuple[str, bytes]]:
    dataset: Any = wds.WebDataset(urls, shardshuffle=False, nodesplitter=None)
    return [(sample["__key__"], sample["wav"]) for sample in dataset]


@pytest.mark.usefixtures("registered")
def test_plain_webdataset_reads_the_bucket(bucket: str, web: str, local: Path) -> None:
    tars = "t-{000000..000002}.tar"
    assert samples(f"{bucket}/{tars}") == samples(f"{local}/{tars}")
    assert samples(f"{web}/{tars}") == samples(f"{local}/{tars}")


@pytest.mark.usefixtures("registered")
def test_plain_webdataset_notices_a_wrong_bit(s3: S3, local: Path) -> None:
    import obstore

    data = bytearray((local / "t-000000.tar").read_bytes())
    digest = hashlib.sha256(data).hexdigest()
    data[700] ^= 1
    store, url = ObjectReader(s3.storage_options), f"s3://{s3.bucket}/wrong/t.tar"
    obstore.put(store.client(url), "wrong/t.tar", bytes(data), attributes={"sha256": digest})
    with pytest.raises(DataError, match=r"/wrong/t\.tar: the SHA-256 of its bytes 0 to \d+"):
        samples(url)
    with pytest.raises(DataError, match=r"/wrong/t\.tar: the SHA-256 of its bytes 0 to \d+"):
        store.read(url)


def test_the_other_clouds(server: FaultServer, local: Path) -> None:
    """Their own protocols, by a server that knows enough of them to be read from."""
    folder = {path.name: path.read_bytes() for path in local.iterdir()}
    server.objects |= {f"/account/box/t/{name}": data for name, data in folder.items()}
    server.objects |= {f"/box/t/{name}": data for name, data in folder.items()}
    azure = {"account_name": "account", "endpoint": f"{server.url}/account"}
    key = {"gcs_base_url": server.url, "client_email": "", "private_key": "", "private_key_id": ""}
    google = {"service_account_key": json.dumps({**key, "disable_oauth": True})}
    expected = digest(local)
    assert digest("az://box/t", Storage({**azure, "skip_signature": True})) == expected
    assert digest("gs://box/t", Storage(google)) == expected
    server.schedule = lambda number: Fault("status", status=503)  # when asked for a list, too
    with pytest.raises(DataError, match="503 Service Unavailable; given up after 3 attempts"):
        Storage(google, limits=StorageLimits(retries=2, backoff=0.001)).file("gs://box/t").names()
