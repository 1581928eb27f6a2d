"""One rank's part of a run: its share of the batches, each on disk once it is scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..condition import Condition
from ..error_budget import ErrorBudget
from ..errors import DataError
from ..loading import Batch
from ..loading.pipeline import Pipeline, Result
from ..loading.sharding import Plan
from ..loading.worker_config import WorkerConfig
from ..progress import Progress
from .runs.ledger import Ledger
from .runs.plan import RunPlan, read_keys, start_or_resume
from .runs.predictions import PredictionWriter, Record

if TYPE_CHECKING:
    import torch

Scorer = Callable[[Batch], npt.NDArray[np.float32]]
"""Scores (b, classes) of a batch, all finite."""


@dataclass(frozen=True)
class RankRun:
    """What a rank has to do.

    pipeline: takes the digest of every clip.  budget: how many clips of all may be skipped.  way:
    how batches are made.
    """

    plan: RunPlan
    pipeline: Pipeline
    folder: Path
    topology: tuple[int, int]
    budget: ErrorBudget
    way: WorkerConfig

    @contextmanager
    def run(self, score: Scorer, progress: Progress | None) -> Iterator[PredictionWriter]:
        """Write the records of this rank's share that do not exist yet.

        The rank's file, so that nobody else takes its place until the block is through.  Raises
        UsageError where another run has begun in the folder or is under way there, and DataError
        for invalid clips beyond the budget, and where the folder is removed meanwhile.
        """
        shards, size = self.pipeline.shards, self.plan.receipt.batch_size
        keys = [shards.locate(position)[1].key for position in range(len(shards))]
        start_or_resume(self.folder, self.plan, keys)
        with PredictionWriter(self.folder, self.plan.digest, *self.topology) as writer:
            start_or_resume(
                self.folder, self.plan, keys
            )  # which a rival may have removed as it ended
            ledger = Ledger.read(self.folder, self.plan, keys)
            failed = {clip.key for clip in ledger.skipped}
            todo = Plan(ledger.remaining(*self.topology), size, len(self.plan.conditions))
            if progress is not None:
                progress(0, len(todo))
            results = self.way.make_stream(self.pipeline, todo)(self.pipeline, todo)
            for done, ((places, number), result) in enumerate(zip(todo, results, strict=True)):
                condition = self.plan.conditions[number]
                if not ledger.has(places.start, condition):
                    self._account(result, failed)
                    writer.append(self._record(score, condition, places.start, result))
                if progress is not None:
                    progress(done + 1, len(todo))
            writer.check()
            yield writer

    def whole_ledger(self) -> Ledger | None:
        """The ledger once all ranks are through, compared with the keys; None before."""
        ledger = Ledger.read(self.folder, self.plan, read_keys(self.folder))
        if self.topology[1] > 1 and not ledger.is_complete:
            return None
        ledger.check()
        check_budget(ledger, self.budget)
        return ledger

    def _account(self, result: Result, failed: set[str]) -> None:
        """Enter the clips that failed; raises DataError where they are too many."""
        for clip, error in result.failed:
            failed.add(clip.key)
            self.budget.check(len(failed), error)

    def _record(self, score: Scorer, condition: Condition, start: int, result: Result) -> Record:
        batch, classes = result.batch, self.plan.classes
        skipped = tuple(clip for clip, _ in result.failed)
        if batch is None:
            return Record(condition, start, (), (), np.empty((0, classes), np.float32), (), skipped)
        # The model is shown what `load` would show it.
        keys, digests = tuple(batch["key"]), tuple(batch.pop("digest"))
        targets = _targets(batch["target"]) if classes else ()
        return Record(condition, start, keys, targets, score(batch), digests, skipped)


def check_budget(ledger: Ledger, budget: ErrorBudget) -> None:
    """Raise DataError where all ranks together skipped more clips than may be."""
    failed = {clip.key for clip in ledger.skipped}
    if len(failed) > budget.clips:
        raise DataError(f"{len(failed)} clips failed on all ranks where {budget.clips} may.")


def _targets(target: torch.Tensor) -> tuple[tuple[int, ...], ...]:
    """Class numbers of each clip, from (b,) numbers or (b, classes) of 0 and 1."""
    if target.ndim == 1:
        return tuple((int(number),) for number in target)
    return tuple(tuple(np.flatnonzero(row).tolist()) for row in target.numpy())
