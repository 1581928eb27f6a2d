"""What a run's records of one condition come to: its figures, and what each clip does to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..condition import Condition
from ..errors import DataError
from ..reports import Metrics
from ..reports.report import Task
from .bootstrap import Influence, accuracy_influence, precision_influence
from .metrics import multi_label_metrics, single_label_metrics
from .runs.ledger import Ledger


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
        """Gather them; raises DataError where every clip was skipped."""
        # As many rows as clips are there, wherever they stand: skipped ones take no memory.
        positions = sorted(
            ledger.positions[key] for record in ledger.records(condition) for key in record.keys
        )
        if not positions:
            raise DataError(f"condition {condition} has no clip left to score.")
        rows = {position: row for row, position in enumerate(positions)}
        shape = (len(positions), ledger.plan.classes)
        scores, target = np.empty(shape, np.float32), np.zeros(shape, np.int64)
        for record in ledger.records(condition):
            places = [rows[ledger.positions[key]] for key in record.keys]
            scores[places] = record.scores
            for place, numbers in zip(places, record.targets, strict=True):
                target[place, list(numbers)] = 1
        task, clips = ledger.plan.task, len(ledger.keys)
        keys = tuple(ledger.keys[position] for position in positions)
        return cls(condition, task, keys, scores, target, np.array(positions, np.intp), clips)

    def metrics(self) -> Metrics:
        """Compute all metrics; raise DataError if no clip has a label."""
        if self.task == "single-label":
            return single_label_metrics(self.scores, self.target.argmax(1))
        found = multi_label_metrics(self.scores, self.target)
        if found.mean_average_precision is None:
            raise DataError(f"condition {self.condition} has no clip with a label left to score.")
        return found

    def influence(self) -> Influence:
        """Compute the primary score, and how it changes with the weight of each clip of the run."""
        if self.task == "single-label":
            score, change = accuracy_influence(self.scores, self.target.argmax(1))
        else:
            score, change = precision_influence(self.scores, self.target)
        everywhere = np.zeros(self.clips)
        everywhere[self.positions] = change
        return score, everywhere
