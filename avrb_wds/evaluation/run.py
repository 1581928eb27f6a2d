"""`evaluate`: a model's scores under every condition, on disk batch by batch, and the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..apply import ModalityChoice, Temporal
from ..condition import Condition
from ..condition import conditions as all_conditions
from ..corruptions import Profile
from ..errors import DataError, UsageError
from ..loading.arguments import Source, open_road, wanted_conditions, whole_number
from ..loading.clips import Transform
from ..loading.division import Plan
from ..loading.loader import Budget, OnError
from ..loading.pipeline import Result, Road, stream
from ..loading.topology import default_workers, find_topology
from ..reports import Receipt, Report, against, check_baseline, write_report
from ..reports.report import Task
from ..shards import Manifest, ShardSet
from .ledger import Ledger
from .merge import merge, open_report
from .metrics import need_torchmetrics
from .models import Model, ready, scores_of
from .plan import RunPlan, begin, package_versions, read_keys
from .predictions import PredictionWriter, Record

if TYPE_CHECKING:
    import torch

__all__ = ["evaluate"]

Progress = Callable[[int, int], None]


def evaluate(
    model: Model,
    source: Source,
    conditions: Sequence[str | Condition] | None = None,
    *,
    out: str | Path,
    seed: int = 0,
    batch_size: int = 32,
    num_workers: int | None = None,
    modality: ModalityChoice = "both",
    temporal: Temporal = "frame",
    profile: Profile = "default",
    transform: Transform | None = None,
    device: str | torch.device | None = None,
    on_error: OnError = "raise",
    rank: int | None = None,
    world_size: int | None = None,
    name: str | None = None,
    baseline: Report | str | Path | None = None,
    progress: Progress | None = None,
) -> Report | None:
    """Score a model on every clip under every condition, each exactly once.

    model: called on batches as `load` gives them; returns scores (b, classes).  A torch module is
    in eval mode meanwhile.  source: packed shards, with labels.  conditions: all there are by
    default, clean first.  out: a folder for predictions and report; where a killed run of the same
    arguments left off there, this one goes on.  name: of the model, in the report.
    device: where a torch module and the batches go; where the module is by default.
    baseline: a report, its file or its folder; the report gets mCE and relative mCE against it.
    progress: called with the batches done and in all, of this rank.
    The other arguments are those of `load`.  `transform` has to be the same for a run to resume.

    Under torchrun, srun or torch.distributed every rank scores its share and the last one to finish
    merges: it returns the report, the others None.  The bytes of the report are the same for any
    number of ranks, and however often the run was killed.

    Raises UsageError for arguments that are not allowed, a model that fails, or a folder with
    another run; DataError for clips at fault beyond `on_error`, and for scores that are NaN.
    """
    need_torchmetrics()
    chosen = wanted_conditions(all_conditions() if conditions is None else conditions)
    size = whole_number("batch_size", batch_size, 1)
    road = open_road(
        source,
        chosen,
        seed=seed,
        modality=modality,
        temporal=temporal,
        profile=profile,
        transform=transform,
    )
    manifest, task = _labelled(road.shards)
    settings = (seed, profile, modality, temporal, size, _name(transform))
    receipt = Receipt(manifest.name, manifest.digest, manifest.clips, *settings, package_versions())
    reference = open_report(baseline) if isinstance(baseline, (str, Path)) else baseline
    if reference is not None:
        check_baseline(reference, task, chosen, receipt)
    run = _Run(
        RunPlan(name or _name(model), task, len(manifest.classes), chosen, receipt),
        road,
        Path(out),
        find_topology(rank, world_size),
        Budget.of(on_error, manifest.clips).clips,
        default_workers() if num_workers is None else whole_number("num_workers", num_workers, 0),
        reference,
    )
    run.score(model, device, progress)
    return run.finish()


def _labelled(shards: ShardSet) -> tuple[Manifest, Task]:
    """The manifest and its task; raises UsageError where nothing can be scored."""
    manifest = shards.manifest
    if manifest is None:
        raise UsageError("these shards have no manifest.json, which a score is held against.")
    if manifest.task == "unlabelled" or not manifest.clips:
        what = "labels" if manifest.clips else "clips"
        raise UsageError(f"data set {manifest.name!r} has no {what}; there is nothing to score.")
    return manifest, manifest.task


def _name(thing: object) -> str:
    """What to call a model or transform: the name of a function, otherwise of the class."""
    return "" if thing is None else getattr(thing, "__qualname__", type(thing).__qualname__)


@dataclass(frozen=True)
class _Run:
    """One rank's part of a run.  budget: how many clips of all may be skipped."""

    plan: RunPlan
    road: Road
    folder: Path
    topology: tuple[int, int]
    budget: int
    workers: int
    baseline: Report | None

    def score(
        self, model: Model, device: str | torch.device | None, progress: Progress | None
    ) -> None:
        """Write the records of this rank's share that are not there yet."""
        shards, size = self.road.shards, self.plan.receipt.batch_size
        keys = [shards.locate(position)[1].key for position in range(len(shards))]
        begin(self.folder, self.plan, keys)
        with (
            PredictionWriter(self.folder, self.plan.digest, *self.topology) as writer,
            ready(model, device) as where,
        ):
            ledger = Ledger.read(self.folder, self.plan, keys)
            failed = {clip.key for clip in ledger.skipped}
            todo = Plan(ledger.remaining(*self.topology), size, len(self.plan.conditions))
            results = stream(self.road, todo, self.workers, prefetch=2)
            for done, ((places, number), result) in enumerate(zip(todo, results, strict=True)):
                condition = self.plan.conditions[number]
                if not ledger.has(places.start, condition):
                    self._account(result, failed)
                    writer.append(self._record(model, condition, places.start, result, where))
                if progress is not None:
                    progress(done + 1, len(todo))

    def _account(self, result: Result, failed: set[str]) -> None:
        """Enter the clips that failed; raises DataError where they are too many."""
        for clip, error in result.failed:
            failed.add(clip.key)
            if len(failed) > self.budget:
                if not self.budget:
                    raise error
                raise DataError(
                    f"{len(failed)} clips failed where {self.budget} may; the last: {error}"
                ) from error

    def _record(
        self,
        model: Model,
        condition: Condition,
        start: int,
        result: Result,
        device: torch.device | None,
    ) -> Record:
        batch, classes = result.batch, self.plan.classes
        skipped = tuple(clip for clip, _ in result.failed)
        if batch is None:
            return Record(condition, start, (), (), np.empty((0, classes), np.float32), skipped)
        keys, targets = tuple(batch["key"]), _targets(batch["target"])
        scores = scores_of(model, batch, classes, device)
        return Record(condition, start, keys, targets, scores, skipped)

    def finish(self) -> Report | None:
        """Merge, if this is the last rank, and write the report."""
        if self.topology[1] > 1:
            keys = read_keys(self.folder)
            if not Ledger.read(self.folder, self.plan, keys).is_complete:
                return None
        report = merge(self.folder)
        if len(report.skipped) > self.budget:
            raise DataError(f"{len(report.skipped)} clips failed on all ranks; {self.budget} may.")
        if self.baseline is not None:
            report = against(report, self.baseline)
        write_report(report, self.folder)
        return report


def _targets(target: torch.Tensor) -> tuple[tuple[int, ...], ...]:
    """Class numbers of each clip, from (b,) numbers or (b, classes) of 0 and 1."""
    if target.ndim == 1:
        return tuple((int(number),) for number in target)
    return tuple(tuple(np.flatnonzero(row).tolist()) for row in target.numpy())
