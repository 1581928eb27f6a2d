"""Clips whose target the manifest does not allow are invalid, as any other invalid clip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.evaluation import oracle, run
from helpers.shards import Made, write_shards

import avrb_wds as avrb
from avrb_wds.evaluation import compute_receipt
from avrb_wds.reports import read_report

SAID = (
    r"^clip 'b' in shard .*t-000000\.tar has target {}; the manifest has 3 classes and "
    r"task {}\.$"
)
WRONG: list[tuple[str, Any, str]] = [
    ("single-label", 3, "3"),
    ("single-label", 1 << 40, str(1 << 40)),
    ("single-label", (0, 1), r"\(0, 1\)"),
    ("single-label", None, "None"),
    ("multi-label", (0, 3), r"\(0, 3\)"),
    ("multi-label", 3, "3"),
]


def write(folder: Path, task: str, target: Any) -> Path:
    right: Any = 1 if task == "single-label" else (1,)
    targets = (("a", right), ("b", target), ("c", right))
    return write_shards(folder, [Made(key, target=number) for key, number in targets], task=task)


@pytest.mark.parametrize(("task", "target", "shown"), WRONG)
def test_it_is_named_and_left_out_under_a_budget(
    tmp_path: Path, task: str, target: Any, shown: str
) -> None:
    shards, said = write(tmp_path, task, target), SAID.format(shown, task)
    with pytest.raises(avrb.DataError, match=said):
        list(avrb.load(shards, num_workers=0))
    loader = avrb.load(shards, avrb.conditions("impulse", 1), num_workers=0, max_errors=1)
    assert [batch["key"] for batch in loader] == [["a", "c"], ["a", "c"]]
    ((key, shard, cause),) = loader.skipped
    assert (key, shard) == ("b", "t-000000.tar")
    assert f"has target {target}" in cause
    for dataset in (avrb.ClipDataset(shards), avrb.ClipStream(shards)):
        with pytest.raises(avrb.DataError, match=said):
            [dataset[n] for n in range(3)] if isinstance(dataset, avrb.ClipDataset) else list(
                dataset
            )


def test_workers_and_evaluations_leave_it_out_too(tmp_path: Path) -> None:
    shards = write(tmp_path / "shards", "single-label", 3)
    by_process = avrb.load(shards, num_workers=1, worker_type="process", max_errors=0.4)
    assert [batch["key"] for batch in by_process] == [["a", "c"]]
    with pytest.raises(avrb.DataError, match=SAID.format("3", "single-label")):
        run(oracle, shards, tmp_path / "strict")
    report = run(oracle, shards, tmp_path / "run", max_errors=1)
    assert report is not None
    assert [cell.clips for cell in report.results] == [2] * len(report.results)
    assert [(clip.key, clip.conditions) for clip in report.skipped] == [("b", len(report.results))]
    assert read_report(tmp_path / "run") == report
    shown = compute_receipt(
        shards, [cell.condition for cell in report.results], max_errors=1, num_workers=0
    )
    assert shown is not None
    assert shown.digest == report.receipt.digest
