"""`evaluate`: a model's scores under every condition, on disk batch by batch, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..condition import Condition, parse_conditions
from ..condition import conditions as all_conditions
from ..error_budget import ErrorBudget, MaxErrors
from ..errors import UsageError, check_int
from ..loading.clip_block import Transform
from ..loading.pipeline import build_pipeline
from ..loading.sharding import resolve_rank
from ..loading.worker_config import WorkerConfig
from ..progress import Progress
from ..receipts.receipt import Receipt
from ..reports import Report, check_baseline
from ..reports.report import Task
from ..settings import CorruptionSettings, show_settings
from ..shards import Manifest, ShardSet, Source
from ..storage import Storage
from .device import resolve_device
from .merge import open_report, publish_report
from .metrics import require_torchmetrics
from .models import Model, eval_mode, scores_of
from .rank_run import RankRun
from .runs.plan import RunPlan

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
    manifest, task = _labelled(pipeline.shards)
    receipt = Receipt.of(pipeline.shards, pipeline.settings, size, _name(transform))
    reference = open_report(baseline) if isinstance(baseline, (str, Path)) else baseline
    if reference is not None:
        check_baseline(reference, task, chosen, receipt)
    work = RankRun(
        RunPlan(name or _name(model), task, len(manifest.classes), chosen, receipt),
        pipeline,
        Path(out),
        resolve_rank(rank, world_size),
        ErrorBudget.of(max_errors, manifest.clips),
        WorkerConfig.of(None, num_workers),
    )
    classes = work.plan.classes
    with (
        eval_mode(model, resolve_device(device)) as where,
        work.run(lambda batch: scores_of(model, batch, classes, where), progress) as writer,
    ):
        ledger = work.whole_ledger()
        if ledger is None:
            return None
        report = publish_report(ledger, work.folder, reference, progress)
        writer.check()
    return report


def _labelled(shards: ShardSet) -> tuple[Manifest, Task]:
    """The manifest and its task; raises UsageError where nothing can be scored."""
    manifest = shards.require_manifest()
    if manifest.task == "unlabeled" or not manifest.clips:
        what = "labels" if manifest.clips else "clips"
        raise UsageError(f"data set {manifest.name!r} has no {what}; give one that has some.")
    return manifest, manifest.task


def _name(thing: object) -> str:
    """What to call a model or transform: the name of a function, otherwise of the class."""
    return "" if thing is None else getattr(thing, "__qualname__", type(thing).__qualname__)
