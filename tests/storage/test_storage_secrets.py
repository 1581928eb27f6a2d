"""No password, key or signature of an address is told, however misspelt and wherever given."""

from __future__ import annotations

import pickle
import random
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.cli import run_avrb
from helpers.shards import clips, write_shards

import avrb_wds as avrb
from avrb_wds.errors import UsageError
from avrb_wds.evaluation import check_receipt
from avrb_wds.media import corrupt_file
from avrb_wds.packing import upload_dataset
from avrb_wds.previews import preview
from avrb_wds.shards import ShardSet, verify_shards
from avrb_wds.storage import ObjectReader, Storage, is_remote, upload
from avrb_wds.storage.url import ParsedUrl

SECRET = "Not2be/Seen+x"
MISSPELT = [
    f"http:\\\\me:{SECRET}@host", f"https:/me:{SECRET}@host/x", f"https:me:{SECRET}@host/x",
    f"s3//key:{SECRET}@bucket/x.tar", f"s3:/key:{SECRET}@bucket", f"gs:\\key:{SECRET}@bucket",
    f"https:/host/a.tar?X-Amz-Signature={SECRET}", f"http:\\\\host\\a.json?sig={SECRET}",
    f"https//host/a?token={SECRET}",
]  # fmt: skip
LOCAL = [f"me:{SECRET}@host", f"me:{SECRET}@host/a.tar", f"host/a.tar?X-Amz-Signature={SECRET}"]
PROPER = [f"https://me:{SECRET}@", f"s3://key:{SECRET}@bucket/../x", f"S3://k:{SECRET}@bucket/x"]


def calls(folder: Path) -> dict[str, Callable[[str], object]]:
    """Functions that take an address or a path."""
    shards = write_shards(folder / "t", clips(1))
    return {
        "open": ShardSet.open,
        "open several": lambda text: ShardSet.open([text]),
        "load": lambda text: list(avrb.load(text, "rain", 1, batch_size=1)),
        "verify": verify_shards,
        "pack": lambda text: avrb.pack(text, folder / "out"),
        "publish": lambda text: upload_dataset(shards, text),
        "publish from": lambda text: upload_dataset(text, "s3://bucket/x"),
        "render": lambda text: avrb.render(text, folder / "out", avrb.conditions(["rain"], [1])),
        "evaluate": lambda text: avrb.evaluate(lambda batch: batch["frames"], text),
        "digest": lambda text: avrb.compute_receipt(text),
        "check": lambda text: check_receipt(text, shards),
        "preview": lambda text: preview(text, folder / "a.html"),
        "corrupt": lambda text: corrupt_file(text, folder / "a.mp4", "rain", 1),
        "bank": lambda text: avrb.Bank.read(text),
        "file": lambda text: Storage().file(text).read_bytes(),
        "upload": lambda text: upload(ObjectReader(), b"", text),
    }


def test_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, call in calls(tmp_path).items():
        for text in (*MISSPELT, *LOCAL, *PROPER):
            try:
                call(text)
            except Exception as error:
                told = "".join(traceback.format_exception(error)) + repr(error)
            assert not any(part in told for part in SECRET.split("/")), f"{name} {text}: {told}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t"]


COMMANDS = [
    "info {}", "verify {}", "pack {} out", "pack t {}", "render {} out", "render t {}", "digest {}",
    "digest t --check {}", "evaluate a:b {} --out out", "preview {} out.html", "corrupt {} a.mp4",
    "report {}", "compare {} {}", "bank import {}", "cache info {}", "create-json {}",
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_commands(number: int, tmp_path: Path) -> None:
    write_shards(tmp_path / "t", clips(1))
    makes = COMMANDS[number].endswith(" t {}")  # which may have any name
    text = random.Random(number).choice(MISSPELT if makes else [*MISSPELT, *LOCAL])
    words = [word.format(text) for word in COMMANDS[number].split()]
    done = run_avrb(*words, folder=tmp_path)
    assert done.returncode in (1, 2)
    assert not any(part in done.stdout + done.stderr for part in SECRET.split("/"))
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("text", MISSPELT)
def test_an_address_but_for_its_slashes_is_no_path(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not an address; write \w+://, then the rest"):
        is_remote(text)


@pytest.mark.parametrize("text", ["s3//t", "s3/t", "https:/t", "gs:", "s3:t", "http/t", "az\\\\t"])
def test_paths_that_look_like_addresses(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(text).parent.mkdir(exist_ok=True)
    write_shards(Path(text), clips(1))
    assert not is_remote(text)
    assert len(ShardSet.open(text)) == 1


def test_what_holds_an_address_shows_none(tmp_path: Path) -> None:
    url = f"https://me:Not2be@host/a.tar?sig={SECRET}"
    storage = Storage({"secret_access_key": SECRET, "headers": {"X-Key": SECRET}})
    held = (
        ParsedUrl.of(url), storage, storage.file(url), storage.store, storage.store.client(url),
        storage.store._clients, storage.store.limits,
    )  # fmt: skip
    for one in held:
        assert "Not2be" not in f"{one!r} {one}"
    assert "Not2be" not in repr(pickle.loads(pickle.dumps(storage.file(url))))
