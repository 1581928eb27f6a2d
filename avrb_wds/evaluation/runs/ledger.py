"""Which clips of which conditions the files of a run have, and which are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...condition import Condition
from ...errors import DataError
from ...loading import SkippedClip
from ...loading.sharding import Span, rank_range
from ...receipts.clip_digests import DIGITS, SKIPPED, ClipDigests
from ...receipts.digests import ClipDigest, condition_digest, overall_digest
from ...receipts.receipt import Receipt
from .plan import RunPlan
from .predictions import Record, prediction_files, read_records, record_at


@dataclass(frozen=True)
class Ledger:
    """How often the files of a run have each clip under each condition, scored or skipped.

    Attributes:
        folder: Folder of the run.
        plan: Its plan.
        keys: Keys of all clips, in order.
        counts: uint8 (conditions, clips); 2 stands for two or more.
        skipped: Number of conditions under which each skipped clip is missing.
        records_at: File and byte offset of every record, by condition.
    """

    folder: Path
    plan: RunPlan
    keys: list[str]
    counts: npt.NDArray[np.uint8]
    skipped: dict[SkippedClip, int]
    records_at: dict[Condition, list[tuple[Path, int]]]

    @classmethod
    def read(cls, folder: Path, plan: RunPlan, keys: list[str]) -> Ledger:
        """Read the files of all ranks; raise DataError for an unknown clip or condition."""
        found = cls(
            folder,
            plan,
            keys,
            np.zeros((len(plan.conditions), len(keys)), np.uint8),
            {},
            {condition: [] for condition in plan.conditions},
        )
        for path in prediction_files(folder):
            for offset, record in read_records(path, plan.digest):
                found._add(record, path)
                found.records_at[record.condition].append((path, offset))
        return found

    def _add(self, record: Record, path: Path) -> None:
        keys = [*record.keys, *(clip.key for clip in record.skipped)]
        unknown = [key for key in keys if key not in self.positions]
        if unknown or record.condition not in self.records_at:
            what = f"clip {unknown[0]!r}" if unknown else f"condition {record.condition}"
            raise DataError(f"{path} has a score for {what}, which is not part of the run.")
        if record.keys and record.scores.shape[1] != self.plan.classes:
            raise DataError(
                f"{path} has scores of {record.scores.shape[1]} classes; the run has "
                f"{self.plan.classes}."
            )
        single = self.plan.task == "single-label"
        if single and not all(len(numbers) == 1 for numbers in record.targets):
            raise DataError(f"{path} has a clip without exactly one class in a single-label run.")
        row = self.counts[self.plan.conditions.index(record.condition)]
        positions = np.array([self.positions[key] for key in keys], np.intp)
        positions, times = np.unique(positions, return_counts=True)
        row[positions] = np.minimum(row[positions] + times, 2)
        for clip in record.skipped:
            self.skipped[clip] = self.skipped.get(clip, 0) + 1

    @cached_property
    def positions(self) -> dict[str, int]:
        """The position of each key."""
        return {key: position for position, key in enumerate(self.keys)}

    def count_scored(self, condition: Condition) -> int:
        """Return the number of scored clips of a condition, without skipped clips."""
        return sum(len(record.keys) for record in self.records(condition))

    def records(self, condition: Condition) -> Iterator[Record]:
        """The records of one condition."""
        return (record_at(path, offset) for path, offset in self.records_at[condition])

    @property
    def is_complete(self) -> bool:
        """Whether every clip of every condition is scored or skipped."""
        return bool((self.counts > 0).all())

    def check(self) -> None:
        """Raise DataError, naming the first, for a clip that is missing or duplicated."""
        for wrong, what, remedy in (
            (self.counts == 0, "missing", "repeat the same run to finish it"),
            (
                self.counts > 1,
                "duplicated",
                "two runs wrote here, so evaluate in another folder",
            ),
        ):
            if wrong.any():
                row, position = (int(index) for index in np.argwhere(wrong)[0])
                raise DataError(
                    f"{self.folder}: clip {self.keys[position]!r} is {what} under "
                    f"{self.plan.conditions[row]}, the first of {int(wrong.sum())} of "
                    f"{self.counts.size} scores; {remedy}."
                )

    def has(self, start: int, condition: Condition) -> bool:
        """Return whether the files have the batch that begins at clip `start` under a condition."""
        return bool(self.counts[self.plan.conditions.index(condition), start])

    def remaining(self, rank: int, world_size: int) -> tuple[Span, ...]:
        """Return the batches of one rank that are not scored yet.

        A clip's score may depend on its batch in the last bit, because BLAS chooses its kernel by
        the size. So batches are cut at multiples of the batch size for any number of ranks, and a
        rank gets whole batches.
        """
        size, clips = self.plan.receipt.batch_size, len(self.keys)
        spans = []
        for batch in rank_range(-(-clips // size), rank, world_size):
            start, stop = batch * size, min((batch + 1) * size, clips)
            missing = np.flatnonzero((self.counts[:, start:stop] == 0).any(axis=1))
            if missing.size:
                spans.append(Span(start, stop, int(missing[0])))
        return tuple(spans)

    def receipt(self) -> Receipt:
        """Return the receipt of a complete run, with all digests."""
        digests = tuple(
            (str(condition), condition_digest(self._digests(condition)))
            for condition in self.plan.conditions
        )
        overall = overall_digest(digest for _, digest in digests)
        return replace(self.plan.receipt, digest=overall, digests=digests)

    def clip_digests(self) -> ClipDigests:
        """Return the digests of all clips of a complete run."""
        columns = []
        for condition in self.plan.conditions:
            digests = {key: digest.hex()[:DIGITS] for key, digest in self._digests(condition)}
            columns.append([digests.get(key, SKIPPED) for key in self.keys])
        conditions = tuple(map(str, self.plan.conditions))
        return ClipDigests(
            conditions, dict(zip(self.keys, zip(*columns, strict=True), strict=True))
        )

    def _digests(self, condition: Condition) -> Iterator[tuple[str, ClipDigest]]:
        """Yield key and digest of every scored clip."""
        for record in self.records(condition):
            yield from zip(record.keys, record.digests, strict=True)
