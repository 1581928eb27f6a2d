"""`check_receipt`: whether this machine would show a model what a receipt says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from ..condition import Condition
from ..corruptions.bank import Bank
from ..error_budget import MaxErrors
from ..errors import UsageError
from ..progress import Progress
from ..receipts.files import Verdict, first_difference, read_receipt
from ..settings import BankChoice, CorruptionKwargs, CorruptionSettings
from ..shards import Source
from ..storage import AnyPath, Storage
from .compute_receipt import compute_exclusively


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
    theirs = read_receipt(receipt, (storage or Storage()).without_cache())
    said = theirs[0]
    here = Bank.of(bank)
    if here.digest != said.bank:
        raise UsageError(
            f"{here!r} is not the bank of {receipt}; "
            f"give the one whose digest begins with {said.bank[:12]}."
        )
    settings = {name: getattr(said, name) for name in ("seed", "modality", "temporal", "profile")}
    found = compute_exclusively(
        source,
        [name for name, _ in said.digests] if conditions is None else conditions,
        CorruptionSettings.of(**cast(CorruptionKwargs, {**settings, "bank": bank})),
        out=out,
        num_workers=num_workers,
        max_errors=max_errors,
        rank=rank,
        world_size=world_size,
        storage=storage,
        progress=progress,
    )
    return None if found is None else Verdict(first_difference(found, theirs))
