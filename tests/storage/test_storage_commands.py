"""Commands on buckets: packing and rendering into them, evaluating and checking from them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from faultserver import FaultServer
from helpers.cli import Done, run_avrb
from helpers.shards import clips, write_shards
from helpers.videos import Movie, make_video
from seaweedfs import S3

from avrb_wds.errors import DataError
from avrb_wds.evaluation import check_receipt, compute_receipt
from avrb_wds.packing import upload_dataset
from avrb_wds.rendering import render
from avrb_wds.shards import Manifest, verify_shards
from avrb_wds.storage import Storage, upload
from avrb_wds.storage.cache import list_cache


def avrb(s3: S3 | None, *arguments: str, cache: Path) -> Done:
    """A command, with the server's keys and address in its environment."""
    names = {"endpoint": "AWS_ENDPOINT_URL", "region": "AWS_REGION"}
    given = s3.storage_options if s3 else {}
    options = {names.get(k, f"AWS_{k}".upper()): v for k, v in given.items()}
    cache.mkdir(exist_ok=True)
    done = run_avrb(*arguments, folder=cache, XDG_CACHE_HOME=str(cache), **options)
    for value in (given.get("secret_access_key"), given.get("access_key_id")):
        assert value is None or value not in done.stdout + done.stderr
    return done


def test_packing_into_a_bucket(s3: S3, tmp_path: Path) -> None:
    for number in range(3):
        make_video(tmp_path / "videos" / f"{number}.mp4", Movie(frames=4, seconds=0.5))
    out, cache = f"s3://{s3.bucket}/packed", tmp_path / "cache"
    packing = ("pack", str(tmp_path / "videos"), out, "--frames", "2", "--frame-size", "32")
    done = avrb(s3, *packing, cache=cache)
    assert done.returncode == 0, done.stderr
    assert not list(cache.rglob("*.tar"))  # what was packed before the upload is gone
    storage = Storage(s3.storage_options)
    names = ["manifest.json", "videos-000000.index.jsonl", "videos-000000.tar"]
    assert storage.file(out).names() == names
    refused = avrb(s3, *packing, cache=cache)
    assert (refused.returncode, "holds a dataset already" in refused.stderr) == (2, True)
    done = avrb(s3, *packing, "--via", str(tmp_path / "via"), "--resume", cache=cache)
    assert done.returncode == 0, done.stderr
    for name in names:  # the same bytes, however they came there
        assert storage.store.read(f"{out}/{name}") == (tmp_path / "via" / name).read_bytes()
    assert storage.file(out).names() == names


def test_packing_to_where_nothing_can_be_written_says_so_at_once(tmp_path: Path) -> None:
    done = avrb(None, "pack", str(tmp_path), "https://host/a", cache=tmp_path)
    assert (done.returncode, "cannot be written" in done.stderr) == (2, True)


def test_what_cannot_be_uploaded_is_not_made_first(s3: S3, tmp_path: Path) -> None:
    make_video(tmp_path / "videos" / "0.mp4", Movie(frames=4, seconds=0.5))
    source = write_shards(tmp_path / "t", clips(1))
    reader = replace(s3, storage_options={**s3.storage_options, "access_key_id": "reader"})
    for server, out, fault in (
        (
            s3,
            "s3://no-such-bucket/x",
            "cannot be written: the bucket does not exist",
        ),
        (reader, f"s3://{s3.bucket}/x", "access is denied; check the credentials"),
    ):
        for command in (("pack", str(tmp_path / "videos")), ("render", str(source))):
            done = avrb(server, *command, out, "--via", "via", cache=tmp_path / "cache")
            assert (done.returncode, done.stderr.count("\n")) == (1, 1)
            assert fault in done.stderr
        assert not (tmp_path / "cache" / "via").exists()
        with pytest.raises(DataError, match=fault):
            upload_dataset(source, out, storage=Storage(server.storage_options))
    with pytest.raises(DataError, match="does not exist"):  # nor was it made
        Storage(s3.storage_options).file("s3://no-such-bucket/x").names()


def test_rendering_into_a_bucket(s3: S3, tmp_path: Path) -> None:
    """The receipts go along, before the manifest."""
    source, out = write_shards(tmp_path / "t", clips(3)), f"s3://{s3.bucket}/rendered"
    rendering = ("render", str(source), out, "--corruption", "rain", "--severity", "1")
    cache, storage = tmp_path / "cache", Storage(s3.storage_options)
    done = avrb(s3, *rendering, "--frame-format", "png", cache=cache)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{out}: 3 clip(s), equal to corrupting on the fly, digest ")
    assert not list(cache.rglob("*.tar"))
    names = ["manifest.json", "receipt.digests.tsv", "receipt.json"]
    assert storage.file(out).names() == [
        *names,
        "t-rain-1-000000.index.jsonl",
        "t-rain-1-000000.tar",
    ]
    assert verify_shards(out, deep=True, storage=storage) == []
    refused = avrb(s3, *rendering, cache=cache)
    assert (refused.returncode, "holds a dataset already" in refused.stderr) == (2, True)
    via = tmp_path / "via"
    done = avrb(
        s3, *rendering, "--severity", "2", "--frame-format", "png", "--via", str(via), cache=cache
    )
    assert done.returncode == 0, done.stderr
    for condition in ("rain-1", "rain-2"):
        place = storage.file(out) / condition
        here = {path.name: path.read_bytes() for path in (via / condition).iterdir()}
        assert {name: (place / name).read_bytes() for name in place.names()} == {
            name: data for name, data in here.items() if not name.startswith(".")
        }
    assert storage.store.read(f"{out}/rain-1/receipt.json") == storage.store.read(
        f"{out}/receipt.json"
    )


def test_a_receipt_in_a_bucket(s3: S3, tmp_path: Path) -> None:
    """It is checked from there, and finds the clip that differs by the digests beside it."""
    storage, url = Storage(s3.storage_options), f"s3://{s3.bucket}/receipts"
    made = clips(3)
    source = write_shards(tmp_path / "s", made)
    render(source, tmp_path / "r", "rain", 1)
    upload_dataset(tmp_path / "r", url, storage=storage)
    compute_receipt(source, ["rain-1"], out=tmp_path / "report.json")
    upload(storage.store, tmp_path / "report.json", f"{url}/run/report.json")
    for there in (f"{url}/receipt.json", f"{url}/run", f"{url}/run/"):
        done = avrb(s3, "digest", str(source), "--check", there, cache=tmp_path)
        assert (done.returncode, done.stdout) == (0, "same\n"), done.stderr
    assert str(check_receipt(source, f"{url}/run", storage=storage)) == "same"
    other = write_shards(tmp_path / "o", [*made[:2], replace(made[2], samples=400)])
    done = avrb(s3, "digest", str(other), "--check", f"{url}/receipt.json", cache=tmp_path)
    said = "clip 'clip0002' differs under rain-1, the first of 1 there.\n"
    assert (done.returncode, done.stdout) == (1, said)
    done = avrb(s3, "digest", str(other), "--check", f"{url}/none.json", cache=tmp_path)
    assert (done.returncode, done.stderr) == (1, f"avrb: {url}/none.json does not exist.\n")


def test_a_rendering_into_its_own_source(s3: S3, tmp_path: Path) -> None:
    storage, url = Storage(s3.storage_options), f"s3://{s3.bucket}/own"
    upload_dataset(write_shards(tmp_path / "t", clips(2)), url, storage=storage)
    names = storage.file(url).names()
    for out in (url, f"{url}/", f"{url}/in"):
        done = avrb(s3, "render", url, out, "--corruption=rain", "--resume", cache=tmp_path)
        said = f"avrb: {out} is the folder that is rendered, or lies in it; give one outside.\n"
        assert (done.returncode, done.stderr) == (2, said)
    assert storage.file(url).names() == names


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("s3://b/o", "--layout=avrobustbench"), "--layout avrobustbench is for folders; "),
        (("o", "--via=v"), "--via v is for buckets; o is "),
    ],
)
def test_what_is_not_rendered_into_a_bucket(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    shards = str(write_shards(tmp_path / "t", clips(1)))
    done = avrb(None, "render", shards, *words, "--corruption=rain", cache=tmp_path)
    assert (done.returncode, done.stderr.startswith(f"avrb: {said}")) == (2, True), done.stderr


MODEL = """
import torch

def make():
    return lambda batch: torch.stack([batch["frames"].double().mean((1, 2, 3, 4))] * 3, 1)
"""


def test_evaluating_a_bucket(s3: S3, tmp_path: Path) -> None:
    folder, url = write_shards(tmp_path / "t", clips(4)), f"s3://{s3.bucket}/evaluated"
    upload_dataset(folder, url, storage=Storage(s3.storage_options))
    (tmp_path / "mine.py").write_text(MODEL)
    held = tmp_path / "held"

    def report(shards: str, *cached: str) -> bytes:
        out = tmp_path / f"run{len(list(tmp_path.glob('run*')))}"
        given = ("--corruption=impulse", "--severity=2", f"--out={out}", *cached)
        done = avrb(s3, "evaluate", "mine:make", shards, *given, cache=tmp_path)
        assert done.returncode == 0, done.stderr
        return (out / "report.json").read_bytes()

    cached = (f"--cache-dir={held}", "--cache-size=1MB")
    expected = report(str(folder))
    assert report(url, *cached) == expected
    assert [path.suffix for path, *_ in list_cache(held)] == [".shard"]
    assert report(url, *cached) == expected


def test_the_digest_of_what_is_shown_is_the_same_from_everywhere(
    s3: S3, server: FaultServer, tmp_path: Path
) -> None:
    folder, url = write_shards(tmp_path / "t", clips(4)), f"s3://{s3.bucket}/digested"
    upload_dataset(folder, url, storage=Storage(s3.storage_options))
    server.objects |= {f"/t/{path.name}": path.read_bytes() for path in folder.iterdir()}
    cached = (f"--cache-dir={tmp_path / 'held'}", "--cache-size=1MB")

    def digest(*shards: str) -> str:
        given = (*shards, "--corruption=impulse", "--severity=2")
        done = avrb(s3, "digest", *given, cache=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    expected = digest(str(folder))
    assert [line.split()[1] for line in expected.splitlines()] == ["clean", "impulse-2", "all"]
    assert digest(url) == digest(f"{server.url}/t") == expected
    assert [digest(url, *cached) for _ in ("cold", "warm")] == [expected] * 2


def test_commands_take_addresses(s3: S3, tmp_path: Path) -> None:
    url, folder = f"s3://{s3.bucket}/looked-at", write_shards(tmp_path / "t", clips(4))
    upload_dataset(folder, url, storage=Storage(s3.storage_options))
    options = [f"--storage-option={name}={value}" for name, value in s3.storage_options.items()]
    done = avrb(None, "info", url, "--json", *options, cache=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["digest"] == Manifest.read(folder / "manifest.json").digest
    done = avrb(None, "verify", url, "--deep", *options, cache=tmp_path)
    assert (done.returncode, done.stdout) == (0, "no faults\n"), done.stderr
