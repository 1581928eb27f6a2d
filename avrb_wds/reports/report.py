"""What an evaluation comes to: scores by condition, and a receipt of what was evaluated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple

from ..condition import Condition
from ..receipts.receipt import Receipt
from ..shards.json_io import Fields, SignedInt, from_json
from .parsing import Quotient, Score, read_interval
from .robustness import Robustness, corruption_of, group_of, robustness, robustness_by, severity_of

Task = Literal["single-label", "multi-label"]


@dataclass(frozen=True)
class Metrics:
    """The scores of one condition, in [0, 1] except d'; None if a metric is undefined.

    The first three are for single-label datasets, the others compare each class with the rest.

    Attributes:
        accuracy: Top-1 accuracy.
        top5: Top-5 accuracy; None for five classes or fewer.
        mean_class_accuracy: Mean over classes of the accuracy on each class.
        mean_average_precision: Mean over classes that have a positive clip.
        auc: Area under the ROC curve, mean over classes that have positive and negative clips.
        d_prime: √2 times the normal quantile of `auc`; None if `auc` is 0 or 1.
    """

    accuracy: Score | None
    top5: Score | None
    mean_class_accuracy: Score | None
    mean_average_precision: Score | None
    auc: Score | None
    d_prime: Quotient | None

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """List the names of the metrics, in order."""
        return tuple(field.name for field in fields(cls))


class Interval(NamedTuple):
    """The range that contains a score in 95 % of paired bootstrap replicates over clips."""

    low: float
    high: float

    @classmethod
    def from_json(cls, value: Any, where: str) -> Interval:
        """Read an interval; raises DataError, naming `where`, for anything else."""
        return cls(*read_interval(value, where))


@dataclass(frozen=True)
class Intervals:
    """The intervals of the scores that a report summarizes; None if the score is None.

    Attributes:
        replicates: Number of bootstrap replicates.
        clean: Of the clean score.
        score: Of `Report.overall`, the mean over all corrupted conditions.
        absolute: Of its absolute robustness.
        relative: Of its relative robustness.
        by_corruption: Of the scores in `Report.by_corruption`, in the same order.
        by_severity: Of the scores in `Report.by_severity`, in the same order.
        by_group: Of the scores in `Report.by_group`, in the same order.
    """

    replicates: int
    clean: Interval | None
    score: Interval | None
    absolute: Interval | None
    relative: Interval | None
    by_corruption: tuple[Interval, ...]
    by_severity: tuple[Interval, ...]
    by_group: tuple[Interval, ...]


@dataclass(frozen=True)
class ConditionResult:
    """The result of one condition.

    Attributes:
        condition: The condition.
        clips: Number of clips that were scored.
        metrics: The scores.
        interval: Interval of the report's `metric`.
    """

    condition: Condition
    clips: int
    metrics: Metrics
    interval: Interval

    @classmethod
    def from_json(cls, value: Any, where: str) -> ConditionResult:
        """Read a result, whose metrics are fields of the object itself."""
        given = Fields.among(value, where, ("condition", "clips", "interval"))
        return cls(
            given.condition("condition"),
            given.non_negative_int("clips"),
            from_json(Metrics, value, where, lenient=True),
            given.nested("interval", Interval),
        )


@dataclass(frozen=True)
class SkippedClip:
    """A clip that could not be used.

    Attributes:
        key: Key of the clip.
        shard: Its shard.
        cause: What is wrong with it, in a sentence.
        conditions: Number of conditions in which it was skipped.
    """

    key: str
    shard: str
    cause: str
    conditions: int


@dataclass(frozen=True)
class CorruptionError:
    """The error under one corruption as a multiple of the baseline's, over all severities.

    Attributes:
        corruption: Name of the corruption.
        error: Corruption error (CE); None if the baseline has no error.
        relative: Relative CE, of the loss compared with clean; None if the baseline loses nothing.
    """

    corruption: str
    error: Quotient | None
    relative: Quotient | None


@dataclass(frozen=True)
class Baseline:
    """The run that a report is compared with, and the corruption errors.

    Attributes:
        model: Model of the baseline.
        manifest: SHA-256 of its manifest.
        seed: Its seed.
        by_corruption: The errors of each corruption.
    """

    model: str
    manifest: str
    seed: SignedInt
    by_corruption: tuple[CorruptionError, ...]

    @property
    def mce(self) -> float | None:
        """Mean corruption error, over the corruptions that have one; None if none has."""
        return _mean(error.error for error in self.by_corruption)

    @property
    def relative_mce(self) -> float | None:
        """Mean relative corruption error, over the corruptions that have one; None if none has."""
        return _mean(error.relative for error in self.by_corruption)


def _mean(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return round(sum(there) / len(there), 6) if there else None


@dataclass(frozen=True)
class Report:
    """The scores of one model under every condition.

    Attributes:
        model: Name of the model.
        task: "single-label" or "multi-label".
        classes: Number of classes.
        results: One for each condition; clean first, if it was evaluated.
        intervals: Intervals of the summary.
        receipt: What the model was shown.
        skipped: Clips that could not be used.
        baseline: What the report is compared with; None for nothing.
    """

    model: str
    task: Task
    classes: int
    results: tuple[ConditionResult, ...] = field(metadata={"json": "conditions"})
    intervals: Intervals
    receipt: Receipt
    skipped: tuple[SkippedClip, ...] = ()
    baseline: Baseline | None = None

    @property
    def metric(self) -> str:
        """Metric of `clean`, `corrupted` and robustness (accuracy, or mAP for several labels)."""
        return "accuracy" if self.task == "single-label" else "mean_average_precision"

    def score(self, cell: ConditionResult) -> float:
        """Return the score of one condition in `metric`."""
        metrics = cell.metrics
        single = self.task == "single-label"
        value = metrics.accuracy if single else metrics.mean_average_precision
        assert value is not None  # no cell is made without it
        return value

    @property
    def clean(self) -> float | None:
        """The score on clean clips; None if they were not evaluated."""
        return next((self.score(cell) for cell in self.results if cell.condition.is_clean), None)

    @property
    def corrupted(self) -> tuple[tuple[Condition, float], ...]:
        """Every condition except clean, with its score."""
        scores = ((cell.condition, self.score(cell)) for cell in self.results)
        return tuple((condition, score) for condition, score in scores if not condition.is_clean)

    @property
    def overall(self) -> Robustness | None:
        """Robustness over all corrupted conditions; None if only clean was evaluated."""
        return robustness("all", (score for _, score in self.corrupted), self.clean)

    @property
    def by_corruption(self) -> tuple[Robustness, ...]:
        """Robustness over the severities of each corruption."""
        return robustness_by(corruption_of, self.corrupted, self.clean)

    @property
    def by_severity(self) -> tuple[Robustness, ...]:
        """Robustness over the corruptions at each severity."""
        return robustness_by(severity_of, self.corrupted, self.clean)

    @property
    def by_group(self) -> tuple[Robustness, ...]:
        """Robustness over each group of the paper (digital, environmental, human-related)."""
        return robustness_by(group_of, self.corrupted, self.clean)
