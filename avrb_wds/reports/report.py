"""What an evaluation comes to: scores by condition, and a receipt of what was evaluated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NamedTuple

from ..condition import Condition
from ..shards.json_io import Fields
from .robustness import Robustness, corruption_of, group_of, robustness, robustness_by, severity_of

Task = Literal["single-label", "multi-label"]


@dataclass(frozen=True)
class Metrics:
    """The scores of one condition, in [0, 1] but for d'; None where one has no meaning.

    accuracy: top-1.  top5: the target is among the five highest scores; None unless there are more
    classes.  mean_class_accuracy: the mean over classes of the accuracy on each.  These three are
    for single labels.
    mean_average_precision, auc: one class against the rest, the mean over classes; classes without
    a positive clip are left out (auc: and those without a negative one).
    d_prime: √2 times the normal quantile of auc; None where auc is 0 or 1.
    """

    accuracy: float | None
    top5: float | None
    mean_class_accuracy: float | None
    mean_average_precision: float | None
    auc: float | None
    d_prime: float | None

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The metrics in order."""
        return tuple(field.name for field in fields(cls))


class Interval(NamedTuple):
    """Where a score lies in 95 % of paired bootstrap replicates over clips."""

    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """The intervals of the clean score and of `Report.overall`; None where these are.

    replicates: how many were drawn.  by_corruption, by_severity, by_group: of the mean scores that
    the report has under these names, in the same order.
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
    """One condition: how many clips it was scored on, and the scores.

    interval: of the report's `metric`.
    """

    condition: Condition
    clips: int
    metrics: Metrics
    interval: Interval


@dataclass(frozen=True)
class SkippedClip:
    """A clip that could not be used: its key and shard, the cause, and in how many conditions."""

    key: str
    shard: str
    cause: str
    conditions: int


@dataclass(frozen=True)
class Receipt:
    """What was evaluated: enough for another machine to show a model the same.

    dataset, manifest: the manifest's name and SHA-256; "" for shards without one.  clips: how many
    there are.  bank: its SHA-256.  versions: of the packages that decide what a model is shown or
    how it is scored.
    digest: over all that was shown, whatever the order and whatever the conditions' names.
    digests: (condition, digest of what was shown under it).  See
    `avrb_wds.receipts.digests`.  Both are empty until everything is shown.
    """

    dataset: str
    manifest: str
    clips: int
    seed: int
    profile: str
    modality: str
    temporal: str
    bank: str
    batch_size: int
    transform: str
    versions: tuple[tuple[str, str], ...]
    digest: str = ""
    digests: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The receipt as JSON takes it."""
        return {**asdict(self), "versions": dict(self.versions), "digests": dict(self.digests)}

    @classmethod
    def from_json(cls, value: Any, where: str) -> Receipt:
        """The receipt that `to_json` gave; raises DataError, naming `where`, where it is none."""
        given = Fields.among(value, where, [field.name for field in fields(cls)])
        return cls(
            given.text("dataset"),
            given.text("manifest"),
            given.non_negative_int("clips"),
            given.integer("seed"),
            given.text("profile"),
            given.text("modality"),
            given.text("temporal"),
            given.text("bank"),
            given.non_negative_int("batch_size"),
            given.text("transform"),
            given.text_by_name("versions"),
            given.text("digest"),
            given.text_by_name("digests"),
        )


@dataclass(frozen=True)
class CorruptionError:
    """One corruption's error as a multiple of the baseline's, over its severities.

    error: CE.  relative: relative CE, of what is lost against clean.  None where the baseline has
    no error to measure by.
    """

    corruption: str
    error: float | None
    relative: float | None


@dataclass(frozen=True)
class Baseline:
    """What a report was held against, and the corruption errors that come of it.

    model, manifest, seed: the baseline's.
    """

    model: str
    manifest: str
    seed: int
    by_corruption: tuple[CorruptionError, ...]

    @property
    def mce(self) -> float | None:
        """The mean over those corruptions that have an error; None if none has."""
        return _mean(error.error for error in self.by_corruption)

    @property
    def relative_mce(self) -> float | None:
        """The mean over those corruptions that have a relative error; None if none has."""
        return _mean(error.relative for error in self.by_corruption)


def _mean(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return round(sum(there) / len(there), 6) if there else None


@dataclass(frozen=True)
class Report:
    """The scores of one model under every condition asked for, clean first where it is there.

    baseline: what it was held against, if anything.
    """

    model: str
    task: Task
    classes: int
    results: tuple[ConditionResult, ...]
    intervals: Intervals
    receipt: Receipt
    skipped: tuple[SkippedClip, ...] = ()
    baseline: Baseline | None = None

    @property
    def metric(self) -> str:
        """The metric that `clean`, `mean` and robustness are in: accuracy, or mAP for several."""
        return "accuracy" if self.task == "single-label" else "mean_average_precision"

    def score(self, cell: ConditionResult) -> float:
        """The score of one condition, in `metric`."""
        metrics = cell.metrics
        single = self.task == "single-label"
        value = metrics.accuracy if single else metrics.mean_average_precision
        assert value is not None  # no cell is made without it
        return value

    @property
    def clean(self) -> float | None:
        """The score on clean clips; None if these were not asked for."""
        return next((self.score(cell) for cell in self.results if cell.condition.is_clean), None)

    @property
    def corrupted(self) -> tuple[tuple[Condition, float], ...]:
        """Every condition but clean, with its score."""
        scores = ((cell.condition, self.score(cell)) for cell in self.results)
        return tuple((condition, score) for condition, score in scores if not condition.is_clean)

    @property
    def overall(self) -> Robustness | None:
        """Over all corrupted conditions; None if clean was all that was asked for."""
        return robustness("all", (score for _, score in self.corrupted), self.clean)

    @property
    def by_corruption(self) -> tuple[Robustness, ...]:
        """Over the severities of each corruption."""
        return robustness_by(corruption_of, self.corrupted, self.clean)

    @property
    def by_severity(self) -> tuple[Robustness, ...]:
        """Over the corruptions at each severity."""
        return robustness_by(severity_of, self.corrupted, self.clean)

    @property
    def by_group(self) -> tuple[Robustness, ...]:
        """Over each group of the paper: digital, environmental, human-related."""
        return robustness_by(group_of, self.corrupted, self.clean)
