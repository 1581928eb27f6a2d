"""Evaluation on real shards: every clip once, resumed after a kill, compared with the ledger."""

import itertools
import multiprocessing
import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.evaluation import CONDITIONS, bright, oracle, run, same_files
from helpers.shards import Made, clips, write_shards

import avrb_wds as avrb
from avrb_wds.corruptions.bank import Bank, write_bank
from avrb_wds.evaluation import merge_run
from avrb_wds.receipts.digests import clip_digest, condition_digest, overall_digest
from avrb_wds.reports import read_report


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(11))


@pytest.fixture(scope="module")
def whole(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one uninterrupted run on one rank."""
    out = tmp_path_factory.mktemp("whole")
    assert run(bright, shards, out) is not None
    return out


def test_an_oracle_is_robust(shards: Path, tmp_path: Path) -> None:
    report = run(oracle, shards, tmp_path)
    assert [cell.metrics.accuracy for cell in report.results] == [1.0] * 5
    assert [cell.clips for cell in report.results] == [11] * 5
    assert report.overall.absolute == report.overall.relative == 1.0
    assert report.receipt.manifest == avrb.Manifest.read(shards / "manifest.json").digest
    assert read_report(tmp_path) == report == merge_run(tmp_path)


def test_corruption_costs_a_model_that_looks(shards: Path, whole: Path) -> None:
    report = read_report(whole)
    rows = (whole / "report.csv").read_text().splitlines()
    assert rows[0].startswith("condition,corruption,severity,clips,accuracy")
    assert [row.split(",")[0] for row in rows[1:]] == [str(c) for c in CONDITIONS]
    assert report.clean is not None


def test_the_receipt_is_what_load_shows(shards: Path, whole: Path) -> None:
    receipt = read_report(whole).receipt
    loader = avrb.load(shards, CONDITIONS, batch_size=4, num_workers=2, return_digests=True)
    shown: dict[str, list[tuple[str, bytes]]] = {}
    for batch in loader:
        condition = str(avrb.Condition(batch["corruption"], batch["severity"]))
        for row, key in enumerate(batch["key"]):
            signals = (batch["frames"][row].numpy(), batch["waveform"][row].numpy())
            assert batch["digest"][row] == clip_digest(key, *signals, batch["sample_rate"])
        shown.setdefault(condition, []).extend(zip(batch["key"], batch["digest"], strict=True))
    digests = {condition: condition_digest(clips) for condition, clips in shown.items()}
    assert dict(receipt.digests) == digests
    assert receipt.digest == overall_digest(digests.values())
    assert receipt.bank == Bank.builtin().digest


def test_the_model_sees_what_load_shows(shards: Path, tmp_path: Path) -> None:
    seen: list[set[str]] = []

    def model(batch: dict[str, Any]) -> torch.Tensor:
        seen.append(set(batch))
        return oracle(batch)

    run(model, shards, tmp_path, conditions=["clean"])
    assert seen[0] == set(next(iter(avrb.load(shards, num_workers=0))))


def test_another_bank_is_another_run_and_another_receipt(shards: Path, tmp_path: Path) -> None:
    built_in = Bank.builtin()
    rain = list(built_in.items("rain"))[:1]
    bank = tmp_path / "rain.avrbbank"
    write_bank(bank, rain)
    receipts = []
    for given, out in ((None, tmp_path / "one"), (bank, tmp_path / "two")):
        report = run(oracle, shards, out, conditions=["clean", "rain-0+5"], bank=given)
        receipts.append(report.receipt)
    one, two = receipts
    assert (one.bank, two.bank) == (built_in.digest, Bank.open(bank).digest)
    assert one.digests[0] == two.digests[0]
    assert one.digests[1] != two.digests[1]
    with pytest.raises(avrb.UsageError, match="holds a run whose bank is"):
        run(oracle, shards, tmp_path / "one", conditions=["clean", "rain-0+5"], bank=bank)
    begin = f"{bank} {two.bank[:12]}> is not the bank of {tmp_path / 'one'}; give the one whose dig"
    with pytest.raises(avrb.UsageError, match=re.escape(begin)):
        avrb.check_receipt(shards, tmp_path / "one", bank=bank)


def test_several_labels_are_scored_by_map(tmp_path: Path) -> None:
    made = [Made(f"m{n}", target=(n % 3, (n + 1) % 3)) for n in range(6)]
    shards = write_shards(tmp_path / "s", made, task="multi-label")
    report = run(lambda batch: batch["target"], shards, tmp_path / "out")
    assert report.metric == "mean_average_precision"
    assert report.clean == 1.0
    assert report.results[0].metrics.accuracy is None


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("world_size", [2, 3, 7])
def test_ranks_come_to_the_same_bytes(
    shards: Path, whole: Path, tmp_path: Path, world_size: int, workers: int
) -> None:
    ranks = [
        run(bright, shards, tmp_path, rank=rank, world_size=world_size, num_workers=workers)
        for rank in reversed(range(world_size))
    ]
    # The one that finds all of it there merges: no rank waits for another.
    assert [report is not None for report in ranks].count(True) >= 1
    assert ranks[-1] is not None
    assert same_files(whole, tmp_path)


def killed_run(after: int, shards: Path, out: Path, rank: int, world_size: int) -> None:
    """A run whose process is killed when `after` batches are scored."""
    batches = itertools.count()

    def model(batch: dict[str, Any]) -> torch.Tensor:
        if next(batches) == after:
            os.kill(os.getpid(), signal.SIGKILL)
        return bright(batch)

    run(model, shards, out, rank=rank, world_size=world_size, name="bright")


@pytest.mark.parametrize(("after", "rank", "world_size"), [(0, 0, 1), (7, 0, 1), (3, 1, 2)])
def test_a_killed_run_goes_on_at_any_world_size(
    shards: Path, whole: Path, tmp_path: Path, after: int, rank: int, world_size: int
) -> None:
    process = multiprocessing.get_context("forkserver").Process(
        target=killed_run, args=(after, shards, tmp_path, rank, world_size)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not (tmp_path / "report.json").exists()
    # What a kill in the middle of a write leaves behind.
    for path in (tmp_path / "predictions").glob("*.bin"):
        with path.open("ab") as file:
            file.write(b"AVRB torn")
    run(bright, shards, tmp_path)
    assert same_files(whole, tmp_path)


def test_a_baseline_is_told_of_before_the_run(shards: Path, whole: Path, tmp_path: Path) -> None:
    report = run(bright, shards, tmp_path / "a", baseline=whole)
    assert (report.baseline.model, report.baseline.mce) == ("bright", 1.0)
    assert read_report(tmp_path / "a") == report
    with pytest.raises(avrb.UsageError, match=r"lacks 2 of this run's conditions \(rain-1, rain-5"):
        run(
            bright,
            shards,
            tmp_path / "b",
            baseline=whole,
            conditions=avrb.conditions(["rain"], [1, 5]),
        )
    assert not (tmp_path / "b").exists()


def test_what_is_there_is_not_scored_again(shards: Path, whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "again")

    def never(batch: dict[str, Any]) -> torch.Tensor:
        raise AssertionError(batch["key"])

    run(never, shards, tmp_path / "again", name="bright")
    assert same_files(whole, tmp_path / "again")
