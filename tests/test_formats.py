"""docs/formats.md is enough to write a reader from: the page's own reads what `avrb` wrote."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.avrobustbench import write_released
from helpers.banks import make_folder
from helpers.cli import run_avrb
from helpers.pages import DOCS, read_blocks

from avrb_wds.corruptions.bank import ASSETS, Bank

PAGE = (DOCS / "formats.md").read_text(encoding="utf-8")
MODEL = """
import torch
def load():
    return lambda batch: batch["frames"].double().mean((1, 2, 3)).float()[:, :2]
"""


@pytest.fixture(scope="module")
def reader() -> SimpleNamespace:
    """The functions of the page."""
    names: dict[str, object] = {}
    for block in read_blocks(PAGE):
        if block.language == "python":
            exec(compile(block.text, "docs/formats.md", "exec"), names)
    return SimpleNamespace(**names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands leave: shards, a run, a receipt, a rendering and a bank."""
    folder = tmp_path_factory.mktemp("formats")
    write_released(folder, clips=5)
    make_folder(folder / "mine")
    (folder / "formats_model.py").write_text(MODEL)
    rain = ("--corruption", "rain", "--severity", 3)
    for words in (
        ("pack", "eval.json", "shards", "--clips-per-shard", 2),
        ("evaluate", "formats_model:load", "shards", *rain, "--out", "run"),
        ("digest", "shards", *rain, "--out", "receipt.json"),
        ("render", "shards", "rain-3", *rain, "--frame-format", "png"),
        ("bank", "import", "mine", "mine.avrbbank"),
    ):
        done = run_avrb(*words, folder=folder)
        assert done.returncode == 0, done.stderr
    return folder


def test_manifest_index_and_shards(reader: SimpleNamespace, folder: Path) -> None:
    shards = folder / "shards"
    manifest, _ = reader.read_manifest(shards)
    assert manifest["clips"] == 5
    assert [shard["clips"] for shard in manifest["shards"]] == [2, 2, 1]
    for shard in manifest["shards"]:
        data = (shards / shard["file"]).read_bytes()
        assert reader.sha256(data) == shard["sha256"]
        assert len(data) == shard["bytes"]
        assert len(data) % 10_240 == 0
        at = 0
        for entry in reader.read_index(shards, shard):
            assert entry[1] == at
            at += entry[2]
            members = reader.read_clip(shards, shard, entry)
            assert list(members)[:3] == ["json", "wav", "frame_0000.jpg"]
            frames, audio, sample_rate, record = reader.decode_clip(members)
            assert len(frames) == manifest["frames"]["count"]
            assert frames.shape[1] == manifest["frames"]["height"]
            assert audio.shape[0] == manifest["audio"]["channels"]
            assert record["duration_s"] == round(audio.shape[1] / sample_rate, 6)
            assert [manifest["classes"][record["target"]]] == record["labels"]
        assert not any(data[at:])
        assert len(data) - at >= 1024


def test_run_folder(reader: SimpleNamespace, folder: Path) -> None:
    run = folder / "run"
    ledger = reader.read_ledger(run)
    assert list(ledger) == ["clean", "rain-3"]
    assert all(count == 1 for clips in ledger.values() for count in clips.values())
    report = json.loads((run / "report.json").read_bytes())
    for result in report["conditions"]:
        hits = [
            scores.argmax(1) == [target for [target] in head["targets"]]
            for head, scores, _ in reader.read_predictions(run)
            if head["condition"] == result["condition"]
        ]
        assert np.concatenate(hits).mean() == pytest.approx(result["accuracy"], abs=1e-6)


def test_a_torn_record_is_left_out(reader: SimpleNamespace, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "predictions").mkdir()
    (tmp_path / "run.json").write_bytes((folder / "run/run.json").read_bytes())
    [path] = (folder / "run/predictions").iterdir()
    (tmp_path / "predictions" / path.name).write_bytes(path.read_bytes()[:-1])
    whole, torn = (list(reader.read_predictions(run)) for run in (folder / "run", tmp_path))
    assert [head for head, _, _ in torn] == [head for head, _, _ in whole][:-1]


def test_receipts(reader: SimpleNamespace, folder: Path) -> None:
    report, receipt, rendered = (
        json.loads((folder / name).read_bytes())
        for name in ("run/report.json", "receipt.json", "rain-3/receipt.json")
    )
    assert [value["format"] for value in (report, receipt, rendered)] == [
        "avrb-report/1", "avrb-receipt/1", "avrb-render/1",
    ]  # fmt: skip
    shown: dict[str, dict[str, bytes]] = {"clean": {}, "rain-3": {}}
    for condition, shards in (("clean", "shards"), ("rain-3", "rain-3")):
        manifest, digest = reader.read_manifest(folder / shards)
        if condition == "clean":
            assert digest == report["receipt"]["manifest"]
        for shard in manifest["shards"]:
            for entry in reader.read_index(folder / shards, shard):
                frames, audio, rate, _ = reader.decode_clip(
                    reader.read_clip(folder / shards, shard, entry)
                )
                shown[condition][entry[0]] = reader.clip_digest(entry[0], frames, audio, rate)
    digests = {condition: reader.condition_digest(clips) for condition, clips in shown.items()}
    assert digests == report["receipt"]["digests"] == receipt["receipt"]["digests"]
    assert reader.overall_digest(digests.values()) == report["receipt"]["digest"]
    assert rendered["exact"]
    assert rendered["stored"] == digests["rain-3"]
    for head, _, clips in reader.read_predictions(folder / "run"):
        assert clips == [shown[head["condition"]][key] for key in head["keys"]]
    rows = reader.read_clip_digests(folder / "run/report.digests.tsv")
    assert rows == reader.read_clip_digests(folder / "receipt.digests.tsv")
    for key, row in rows.items():
        assert row == {condition: clips[key].hex()[:16] for condition, clips in shown.items()}


def test_journal(reader: SimpleNamespace, folder: Path) -> None:
    job, steps = reader.read_journal(folder / "shards")
    manifest, _ = reader.read_manifest(folder / "shards")
    assert job["clips"] == 5
    assert [step["done"] for step in steps] == [2, 4, 5]
    assert [step["shard"] for step in steps] == manifest["shards"]
    _, rendered = reader.read_journal(folder / "rain-3")
    assert sum(len(step["notes"]) for step in rendered) == 5


def test_bank(reader: SimpleNamespace, folder: Path) -> None:
    groups, digest = reader.read_bank(folder / "mine.avrbbank")
    bank = Bank.open(folder / "mine.avrbbank")
    assert digest == bank.digest
    for group, items in groups.items():
        theirs = [item.data for item in bank.items(group)]
        assert len(items) == len(theirs)
        assert all(np.array_equal(one, other) for one, other in zip(items, theirs, strict=True))
    assert len(groups["rain"]) == 2
    assert len(groups["texture"]) == 1
    parts = [json.loads(_member(path)) for path in sorted(ASSETS.glob("*.avrbbank"))]
    contents = [
        [group, [[e["sample_rate"], e["sha256"]] for part in parts for e in part["groups"][group]]]
        for group in groups
    ]
    assert reader.sha256(json.dumps(contents).encode()) == Bank.builtin().digest


def _member(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read("bank.json")
