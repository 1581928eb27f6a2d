"""`evaluate`: a model's scores under every condition, on disk batch by batch, and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..condition import Condition, parse_conditions
from ..condition import conditions as all_conditions
from ..corrupter import BankChoice, ModalityChoice, Temporal
from ..corruptions import Profile
from ..corruptions.bank import Bank
from ..error_budget import ErrorBudget, MaxErrors
from ..errors import UsageError, check_int
from ..loading.clip_block import Transform
from ..loading.pipeline import build_pipeline, open_shards
from ..loading.sharding import resolve_rank
from ..loading.worker_config import WorkerConfig
from ..progress import Progress
from ..reports import Receipt, Report, check_baseline
from ..reports.report import Task
from ..shards import Manifest, ShardSet, Source
from .device import resolve_device
from .merge import open_report, publish_report
from .metrics import require_torchmetrics
from .models import Model, eval_mode, scores_of
from .rank_run import RankRun
from .runs.plan import RunPlan, package_versions

if TYPE_CHECKING:
    import torch


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
    bank: BankChoice = None,
    transform: Transform | None = None,
    device: str | torch.device | None = None,
    max_errors: MaxErrors = 0,
    rank: int | None = None,
    world_size: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
    cache_dir: str | Path | None = None,
    cache_size: int | None = None,
    name: str | None = None,
    baseline: Report | str | Path | None = None,
    progress: Progress | None = None,
) -> Report | None:
    """Score a model on every clip under every condition, each exactly once.

    model: called on batches as `load` gives them; returns scores (b, classes).  A torch module is
    in eval mode meanwhile.  source: packed shards, with labels.  conditions: all there are by
    default, clean first.  out: a folder for predictions and report; where a killed run of the same
    arguments left off there, this one goes on.  name: of the model, in the report.
    device: where a torch module and the batches go; where the module is by default.  "cuda" is
    one for each rank of a machine, as `resolve_device` says.
    baseline: a report, its file or its folder; the report gets mCE and relative mCE against it.
    progress: called with the batches done and in all, of this rank; then, on the rank that merges,
    with the conditions scored and in all.
    The other arguments are those of `load`.  `transform` has to be the same for a run to resume.

    Under torchrun, srun or torch.distributed every rank scores its share and the last one to finish
    merges: it returns the report, the others None.  The bytes of the report are the same for any
    number of ranks, and however often the run was killed.  Its receipt says what was evaluated, and
    holds a digest of what the model was shown, which `digest` computes anew on any machine; the
    digests of the clips are beside the report.

    Raises UsageError for arguments that are not allowed, a model that fails, or a folder with
    another run; DataError for clips at fault beyond `max_errors`, and for scores that are NaN.
    """
    require_torchmetrics()
    chosen = parse_conditions(all_conditions() if conditions is None else conditions)
    seed, size = check_int("seed", seed), check_int("batch_size", batch_size, 1)
    pipeline = build_pipeline(
        open_shards(source, storage_options, cache_dir, cache_size),
        chosen,
        seed=seed,
        modality=modality,
        temporal=temporal,
        profile=profile,
        bank=bank,
        transform=transform,
        return_digests=True,
    )
    manifest, task = _labelled(pipeline.shards)
    receipt = Receipt(
        manifest.name,
        manifest.digest,
        manifest.clips,
        seed,
        profile,
        modality,
        temporal,
        Bank.of(bank).digest,
        size,
        _name(transform),
        package_versions(),
    )
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
