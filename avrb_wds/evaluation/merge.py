"""From the files of all ranks to one report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..condition import Condition
from ..errors import DataError
from ..reports import Cell, Metrics, Report, SkippedClip
from .ledger import Ledger
from .metrics import multi_label_metrics, need_torchmetrics, single_label_metrics
from .plan import RunPlan, read_keys, read_plan

__all__ = ["merge"]


def merge(folder: str | Path) -> Report:
    """The report of the run in a folder: a function of the files there and of nothing else.

    Raises DataError, naming key and condition, unless every clip of every condition is there
    exactly once, scored or skipped under an error budget.
    """
    need_torchmetrics()
    folder = Path(folder)
    plan, keys = read_plan(folder), read_keys(folder)
    ledger = Ledger.read(folder, plan, keys)
    ledger.check()
    return Report(
        plan.model,
        plan.task,
        plan.classes,
        tuple(_cell(ledger, condition) for condition in plan.conditions),
        plan.receipt,
        tuple(SkippedClip(*clip, count) for clip, count in sorted(ledger.skipped.items())),
    )


def _cell(ledger: Ledger, condition: Condition) -> Cell:
    """The scores of one condition, clips in the order of the manifest."""
    plan, clips = ledger.plan, len(ledger.keys)
    places = {key: place for place, key in enumerate(ledger.keys)}
    scores = np.zeros((clips, plan.classes), np.float32)
    target = np.zeros((clips, plan.classes), np.int64)
    there = np.zeros(clips, np.bool_)
    for record in ledger.records(condition):
        rows = [places[key] for key in record.keys]
        scores[rows], there[rows] = record.scores, True
        for row, numbers in zip(rows, record.targets, strict=True):
            target[row, list(numbers)] = 1
    metrics = _metrics(plan, scores[there], target[there]) if there.any() else None
    if metrics is None or (metrics.accuracy is None and metrics.mean_average_precision is None):
        raise DataError(f"no labelled clip is left to score under {condition}.")
    return Cell(condition, int(there.sum()), metrics)


def _metrics(
    plan: RunPlan, scores: npt.NDArray[np.float32], target: npt.NDArray[np.int64]
) -> Metrics:
    if plan.task == "single-label":
        return single_label_metrics(scores, target.argmax(1))
    return multi_label_metrics(scores, target)
