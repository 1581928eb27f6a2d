"""What an evaluation does not take, cannot do or does not find, and what it says of it."""

import json
import resource
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.evaluation import bright, oracle, run, same_files
from helpers.shards import Made, clips, write_shards

import avrb_wds as avrb
from avrb_wds.evaluation import merge_run
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


def test_a_missing_or_double_clip_is_an_error(whole: Path, tmp_path: Path) -> None:
    torn = shutil.copytree(whole, tmp_path / "torn")
    file = next((torn / "predictions").glob("*.bin"))
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(
        avrb.DataError, match=r"is missing under .*, the first of \d of 55 scores; repeat"
    ):
        merge_run(torn)
    twice = shutil.copytree(whole, tmp_path / "twice")
    file = next((twice / "predictions").glob("*.bin"))
    shutil.copy(file, file.with_name("rank-0001-of-0002.bin"))
    with pytest.raises(
        avrb.DataError, match="is duplicated under clean, the first of 55 of 55 scores;"
    ):
        merge_run(twice)


def test_broken_clips_are_named_and_bounded(tmp_path: Path) -> None:
    shards = write_shards(tmp_path / "s", clips(6))
    tar = shards / "t-000000.tar"
    data = bytearray(tar.read_bytes())
    data[2000] ^= 255
    tar.write_bytes(data)
    with pytest.raises(avrb.DataError, match=r"clip 'clip0000' in shard .*t-000000.tar"):
        run(oracle, shards, tmp_path / "strict")
    report = run(oracle, shards, tmp_path / "lenient", max_errors=1)
    [skipped] = report.skipped
    assert (skipped.key, skipped.shard, skipped.conditions) == ("clip0000", "t-000000.tar", 5)
    assert "checksum" in skipped.cause
    assert [cell.clips for cell in report.results] == [5] * 5
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
        avrb.compute_receipt(shards, ["clean"], out=file / "receipt.json")
    taken = tmp_path / "run" / "predictions" / "rank-0000-of-0001.bin"
    taken.mkdir(parents=True)
    with pytest.raises(avrb.DataError, match=r"of-0001\.bin cannot be written: Is a directory"):
        run(bright, shards, tmp_path / "run")


def test_another_run_in_the_folder_is_refused(shards: Path, whole: Path) -> None:
    with pytest.raises(avrb.UsageError, match="holds a run whose seed is 0, not 1"):
        run(bright, shards, whole, seed=1)


@pytest.mark.parametrize(
    ("versions", "differing"),
    [
        ({"torch": None}, r"version of torch is absent, not \d"),
        ({"scipy": "0.1"}, r"version of scipy is 0\.1, not \d"),
        ({"left-pad": "1.0"}, r"version of left-pad is 1\.0, not absent"),
    ],
)
def test_a_run_begun_with_other_packages_is_refused(
    shards: Path, whole: Path, tmp_path: Path, versions: dict[str, str | None], differing: str
) -> None:
    shutil.copytree(whole, tmp_path / "run")
    plan = json.loads((whole / "run.json").read_bytes())
    installed = plan["receipt"]["versions"] | versions
    plan["receipt"]["versions"] = {name: number for name, number in installed.items() if number}
    (tmp_path / "run/run.json").write_text(json.dumps(plan))
    with pytest.raises(avrb.UsageError, match=rf"holds a run whose {differing}.*; give another"):
        run(bright, shards, tmp_path / "run")


def test_the_spelling_of_a_plan_does_not_matter(shards: Path, whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "run")
    plan = json.loads((whole / "run.json").read_bytes())
    versions = dict(reversed(plan["receipt"]["versions"].items()))
    plan["receipt"]["versions"] = versions
    (tmp_path / "run/run.json").write_text(json.dumps(plan, indent=1))
    assert run(bright, shards, tmp_path / "run") is not None
    assert same_files(whole, tmp_path / "run")


def nan(batch: dict[str, Any]) -> np.ndarray:
    return np.full((len(batch["key"]), 3), np.nan, np.float32)


@pytest.mark.parametrize(
    ("model", "error", "sentence"),
    [
        ("resnet", avrb.UsageError, "model 'resnet' is not callable; it must take a batch"),
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
    shards = write_shards(tmp_path / "s", [Made("a", target=None)], task="unlabeled", classes=())
    with pytest.raises(avrb.UsageError, match="has no labels; give one that has some"):
        run(oracle, shards, tmp_path / "out")
