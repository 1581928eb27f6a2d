"""`evaluate`: a model's scores under every condition, written batch by batch, and the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..condition import Condition, parse_conditions
from ..condition import conditions as all_conditions
from ..error_budget import ErrorBudget, MaxErrors
from ..errors import DataError, UsageError, check_int
from ..loading import Batch
from ..loading.clip_block import Transform
from ..loading.pipeline import Pipeline, Result, build_pipeline
from ..loading.sharding import Plan, resolve_rank
from ..loading.worker_config import WorkerConfig
from ..progress import Progress
from ..receipts.receipt import Receipt
from ..reports import Report, check_baseline
from ..reports.report import Task
from ..settings import CorruptionSettings, show_settings
from ..shards import Manifest, ShardSet, Source
from ..storage import Storage
from .merge import open_report, publish_report
from .metrics import require_torchmetrics
from .models import Model, compute_scores, eval_mode, resolve_device
from .runs.ledger import Ledger
from .runs.plan import RunPlan, read_keys, start_or_resume
from .runs.predictions import PredictionWriter, Record

if TYPE_CHECKING:
    import torch
    from typing_extensions import Unpack

    from ..settings import CorruptionKwargs


@show_settings
def evaluate(
    model: Model,
    source: Source,
    conditions: Sequence[str | Condition] | None = None,
    *,
    out: str | Path,
    batch_size: int = 32,
    num_workers: int | None = None,
    transform: Transform | None = None,
    device: str | torch.device | None = None,
    max_errors: MaxErrors = 0,
    rank: int | None = None,
    world_size: int | None = None,
    storage: Storage | None = None,
    name: str | None = None,
    baseline: Report | str | Path | None = None,
    progress: Progress | None = None,
    **settings: Unpack[CorruptionKwargs],
) -> Report | None:
    """Score a model on every clip under every condition, each exactly once.

    With torchrun, srun or torch.distributed every rank scores its share, and the last rank to
    finish merges. The bytes of the report do not depend on the number of ranks or on interruptions.
    Its receipt has a digest of what the model was shown, which `compute_receipt` computes on any
    machine.

    Args:
        model: Called with batches of `load`; returns scores (b, classes). A torch module is in eval
            mode during the evaluation.
        source: Shards with a manifest and labels, as in `load`.
        conditions: Conditions or their names; None for clean and all corruptions and severities.
        out: Folder of predictions and report. An interrupted run with the same arguments resumes.
        seed: Seed of the corruptions.
        batch_size: Clips per batch.
        num_workers: Number of workers; None for one per core.
        modality: "both", or the one modality to corrupt.
        temporal: "frame" draws for each frame, "clip" once for all frames of a clip.
        profile: "default", or "reference" for what the reference code does.
        bank: A bank or the path of an imported one; None for the built-in bank.
        transform: As in `load`; a run resumes only with the same one.
        device: Device of a torch module and the batches; None for that of the module. "cuda" is a
            different GPU for each rank of a machine.
        max_errors: How many clips may be invalid, as a count or a fraction.
        rank: As in `load`.
        world_size: As in `load`.
        storage: How remote shards are read (credentials, endpoint, cache); None for the standard
            environment variables and no cache.
        name: Name of the model in the report; None for the name of its class or function.
        baseline: A report, its file or its folder; adds mCE and relative mCE to the report.
        progress: Called with (batches done, batches) of this rank, then with (conditions scored,
            conditions) on the rank that merges.

    Returns:
        The report; None on the ranks that do not merge.

    Raises:
        UsageError: An argument is not allowed, the model fails, or `out` has another run.
        DataError: Clips are invalid beyond `max_errors`, or scores are not finite.

    Example:
        >>> report = evaluate(model, "shards/", out="runs/model")  # doctest: +SKIP
        >>> report.overall.relative  # doctest: +SKIP
        0.72
    """
    require_torchmetrics()
    chosen = parse_conditions(all_conditions() if conditions is None else conditions)
    size = check_int("batch_size", batch_size, 1)
    pipeline = build_pipeline(
        ShardSet.open(source, storage),
        chosen,
        CorruptionSettings.of(**settings),
        transform=transform,
        return_digests=True,
    )
    manifest, task = _require_labels(pipeline.shards)
    receipt = Receipt.of(pipeline.shards, pipeline.settings, size, _name(transform))
    reference = open_report(baseline) if isinstance(baseline, (str, Path)) else baseline
    if reference is not None:
        check_baseline(reference, task, chosen, receipt)
    run = RankRun(
        RunPlan(name or _name(model), task, len(manifest.classes), chosen, receipt),
        pipeline,
        Path(out),
        resolve_rank(rank, world_size),
        ErrorBudget.of(max_errors, manifest.clips),
        WorkerConfig.of(None, num_workers),
    )
    classes = run.plan.classes
    with (
        eval_mode(model, resolve_device(device)) as target,
        run.score_batches(
            lambda batch: compute_scores(model, batch, classes, target), progress
        ) as writer,
    ):
        ledger = run.complete_ledger()
        if ledger is None:
            return None
        report = publish_report(ledger, run.folder, reference, progress)
        writer.check()
    return report


def _require_labels(shards: ShardSet) -> tuple[Manifest, Task]:
    """Return the manifest and its task; raise UsageError if it has no labels or no clips."""
    manifest = shards.require_manifest()
    if manifest.task == "unlabeled" or not manifest.clips:
        what = "labels" if manifest.clips else "clips"
        raise UsageError(f"dataset {manifest.name!r} has no {what}; give one that has some.")
    return manifest, manifest.task


def _name(thing: object) -> str:
    """Return the name of a function, or of the class of any other model or transform."""
    return "" if thing is None else getattr(thing, "__qualname__", type(thing).__qualname__)


Scorer = Callable[[Batch], npt.NDArray[np.float32]]
"""Returns scores (b, classes) of a batch, all finite."""


@dataclass(frozen=True)
class RankRun:
    """The part of one rank in a run.

    Attributes:
        plan: Plan of the run.
        pipeline: Makes batches with the digest of every clip.
        folder: Folder of the run.
        topology: (rank, number of ranks).
        budget: How many clips may be skipped, counted over all ranks.
        workers: Number and kind of workers.
    """

    plan: RunPlan
    pipeline: Pipeline
    folder: Path
    topology: tuple[int, int]
    budget: ErrorBudget
    workers: WorkerConfig

    @contextmanager
    def score_batches(self, score: Scorer, progress: Progress | None) -> Iterator[PredictionWriter]:
        """Score the batches of this rank that no file of the run has yet, and write them.

        Yields the writer of the rank's file, which no other process can open until the block ends.
        Raises UsageError if the folder holds another run or another process uses it. Raises
        DataError if more clips are invalid than the budget allows, or if the folder is removed.
        """
        shards, size = self.pipeline.shards, self.plan.receipt.batch_size
        keys = [shards.locate(position)[1].key for position in range(len(shards))]
        start_or_resume(self.folder, self.plan, keys)
        with PredictionWriter(self.folder, self.plan.digest, *self.topology) as writer:
            # Another process may have removed the plan when it finished.
            start_or_resume(self.folder, self.plan, keys)
            ledger = Ledger.read(self.folder, self.plan, keys)
            failed = {clip.key for clip in ledger.skipped}
            todo = Plan(ledger.remaining(*self.topology), size, len(self.plan.conditions))
            if progress is not None:
                progress(0, len(todo))
            results = self.workers.make_stream(self.pipeline, todo)(self.pipeline, todo)
            for done, ((clips, index), result) in enumerate(zip(todo, results, strict=True)):
                condition = self.plan.conditions[index]
                if not ledger.has(clips.start, condition):
                    self._count_failed(result, failed)
                    writer.append(self._record(score, condition, clips.start, result))
                if progress is not None:
                    progress(done + 1, len(todo))
            writer.check()
            yield writer

    def complete_ledger(self) -> Ledger | None:
        """Return the checked ledger once all ranks are done; None before."""
        ledger = Ledger.read(self.folder, self.plan, read_keys(self.folder))
        if self.topology[1] > 1 and not ledger.is_complete:
            return None
        ledger.check()
        check_budget(ledger, self.budget)
        return ledger

    def _count_failed(self, result: Result, failed: set[str]) -> None:
        """Add the clips that failed; raise DataError if they exceed the budget."""
        for clip, error in result.failed:
            failed.add(clip.key)
            self.budget.check(len(failed), error)

    def _record(self, score: Scorer, condition: Condition, start: int, result: Result) -> Record:
        batch, classes = result.batch, self.plan.classes
        skipped = tuple(clip for clip, _ in result.failed)
        if batch is None:
            return Record(condition, start, (), (), np.empty((0, classes), np.float32), (), skipped)
        # Without the digests, the model gets the batch that `load` returns.
        keys, digests = tuple(batch["key"]), tuple(batch.pop("digest"))
        targets = _targets(batch["target"]) if classes else ()
        return Record(condition, start, keys, targets, score(batch), digests, skipped)


def check_budget(ledger: Ledger, budget: ErrorBudget) -> None:
    """Raise DataError if all ranks together skipped more clips than the budget allows."""
    failed = {clip.key for clip in ledger.skipped}
    if len(failed) > budget.clips:
        raise DataError(f"{len(failed)} clips failed on all ranks and {budget.clips} may fail.")


def _targets(target: torch.Tensor) -> tuple[tuple[int, ...], ...]:
    """Return the class indices of each clip, from (b,) indices or (b, classes) of 0 and 1."""
    if target.ndim == 1:
        return tuple((int(index),) for index in target)
    return tuple(tuple(np.flatnonzero(row).tolist()) for row in target.numpy())
