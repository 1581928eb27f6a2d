"""How far a run has come: the clips and conditions that its files have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...condition import Condition
from .ledger import Ledger
from .plan import read_keys, read_plan


@dataclass(frozen=True)
class MissingClips:
    """Clips that are missing under some conditions.

    Attributes:
        conditions: The conditions.
        clips: Number of clips that are missing under each of them.
        spans: First and last key of each contiguous range.
    """

    conditions: tuple[Condition, ...]
    clips: int
    spans: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.conditions[:3])) + (", …" if self.conditions[3:] else "")
        many = f"{len(self.conditions)} conditions ({shown})"
        under = str(self.conditions[0]) if len(self.conditions) == 1 else many
        rows = ", ".join(_row(*span) for span in self.spans[:3]) + (", …" if self.spans[3:] else "")
        return f"{self.clips} {'clip' if self.clips == 1 else 'clips'} under {under}: {rows}"


@dataclass(frozen=True)
class RunStatus:
    """How far a run has come.

    Attributes:
        model: Name of the model.
        clips: Number of clips of the dataset.
        whole: Clips that are done under every condition.
        scores: Pairs of clip and condition that are done.
        wanted: Pairs of clip and condition in all.
        gaps: What is missing.
    """

    model: str
    clips: int
    whole: int
    scores: int
    wanted: int
    gaps: tuple[MissingClips, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.gaps

    def __str__(self) -> str:
        return (
            f"{self.model}: {self.whole:,} of {self.clips:,} clips are there under every condition "
            f"({self.scores:,} of {self.wanted:,} scores)"
        )


def run_status(folder: str | Path) -> RunStatus:
    """Return how far a run has come, complete or not.

    Args:
        folder: Folder of the run.

    Raises:
        DataError: The folder has no run.
    """
    folder = Path(folder)
    plan, keys = read_plan(folder), read_keys(folder)
    is_done = Ledger.read(folder, plan, keys).counts > 0
    return RunStatus(
        plan.model,
        len(keys),
        int(is_done.all(axis=0).sum()),
        int(is_done.sum()),
        is_done.size,
        tuple(_gaps(plan.conditions, keys, ~is_done)),
    )


def _gaps(
    conditions: tuple[Condition, ...], keys: list[str], missing: npt.NDArray[np.bool_]
) -> Iterator[MissingClips]:
    alike: dict[bytes, list[int]] = {}
    for number, row in enumerate(missing):
        if row.any():
            alike.setdefault(row.tobytes(), []).append(number)
    for numbers in alike.values():
        row = missing[numbers[0]]
        edges = np.flatnonzero(np.diff(row.astype(np.int8), prepend=0, append=0))
        spans = tuple((keys[start], keys[stop - 1]) for start, stop in edges.reshape(-1, 2))
        yield MissingClips(tuple(conditions[number] for number in numbers), int(row.sum()), spans)


def _row(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"
