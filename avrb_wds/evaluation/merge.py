"""From the files of all ranks to one report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..condition import Condition
from ..errors import DataError, UsageError
from ..progress import Progress
from ..receipts.clip_digests import clips_file
from ..receipts.files import REPORT_FILE
from ..reports import (
    ConditionResult,
    Metrics,
    Report,
    SkippedClip,
    read_report,
    with_baseline,
    write_report,
)
from .bootstrap import Influence, interval, intervals, replicates
from .condition_scores import ConditionScores
from .metrics import require_torchmetrics
from .runs.ledger import Ledger
from .runs.plan import is_run_folder, read_keys, read_plan


def merge_run(folder: str | Path) -> Report:
    """Merge the predictions of a run into its report, which depends on the files of the run only.

    Args:
        folder: Folder of the run.

    Raises:
        DataError: A clip of a condition is missing or occurs twice; the message names both.
    """
    require_torchmetrics()
    return _merged(_whole_ledger(Path(folder)))


def publish_report(
    ledger: Ledger,
    folder: str | Path,
    baseline: Report | None = None,
    progress: Progress | None = None,
) -> Report:
    """The report of a whole run, written into a folder with the digests of all clips beside it.

    progress: called with (conditions scored, conditions).
    """
    report = _merged(ledger, progress)
    if baseline is not None:
        report = with_baseline(report, baseline)
    return _written(report, ledger, Path(folder))


def rewrite_report(
    folder: str | Path, baseline: Report | None = None, progress: Progress | None = None
) -> Report:
    """Merge a run and write its report again in every format.

    A folder that has only a report gets that report again.

    Args:
        folder: Folder of the run.
        baseline: Report to compare with; None to keep the earlier one, if any.
        progress: Called with (conditions scored, conditions).

    Raises:
        DataError: The run is incomplete, or the report is invalid.
        UsageError: The earlier baseline does not fit the scores.
    """
    folder = Path(folder)
    if is_run_folder(folder):
        require_torchmetrics()
        ledger = _whole_ledger(folder)
        report = _merged(ledger, progress)
        kept = (
            _with_old_baseline(report, folder)
            if baseline is None
            else with_baseline(report, baseline)
        )
        return _written(kept, ledger, folder)
    report = read_report(folder)
    if baseline is not None:
        report = with_baseline(report, baseline)
    write_report(report, folder)
    return report


def _with_old_baseline(report: Report, folder: Path) -> Report:
    """The report with the corruption errors of the one in the folder, if it has any."""
    try:
        there = read_report(folder)
    except DataError:  # none, or a broken one
        return report
    if there.baseline is not None and there.results != report.results:
        raise UsageError(
            f"{folder / REPORT_FILE} was compared with baseline {there.baseline.model!r} and "
            f"has other scores now; give a baseline, or remove the file to do without one."
        )
    return replace(report, baseline=there.baseline)


def _written(report: Report, ledger: Ledger, folder: Path) -> Report:
    # First: who sees the report finds the digests too.
    ledger.clip_digests().write(clips_file(folder / REPORT_FILE))
    write_report(report, folder)
    return report


def _merged(ledger: Ledger, progress: Progress | None = None) -> Report:
    plan, conditions = ledger.plan, ledger.plan.conditions
    metrics: list[Metrics] = []
    influences: list[Influence] = []
    if progress:
        progress(0, len(conditions))
    for condition in conditions:
        scored = ConditionScores.of(ledger, condition)
        metrics.append(scored.metrics())
        influences.append(scored.influence())
        if progress:
            progress(len(metrics), len(conditions))
    moved = _replicates(influences, plan.receipt.seed)
    return Report(
        plan.model,
        plan.task,
        plan.classes,
        tuple(
            ConditionResult(condition, ledger.scored(condition), scores, interval(column))
            for condition, scores, column in zip(conditions, metrics, moved.T, strict=True)
        ),
        intervals(moved, conditions),
        ledger.receipt(),
        tuple(SkippedClip(*clip, count) for clip, count in sorted(ledger.skipped.items())),
    )


def open_report(path: str | Path) -> Report:
    """Read a report, or merge the run of a folder that has none.

    Args:
        path: File of a report, or folder of a report or run.

    Raises:
        DataError: There is neither, or the run is incomplete.
    """
    folder = Path(path)
    if is_run_folder(folder) and not (folder / REPORT_FILE).exists():
        return merge_run(folder)
    return read_report(path)


def resampled(
    folder: str | Path, seed: int, progress: Progress | None = None
) -> tuple[tuple[Condition, ...], npt.NDArray[np.float64]]:
    """The conditions of a whole run and its score under each in (replicates, conditions).

    Replicate r draws the same clips in every run over the same clips, given the same seed.
    progress: called with (conditions done, conditions).
    """
    ledger = _whole_ledger(Path(folder))
    influences = []
    for condition in ledger.plan.conditions:
        influences.append(ConditionScores.of(ledger, condition).influence())
        if progress:
            progress(len(influences), len(ledger.plan.conditions))
    return ledger.plan.conditions, _replicates(influences, seed)


def read_predictions(folder: str | Path) -> Iterator[ConditionScores]:
    """Read the scores of a complete run, one condition after another.

    Args:
        folder: The folder of the run.

    Returns:
        For each condition of the run, in order, the keys, scores and targets of its clips.

    Raises:
        DataError: The folder has no run, a file is damaged, or a clip is missing or scored twice.

    Example:
        >>> for predictions in read_predictions("runs/model"):  # doctest: +SKIP
        ...     hits = predictions.scores.argmax(1) == predictions.target.argmax(1)
        ...     print(predictions.condition, hits.mean())
    """
    ledger = _whole_ledger(Path(folder))
    return (ConditionScores.of(ledger, condition) for condition in ledger.plan.conditions)


def _whole_ledger(folder: Path) -> Ledger:
    ledger = Ledger.read(folder, read_plan(folder), read_keys(folder))
    ledger.check()
    return ledger


def _replicates(influences: list[Influence], seed: int) -> npt.NDArray[np.float64]:
    """The primary score of every condition under the replicates of the bootstrap."""
    scores = np.array([score for score, _ in influences])
    return replicates(scores, np.stack([change for _, change in influences]), seed)
