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
    """One score of both models.  a, b: None where a model has no such score.

    interval: of the difference, paired over clips; None where the runs are not of the same clips.
    """

    name: str
    a: float | None
    b: float | None
    interval: Interval | None

    @property
    def difference(self) -> float | None:
        """How much more b has than a."""
        return None if self.a is None or self.b is None else round(self.b - self.a, 9) + 0.0

    @property
    def is_significant(self) -> bool:
        """Whether the interval leaves no doubt about the sign of the difference."""
        return self.interval is not None and not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True)
class Comparison:
    """Two reports over the conditions that both have.

    notes: sentences on what keeps the two from being alike.  replicates: of the paired bootstrap; 0
    where there was none.  summary: clean, mean, absolute and relative robustness.  by_condition:
    clean first, where both have it.
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
        """What to call the two; models of one name are told apart by A and B."""
        if self.a.model == self.b.model:
            return f"{self.a.model} (A)", f"{self.b.model} (B)"
        return self.a.model, self.b.model

    @property
    def headline(self) -> str:
        """In a sentence, under how many conditions the second model is better and worse."""
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
        """In a sentence, whether both were shown the same, by digest; empty without digests."""
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
    """A sentence for each thing that keeps two runs from having shown the same."""
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
