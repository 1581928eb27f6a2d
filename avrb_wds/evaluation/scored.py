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
from .ledger import Ledger
from .metrics import multi_label_metrics, single_label_metrics

__all__ = ["Scored"]


@dataclass(frozen=True)
class Scored:
    """A condition's scores and targets (0 or 1), both (scored clips, classes).

    positions: of these clips among all of the run, of which there are `clips`.
    """

    condition: Condition
    task: Task
    scores: npt.NDArray[np.float32]
    target: npt.NDArray[np.int64]
    positions: npt.NDArray[np.intp]
    clips: int

    @classmethod
    def of(cls, ledger: Ledger, condition: Condition) -> Scored:
        """Gather them; raises DataError where every clip was skipped."""
        shape = (len(ledger.keys), ledger.plan.classes)
        scores, target = np.zeros(shape, np.float32), np.zeros(shape, np.int64)
        there = np.zeros(shape[0], np.bool_)
        for record in ledger.records(condition):
            rows = [ledger.positions[key] for key in record.keys]
            scores[rows], there[rows] = record.scores, True
            for row, numbers in zip(rows, record.targets, strict=True):
                target[row, list(numbers)] = 1
        if not there.any():
            raise DataError(f"condition {condition} has no clip left to score.")
        task, positions = ledger.plan.task, np.flatnonzero(there)
        return cls(condition, task, scores[there], target[there], positions, shape[0])

    def metrics(self) -> Metrics:
        """All figures; raises DataError where no clip has a label."""
        if self.task == "single-label":
            return single_label_metrics(self.scores, self.target.argmax(1))
        found = multi_label_metrics(self.scores, self.target)
        if found.mean_average_precision is None:
            raise DataError(f"condition {self.condition} has no clip with a label left to score.")
        return found

    def influence(self) -> Influence:
        """The primary score, and what one more of each clip of the run would do to it."""
        if self.task == "single-label":
            score, change = accuracy_influence(self.scores, self.target.argmax(1))
        else:
            score, change = precision_influence(self.scores, self.target)
        everywhere = np.zeros(self.clips)
        everywhere[self.positions] = change
        return score, everywhere
