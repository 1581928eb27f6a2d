"""The merge of the predictions of all ranks into scores and a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from ..reports.report import Task
from .bootstrap import (
    Influence,
    accuracy_influence,
    interval,
    intervals,
    precision_influence,
    replicates,
)
from .metrics import multi_label_metrics, require_torchmetrics, single_label_metrics
from .runs.ledger import Ledger
from .runs.plan import is_run_folder, read_keys, read_plan


@dataclass(frozen=True)
class ConditionScores:
    """The scores of a model under one condition, without skipped clips.

    Attributes:
        condition: The condition.
        task: "single-label" or "multi-label".
        keys: Keys of the scored clips, in the order of the dataset.
        scores: float32 (clips, classes), as the model returned them.
        target: int64 (clips, classes) of 0 and 1.
        positions: Index of each scored clip in the run.
        clips: Number of clips of the run.
    """

    condition: Condition
    task: Task
    keys: tuple[str, ...]
    scores: npt.NDArray[np.float32]
    target: npt.NDArray[np.int64]
    positions: npt.NDArray[np.intp]
    clips: int

    @classmethod
    def of(cls, ledger: Ledger, condition: Condition) -> ConditionScores:
        """Collect the scores of a condition; raise DataError if every clip was skipped."""
        # Skipped clips have no row, so that they take no memory.
        positions = sorted(
            ledger.positions[key] for record in ledger.records(condition) for key in record.keys
        )
        if not positions:
            raise DataError(f"condition {condition} has only skipped clips.")
        rows = {position: row for row, position in enumerate(positions)}
        shape = (len(positions), ledger.plan.classes)
        scores, target = np.empty(shape, np.float32), np.zeros(shape, np.int64)
        for record in ledger.records(condition):
            own_rows = [rows[ledger.positions[key]] for key in record.keys]
            scores[own_rows] = record.scores
            for row, classes in zip(own_rows, record.targets, strict=True):
                target[row, list(classes)] = 1
        task, clips = ledger.plan.task, len(ledger.keys)
        keys = tuple(ledger.keys[position] for position in positions)
        return cls(condition, task, keys, scores, target, np.array(positions, np.intp), clips)

    def metrics(self) -> Metrics:
        """Compute all metrics; raise DataError if no clip has a label."""
        if self.task == "single-label":
            return single_label_metrics(self.scores, self.target.argmax(1))
        found = multi_label_metrics(self.scores, self.target)
        if found.mean_average_precision is None:
            raise DataError(f"condition {self.condition} has only clips without a label.")
        return found

    def influence(self) -> Influence:
        """Compute the primary score, and how it changes with the weight of each clip of the run."""
        if self.task == "single-label":
            score, change = accuracy_influence(self.scores, self.target.argmax(1))
        else:
            score, change = precision_influence(self.scores, self.target)
        changes = np.zeros(self.clips)
        changes[self.positions] = change
        return score, changes


def merge_run(folder: str | Path) -> Report:
    """Merge the predictions of a run into its report, which depends on the files of the run only.

    Args:
        folder: Folder of the run.

    Raises:
        DataError: A clip of a condition is missing or occurs twice; the message names both.
    """
    require_torchmetrics()
    return _merge(_complete_ledger(Path(folder)))


def publish_report(
    ledger: Ledger,
    folder: str | Path,
    baseline: Report | None = None,
    progress: Progress | None = None,
) -> Report:
    """Merge a complete run; write the report and the digests of all clips into a folder.

    progress: Called with (conditions scored, conditions).
    """
    report = _merge(ledger, progress)
    if baseline is not None:
        report = with_baseline(report, baseline)
    return _write(report, ledger, Path(folder))


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
        ledger = _complete_ledger(folder)
        report = _merge(ledger, progress)
        if baseline is None:
            report = _keep_baseline(report, folder)
        else:
            report = with_baseline(report, baseline)
        return _write(report, ledger, folder)
    report = read_report(folder)
    if baseline is not None:
        report = with_baseline(report, baseline)
    write_report(report, folder)
    return report


def _keep_baseline(report: Report, folder: Path) -> Report:
    """Return the report with the baseline of the earlier report in the folder, if any."""
    try:
        earlier = read_report(folder)
    except DataError:  # no report, or an invalid one
        return report
    if earlier.baseline is not None and earlier.results != report.results:
        raise UsageError(
            f"{folder / REPORT_FILE} was compared with baseline {earlier.baseline.model!r} and "
            f"has other scores now; give a baseline, or remove the file to go without one."
        )
    return replace(report, baseline=earlier.baseline)


def _write(report: Report, ledger: Ledger, folder: Path) -> Report:
    # The digests come first: whoever sees the report finds them too.
    ledger.clip_digests().write(clips_file(folder / REPORT_FILE))
    write_report(report, folder)
    return report


def _merge(ledger: Ledger, progress: Progress | None = None) -> Report:
    plan, conditions = ledger.plan, ledger.plan.conditions
    metrics: list[Metrics] = []
    influences: list[Influence] = []
    if progress:
        progress(0, len(conditions))
    for condition in conditions:
        scores = ConditionScores.of(ledger, condition)
        metrics.append(scores.metrics())
        influences.append(scores.influence())
        if progress:
            progress(len(metrics), len(conditions))
    resampled = _replicates(influences, plan.receipt.seed)
    return Report(
        plan.model,
        plan.task,
        plan.classes,
        tuple(
            ConditionResult(condition, ledger.count_scored(condition), values, interval(column))
            for condition, values, column in zip(conditions, metrics, resampled.T, strict=True)
        ),
        intervals(resampled, conditions),
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


def resample_scores(
    folder: str | Path, seed: int, progress: Progress | None = None
) -> tuple[tuple[Condition, ...], npt.NDArray[np.float64]]:
    """Return the conditions of a complete run and its scores (replicates, conditions).

    Given the same seed, replicate r draws the same clips in every run over the same clips.
    progress: Called with (conditions done, conditions).
    """
    ledger = _complete_ledger(Path(folder))
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
    ledger = _complete_ledger(Path(folder))
    return (ConditionScores.of(ledger, condition) for condition in ledger.plan.conditions)


def _complete_ledger(folder: Path) -> Ledger:
    ledger = Ledger.read(folder, read_plan(folder), read_keys(folder))
    ledger.check()
    return ledger


def _replicates(influences: list[Influence], seed: int) -> npt.NDArray[np.float64]:
    """Return the primary scores (replicates, conditions) of the bootstrap."""
    scores = np.array([score for score, _ in influences])
    return replicates(scores, np.stack([change for _, change in influences]), seed)
