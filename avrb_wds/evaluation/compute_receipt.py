"""`compute_receipt` and `check_receipt`: the receipt of an evaluation without a model."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from ..condition import Condition, parse_conditions
from ..condition import conditions as all_conditions
from ..corruptions.bank import Bank
from ..error_budget import ErrorBudget, MaxErrors
from ..errors import UsageError
from ..loading import Batch
from ..loading.pipeline import build_pipeline
from ..loading.sharding import rank_range, resolve_rank
from ..loading.worker_config import WorkerConfig
from ..locks import locked
from ..progress import Progress
from ..receipts.clip_digests import ClipDigests, clips_file
from ..receipts.files import Verdict, first_difference, read_receipt, write_receipt
from ..receipts.receipt import Receipt
from ..settings import BankChoice, CorruptionKwargs, CorruptionSettings, show_settings
from ..shards import ShardSet, Source
from ..storage import AnyPath, Storage
from .evaluate import RankRun
from .runs.plan import PLAN_FILE, RunPlan, check_only_run, remove_run
from .runs.predictions import PredictionWriter

if TYPE_CHECKING:
    from typing_extensions import Unpack

BATCH = 16
PARTS_SUFFIX = ".parts"
"""Suffix of the folder beside a receipt that holds the parts of all ranks."""


class ComputedReceipt(NamedTuple):
    """A receipt and the digests of its clips."""

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
    computed = _compute(
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
    return None if computed is None else computed.receipt


def check_receipt(
    source: Source,
    receipt: str | AnyPath,
    conditions: Sequence[str | Condition] | None = None,
    *,
    out: str | Path | None = None,
    bank: BankChoice = None,
    num_workers: int | None = None,
    max_errors: MaxErrors = 0,
    rank: int | None = None,
    world_size: int | None = None,
    storage: Storage | None = None,
    progress: Progress | None = None,
) -> Verdict | None:
    """Check whether a model would be shown what a receipt says.

    Seed and settings of the corruptions are those of the receipt.

    Args:
        source: Shards, as in `load`.
        receipt: Path or URL of a run's folder, its report.json, or a file of `compute_receipt`.
        conditions: Conditions to check, out of the receipt's; None for all.
        out: As in `compute_receipt`.
        bank: The bank of the receipt, if it is not the built-in one.
        num_workers: Number of workers; None for one per core.
        max_errors: How many clips may be invalid, as a count or a fraction.
        rank: As in `load`.
        world_size: As in `load`.
        storage: How remote shards are read (credentials, endpoint, cache); None for the standard
            environment variables and no cache.
        progress: Called with (batches done, batches) of this rank.

    Returns:
        The verdict, with the first difference; None on all ranks but the last one to finish.

    Raises:
        UsageError: An argument is not allowed, the bank is another one, or the receipt lacks a
            condition.
        DataError: Clips are invalid beyond `max_errors`, or there is no receipt.
    """
    given = read_receipt(receipt, (storage or Storage()).without_cache())
    expected = given[0]
    own_bank = Bank.of(bank)
    if own_bank.digest != expected.bank:
        raise UsageError(
            f"{own_bank!r} is not the bank of {receipt}; "
            f"give the one whose digest begins with {expected.bank[:12]}."
        )
    names = ("seed", "modality", "temporal", "profile")
    settings = {name: getattr(expected, name) for name in names}
    computed = _compute(
        source,
        [name for name, _ in expected.digests] if conditions is None else conditions,
        CorruptionSettings.of(**cast(CorruptionKwargs, {**settings, "bank": bank})),
        out=out,
        num_workers=num_workers,
        max_errors=max_errors,
        rank=rank,
        world_size=world_size,
        storage=storage,
        progress=progress,
    )
    return None if computed is None else Verdict(first_difference(computed, given))


def _compute(
    source: Source,
    conditions: Sequence[str | Condition] | None,
    settings: CorruptionSettings,
    *,
    out: str | Path | None,
    num_workers: int | None,
    max_errors: MaxErrors,
    rank: int | None,
    world_size: int | None,
    storage: Storage | None,
    progress: Progress | None,
) -> ComputedReceipt | None:
    """Compute the receipt and the digests of all clips; None if another rank does."""
    chosen = parse_conditions(all_conditions() if conditions is None else conditions)
    topology = resolve_rank(rank, world_size)
    if out is None and topology[1] > 1:
        raise UsageError(
            f"out None is not a file; give one for {topology[1]} ranks, on a shared file system."
        )
    shards = ShardSet.open(source, storage)
    pipeline = build_pipeline(shards, chosen, settings, return_digests=True, signals=False)
    receipt = Receipt.of(shards, settings, BATCH)
    budget = ErrorBudget.of(max_errors, len(shards))
    workers = WorkerConfig.of(None, num_workers)
    with _open_parts(None if out is None else Path(out)) as folder:
        plan = RunPlan("", "single-label", 0, chosen, receipt)
        run = RankRun(plan, pipeline, folder, topology, budget, workers)
        if topology[1] > 1 and not rank_range(-(-len(shards) // BATCH), *topology):
            return None  # the other ranks may have removed the parts by now
        with run.score_batches(_no_scores, progress) as writer:
            return _finish(run, writer, None if out is None else Path(out))


def _no_scores(batch: Batch) -> npt.NDArray[np.float32]:
    return np.empty((len(batch["key"]), 0), np.float32)


@contextmanager
def _open_parts(out: Path | None) -> Iterator[Path]:
    """Yield the folder for the parts of all ranks."""
    if out is not None:
        folder = out.with_suffix(out.suffix * (out.suffix == PARTS_SUFFIX) + PARTS_SUFFIX)
        check_only_run(folder)
        yield folder
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)


def _finish(run: RankRun, writer: PredictionWriter, out: Path | None) -> ComputedReceipt | None:
    """Write the receipt of all ranks to `out`; return None unless this rank is the last."""
    with locked(run.folder / PLAN_FILE) as exists:
        if not exists and run.topology[1] > 1:
            return None  # another rank was the last
        writer.check()
        ledger = run.complete_ledger()
        if ledger is None:
            return None
        computed = ComputedReceipt(ledger.receipt(), ledger.clip_digests())
        if out is not None:
            computed.clips.write(clips_file(out))
            write_receipt(computed.receipt, out)
            remove_run(run.folder)
        return computed
