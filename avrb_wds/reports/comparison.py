"""Two models side by side: what each scores, the difference, and whether it is one of the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..condition import Condition
from .report import Interval, Report

DECISIVE = {
    "manifest": "the clips differ",
    "seed": "the draws of the corruptions differ",
    "profile": "the corruptions differ",
    "modality": "what is corrupted differs",
    "temporal": "how corruptions move in time differs",
    "bank": "the sounds and textures differ",
}
"""What of a receipt decides which signals a model is shown, and what follows where it differs."""


@dataclass(frozen=True)
class Row:
    """One score of both models.

    Attributes:
        name: Name of the score.
        a: Score of the first model; None if it has none.
        b: Score of the second model; None if it has none.
        interval: Interval of the difference, paired over clips; None if the clips differ.
    """

    name: str
    a: float | None
    b: float | None
    interval: Interval | None

    @property
    def difference(self) -> float | None:
        """The second score minus the first; None if one is missing."""
        return None if self.a is None or self.b is None else round(self.b - self.a, 9) + 0.0

    @property
    def is_significant(self) -> bool:
        """Whether the interval of the difference excludes 0."""
        return self.interval is not None and not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True)
class Comparison:
    """Two reports, over the conditions that both have.

    Attributes:
        a: The first report.
        b: The second report.
        conditions: The conditions that both have.
        notes: Sentences about what makes the two runs differ.
        replicates: Number of paired bootstrap replicates; 0 if the clips differ.
        summary: Clean, mean, absolute and relative robustness.
        by_corruption: A row for each corruption.
        by_severity: A row for each severity.
        by_group: A row for each group of the paper.
        by_condition: A row for each condition; clean first, if both have it.
    """

    a: Report
    b: Report
    conditions: tuple[Condition, ...]
    notes: tuple[str, ...]
    replicates: int
    summary: tuple[Row, ...]
    by_corruption: tuple[Row, ...]
    by_severity: tuple[Row, ...]
    by_group: tuple[Row, ...]
    by_condition: tuple[Row, ...]

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two models; followed by A and B if they are the same."""
        if self.a.model == self.b.model:
            return f"{self.a.model} (A)", f"{self.b.model} (B)"
        return self.a.model, self.b.model

    @property
    def headline(self) -> str:
        """A sentence on how many conditions the second model is better and worse in."""
        rows = self.by_condition
        clear = [row for row in rows if row.is_significant] if self.replicates else list(rows)
        better = sum(1 for row in clear if (row.difference or 0) > 0)
        worse = sum(1 for row in clear if (row.difference or 0) < 0)
        a, b = self.names
        sure = "clearly " if self.replicates else ""
        return (
            f"Of {len(rows)} conditions, {b} is {sure}better than {a} under {better} and "
            f"{sure}worse under {worse}."
        )

    @property
    def digest_statement(self) -> str:
        """A sentence on whether both models were shown the same; empty without digests."""
        ours, theirs = dict(self.a.receipt.digests), dict(self.b.receipt.digests)
        names = [str(condition) for condition in self.conditions]
        if not all(name in ours and name in theirs for name in names):
            return ""
        other = [name for name in names if ours[name] != theirs[name]]
        if not other:
            return "By digest, both were shown the same, to the last bit."
        some = ", ".join(other[:3]) + (", …" if len(other) > 3 else "")
        return f"By digest, they were not shown the same under {some} ({len(other)} in all)."


def mismatches(a: Report, b: Report) -> Iterator[str]:
    """Yield a sentence for each difference in what two runs were shown.

    Args:
        a: Report of one run.
        b: Report of the other.
    """
    for name, meaning in DECISIVE.items():
        ours, theirs = getattr(a.receipt, name, None), getattr(b.receipt, name, None)
        if ours != theirs:
            yield f"Not the same {name} ({_short(ours)} and {_short(theirs)}): {meaning}."
    only_a, only_b = _lacking(a, b), _lacking(b, a)
    for which, only in (("first", only_a), ("second", only_b)):
        if only:
            some = ", ".join(only[:5]) + (", …" if len(only) > 5 else "")
            yield f"Only the {which} has {len(only)} conditions, which are left out: {some}."
    gone = [{clip.key for clip in report.skipped} for report in (a, b)]
    if gone[0] != gone[1]:
        yield f"Not the same clips were skipped ({len(gone[0])} and {len(gone[1])})."


def _lacking(report: Report, other: Report) -> list[str]:
    there = {cell.condition for cell in other.results}
    return [str(cell.condition) for cell in report.results if cell.condition not in there]


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) > 40 else text
