"""Evaluation on real shards: every clip once, resumed after a kill, held against the ledger."""

import itertools
import multiprocessing
import os
import re
import resource
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from shardmaking import Made, clips, write_shards

import avrb_wds as avrb
from avrb_wds.corruptions.bank import Bank, write_bank
from avrb_wds.evaluation import merge
from avrb_wds.reports import FILES, Report, read_report
from avrb_wds.shown import clip_digest, condition_digest, overall_digest

CONDITIONS = avrb.conditions(["gaussian", "impulse"], [1, 5])


def oracle(batch: dict[str, Any]) -> torch.Tensor:
    """Scores that put the target first."""
    return torch.nn.functional.one_hot(batch["target"], 3).float()


def bright(batch: dict[str, Any]) -> torch.Tensor:
    """Scores that depend on every value shown, in picture and sound, and on nothing else."""
    mean = batch["frames"].double().mean((1, 2, 3))
    loud = batch["waveform"].double().square().mean((1, 2))
    return (mean + 1000 * loud[:, None]).float()


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(11))


@pytest.fixture(scope="module")
def whole(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one uninterrupted run on one rank."""
    out = tmp_path_factory.mktemp("whole")
    assert run(bright, shards, out) is not None
    return out


def run(model: Any, shards: Path, out: Path, **options: Any) -> Report | None:
    defaults: dict[str, Any] = {"batch_size": 3, "num_workers": 0, "conditions": CONDITIONS}
    return avrb.evaluate(model, shards, out=out, **{**defaults, **options})


def same_files(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in FILES)


def test_an_oracle_is_robust(shards: Path, tmp_path: Path) -> None:
    report = run(oracle, shards, tmp_path)
    assert [cell.metrics.accuracy for cell in report.cells] == [1.0] * 5
    assert [cell.clips for cell in report.cells] == [11] * 5
    assert report.overall.absolute == report.overall.relative == 1.0
    assert report.receipt.manifest == avrb.Manifest.read(shards / "manifest.json").digest
    assert read_report(tmp_path) == report == merge(tmp_path)


def test_corruption_costs_a_model_that_looks(shards: Path, whole: Path) -> None:
    report = read_report(whole)
    rows = (whole / "report.csv").read_text().splitlines()
    assert rows[0].startswith("condition,corruption,severity,clips,accuracy")
    assert [row.split(",")[0] for row in rows[1:]] == [str(c) for c in CONDITIONS]
    assert report.clean is not None


def test_the_receipt_is_what_load_shows(shards: Path, whole: Path) -> None:
    receipt = read_report(whole).receipt
    loader = avrb.load(shards, CONDITIONS, batch_size=4, num_workers=2, digest=True)
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
        avrb.check(shards, tmp_path / "one", bank=bank)


def test_several_labels_are_scored_by_map(tmp_path: Path) -> None:
    made = [Made(f"m{n}", target=(n % 3, (n + 1) % 3)) for n in range(6)]
    shards = write_shards(tmp_path / "s", made, task="multi-label")
    report = run(lambda batch: batch["target"], shards, tmp_path / "out")
    assert report.metric == "mean_average_precision"
    assert report.clean == 1.0
    assert report.cells[0].metrics.accuracy is None


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


def test_a_missing_or_double_clip_is_an_error(whole: Path, tmp_path: Path) -> None:
    torn = shutil.copytree(whole, tmp_path / "torn")
    file = next((torn / "predictions").glob("*.bin"))
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(
        avrb.DataError, match=r"is missing under .*, the first of \d of 55 scores; repeat"
    ):
        merge(torn)
    twice = shutil.copytree(whole, tmp_path / "twice")
    file = next((twice / "predictions").glob("*.bin"))
    shutil.copy(file, file.with_name("rank-0001-of-0002.bin"))
    with pytest.raises(
        avrb.DataError, match="is there twice under clean, the first of 55 of 55 scores;"
    ):
        merge(twice)


def test_broken_clips_are_named_and_bounded(tmp_path: Path) -> None:
    shards = write_shards(tmp_path / "s", clips(6))
    tar = shards / "t-000000.tar"
    data = bytearray(tar.read_bytes())
    data[2000] ^= 255
    tar.write_bytes(data)
    with pytest.raises(avrb.DataError, match=r"clip 'clip0000' in shard .*t-000000.tar"):
        run(oracle, shards, tmp_path / "strict")
    report = run(oracle, shards, tmp_path / "lenient", on_error=1)
    [skipped] = report.skipped
    assert (skipped.key, skipped.shard, skipped.conditions) == ("clip0000", "t-000000.tar", 5)
    assert "checksum" in skipped.cause
    assert [cell.clips for cell in report.cells] == [5] * 5
    assert read_report(tmp_path / "lenient").skipped == report.skipped


def test_a_full_disk_is_one_sentence_and_the_run_goes_on(
    shards: Path, whole: Path, tmp_path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))
    try:
        with pytest.raises(
            avrb.DataError, match=r"rank-0000-of-0001\.bin cannot be written: File too"
        ):
            run(bright, shards, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert run(bright, shards, tmp_path) is not None
    assert same_files(whole, tmp_path)


def test_a_folder_that_cannot_be_made_is_one_sentence(shards: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(avrb.DataError, match="/file cannot be written: File exists"):
        run(bright, shards, file)
    with pytest.raises(avrb.DataError, match=r"/receipt\.parts cannot be written: Not a directory"):
        avrb.digest(shards, ["clean"], out=file / "receipt.json")
    taken = tmp_path / "run" / "predictions" / "rank-0000-of-0001.bin"
    taken.mkdir(parents=True)
    with pytest.raises(avrb.DataError, match=r"of-0001\.bin cannot be written: Is a directory"):
        run(bright, shards, tmp_path / "run")


def test_another_run_in_the_folder_is_refused(shards: Path, whole: Path) -> None:
    with pytest.raises(avrb.UsageError, match="holds a run whose seed is 0, not 1"):
        run(bright, shards, whole, seed=1)


def nan(batch: dict[str, Any]) -> np.ndarray:
    return np.full((len(batch["key"]), 3), np.nan, np.float32)


@pytest.mark.parametrize(
    ("model", "error", "sentence"),
    [
        ("resnet", avrb.UsageError, "model 'resnet' is not callable; it has to take a batch"),
        (lambda batch: None, avrb.UsageError, "the model returned NoneType on the batch of clip"),
        (lambda batch: torch.zeros(3, 4), avrb.UsageError, r"scores of shape \(3, 4\).*\(3, 3\)"),
        (
            lambda batch: 1 / 0,
            avrb.UsageError,
            "on the batch of clip 'clip0000': ZeroDivisionError: division by zero; it",
        ),
        (nan, avrb.DataError, "the model gave clip 'clip0000' under clean a score that is NaN"),
    ],
)
def test_a_model_that_fails_is_told_why(
    shards: Path, tmp_path: Path, model: Any, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        run(model, shards, tmp_path)
    assert not (tmp_path / "report.json").exists()


def test_unlabelled_shards_cannot_be_scored(tmp_path: Path) -> None:
    shards = write_shards(tmp_path / "s", [Made("a", target=None)], task="unlabelled", classes=())
    with pytest.raises(avrb.UsageError, match="has no labels; give one that has some"):
        run(oracle, shards, tmp_path / "out")
