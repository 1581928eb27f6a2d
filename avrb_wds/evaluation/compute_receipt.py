"""`compute_receipt`: the receipt of what a model would be shown, without a model."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from ..condition import Condition, parse_conditions
from ..condition import conditions as all_conditions
from ..error_budget import ErrorBudget, MaxErrors
from ..errors import UsageError
from ..loading import Batch
from ..loading.pipeline import build_pipeline
from ..loading.sharding import rank_range, resolve_rank
from ..loading.worker_config import WorkerConfig
from ..locks import locked
from ..progress import Progress
from ..receipts.clip_digests import ClipDigests, clips_file
from ..receipts.files import write_receipt
from ..receipts.receipt import Receipt
from ..settings import CorruptionSettings, show_settings
from ..shards import ShardSet, Source
from ..storage import Storage
from .rank_run import RankRun
from .runs.plan import PLAN_FILE, RunPlan, check_only_run, remove_run
from .runs.predictions import PredictionWriter

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..settings import CorruptionKwargs

BATCH = 16
PARTS_SUFFIX = ".parts"
"""Of the folder beside a receipt in which ranks put their parts."""


class ComputedReceipt(NamedTuple):
    """What was shown: the digests of all, and of every clip."""

    receipt: Receipt
    clips: ClipDigests


@show_settings
def compute_receipt(
    source: Source,
    conditions: Sequence[str | Condition] | None = None,
    *,
    out: str | Path | None = None,
    num_workers: int | None = None,
    max_errors: MaxErrors = 0,
    rank: int | None = None,
    world_size: int | None = None,
    storage: Storage | None = None,
    progress: Progress | None = None,
    **settings: Unpack[CorruptionKwargs],
) -> Receipt | None:
    """Compute the receipt of an evaluation with these arguments, without a model.

    Its digests are those of `evaluate` on the same clips, wherever they are stored and however many
    workers read them. With torchrun, srun or torch.distributed every rank reads its share; an
    interrupted run resumes.

    Args:
        source: Shards, as in `load`.
        conditions: Conditions or their names; None for clean and all corruptions and severities.
        out: File of the receipt, beside which the digests of all clips are written
            ("receipt.digests.tsv"). Required with several ranks, on a shared file system.
        seed: Seed of the corruptions.
        num_workers: Number of workers; None for one per core.
        modality: "both", or the one modality to corrupt.
        temporal: "frame" draws for each frame, "clip" once for all frames of a clip.
        profile: "default", or "reference" for what the reference code does.
        bank: A bank or the path of an imported one; None for the built-in bank.
        max_errors: How many clips may be invalid, as a count or a fraction.
        rank: As in `load`.
        world_size: As in `load`.
        storage: How remote shards are read (credentials, endpoint, cache); None for the standard
            environment variables and no cache.
        progress: Called with (batches done, batches) of this rank.

    Returns:
        The receipt; None on all ranks but the last one to finish.

    Raises:
        UsageError: An argument is not allowed.
        DataError: Clips are invalid beyond `max_errors`; the message names clip and shard.
    """
    found = compute_exclusively(
        source,
        conditions,
        CorruptionSettings.of(**settings),
        out=out,
        num_workers=num_workers,
        max_errors=max_errors,
        rank=rank,
        world_size=world_size,
        storage=storage,
        progress=progress,
    )
    return None if found is None else found.receipt


def compute_exclusively(
    source: Source,
    conditions: Sequence[str | Condition] | None,
    settings: CorruptionSettings,
    *,
    out: str | Path | None = None,
    num_workers: int | None = None,
    max_errors: MaxErrors = 0,
    rank: int | None = None,
    world_size: int | None = None,
    storage: Storage | None = None,
    progress: Progress | None = None,
) -> ComputedReceipt | None:
    """As `compute_receipt`, with the digests of all clips."""
    chosen = parse_conditions(all_conditions() if conditions is None else conditions)
    topology = resolve_rank(rank, world_size)
    if out is None and topology[1] > 1:
        raise UsageError(
            f"out None is not a file; give one, beside which {topology[1]} ranks can meet."
        )
    shards = ShardSet.open(source, storage)
    pipeline = build_pipeline(shards, chosen, settings, return_digests=True, signals=False)
    receipt = Receipt.of(shards, settings, BATCH)
    budget = ErrorBudget.of(max_errors, len(shards))
    way = WorkerConfig.of(None, num_workers)
    with _parts(None if out is None else Path(out)) as folder:
        plan = RunPlan("", "single-label", 0, chosen, receipt)
        work = RankRun(plan, pipeline, folder, topology, budget, way)
        if topology[1] > 1 and not rank_range(-(-len(shards) // BATCH), *topology):
            return None  # the parts may be gone by now
        with work.run(_no_scores, progress) as writer:
            return _finish(work, writer, None if out is None else Path(out))


def _no_scores(batch: Batch) -> npt.NDArray[np.float32]:
    return np.empty((len(batch["key"]), 0), np.float32)


@contextmanager
def _parts(out: Path | None) -> Iterator[Path]:
    """The folder for the parts of all ranks."""
    if out is not None:
        folder = out.with_suffix(out.suffix * (out.suffix == PARTS_SUFFIX) + PARTS_SUFFIX)
        check_only_run(folder)
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def _finish(work: RankRun, writer: PredictionWriter, out: Path | None) -> ComputedReceipt | None:
    """What all ranks were shown, written to `out`; None but for the last of them."""
    with locked(work.folder / PLAN_FILE) as there:
        if not there and work.topology[1] > 1:
            return None  # another rank was the last
        writer.check()
        ledger = work.whole_ledger()
        if ledger is None:
            return None
        found = ComputedReceipt(ledger.receipt(), ledger.clip_digests())
        if out is not None:
            found.clips.write(clips_file(out))
            write_receipt(found.receipt, out)
            remove_run(work.folder)
        return found
