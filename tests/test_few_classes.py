"""Data sets of one class, of one clip, and of classes that no clip has: each is evaluated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.evaluation import run, same_files
from helpers.shards import Made, write_shards

import avrb_wds as avrb
from avrb_wds.evaluation import compute_receipt, merge_run
from avrb_wds.evaluation.metrics import multi_label_metrics, single_label_metrics
from avrb_wds.reports import FILES, Metrics, read_report

CONDITIONS = avrb.conditions("impulse", [1, 5])
ONE = Metrics(1.0, None, 1.0, 1.0, None, None)
SETS: list[tuple[str, int, list[Any], Metrics]] = [
    ("single-label", 1, [0, 0, 0], ONE),
    ("single-label", 1, [0], ONE),
    ("single-label", 2, [0], ONE),
    ("single-label", 2, [1, 1], ONE),
    ("single-label", 7, [3, 5, 3], Metrics(1.0, 1.0, 1.0, 1.0, 1.0, None)),
    ("multi-label", 1, [(0,), (0,)], Metrics(None, None, None, 1.0, None, None)),
    ("multi-label", 1, [(0,), ()], Metrics(None, None, None, 1.0, 1.0, None)),
    ("multi-label", 1, [(0,)], Metrics(None, None, None, 1.0, None, None)),
    ("multi-label", 3, [(), (1,)], Metrics(None, None, None, 1.0, 1.0, None)),
]


def write(folder: Path, task: str, classes: int, targets: list[Any]) -> Path:
    made = [Made(f"clip{n}", samples=80, target=target) for n, target in enumerate(targets)]
    return write_shards(folder, made, task=task, classes=[f"class{n}" for n in range(classes)])


@pytest.mark.parametrize(("task", "classes", "targets", "expected"), SETS)
def test_it_is_evaluated(
    tmp_path: Path, task: str, classes: int, targets: list[Any], expected: Metrics
) -> None:
    shards = write(tmp_path / "shards", task, classes, targets)

    def right(batch: dict[str, Any]) -> torch.Tensor:
        target = batch["target"]
        if task == "multi-label":
            return target
        return torch.nn.functional.one_hot(target, classes).float()

    report = run(right, shards, tmp_path / "run", conditions=CONDITIONS)
    assert report is not None
    assert [cell.metrics for cell in report.results] == [expected] * 3
    assert read_report(tmp_path / "run") == merge_run(tmp_path / "run") == report
    assert report.overall is not None
    assert (report.clean, report.overall.score, report.overall.relative) == (1.0, 1.0, 1.0)
    undefined = "With one class there is no AUC: no clip is of another."
    for name in FILES[2:]:
        text = (tmp_path / "run" / name).read_text()
        assert (undefined in text) == (expected == ONE and classes == 1), name
    again = run(right, shards, tmp_path / "two", conditions=CONDITIONS, baseline=report)
    assert again is not None
    assert again.baseline is not None
    assert again.baseline.mce is None  # the baseline has no error to measure by
    compared = avrb.compare(tmp_path / "run", tmp_path / "two", out=tmp_path / "compared")
    assert {row.difference for row in compared.by_condition} == {0.0}
    shown = compute_receipt(shards, CONDITIONS)
    assert shown is not None
    assert shown.digest == report.receipt.digest


def test_one_class_by_any_score(tmp_path: Path) -> None:
    """There is nothing else to take a clip for, whatever a model says."""
    scores, target = np.array([[-3], [0], [9]], np.float32), np.zeros(3, np.int64)
    assert single_label_metrics(scores, target) == ONE
    assert multi_label_metrics(scores, np.ones((3, 1), np.int64)).mean_average_precision == 1.0


def test_it_does_not_depend_on_ranks(tmp_path: Path) -> None:
    shards = write(tmp_path / "shards", "single-label", 1, [0])

    def zeros(batch: dict[str, Any]) -> torch.Tensor:
        return torch.zeros(len(batch["key"]), 1)

    run(zeros, shards, tmp_path / "whole", conditions=CONDITIONS)
    found = [
        run(zeros, shards, tmp_path / "ranks", conditions=CONDITIONS, rank=rank, world_size=3)
        for rank in range(3)
    ]
    assert found[2] is not None
    assert same_files(tmp_path / "whole", tmp_path / "ranks")
