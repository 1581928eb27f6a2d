"""`check_receipt`: whether this machine would show a model what a receipt says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..condition import Condition
from ..corrupter import BankChoice
from ..corruptions.bank import Bank
from ..error_budget import MaxErrors
from ..errors import UsageError
from ..progress import Progress
from ..shards import Source
from ..storage import AnyPath, Storage
from .compute_receipt import compute_exclusively
from .receipt_files import Verdict, difference, read_receipt


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
    storage_options: Mapping[str, Any] | None = None,
    cache_dir: str | Path | None = None,
    cache_size: int | None = None,
    progress: Progress | None = None,
) -> Verdict | None:
    """Whether a model would be shown what a receipt says, or what is first shown otherwise.

    receipt: a run's folder, its report.json, or what `digest` wrote, a path or an address; the seed
    and all that the corruptions depend on are as it says.  conditions: of the receipt's, those to
    check; all by default.  bank: needed where the receipt's is not the built-in one.  Others are
    those of `digest`; of several ranks the last one to finish returns the verdict, the others None.

    Raises UsageError where the bank is another, and for conditions that the receipt lacks.
    """
    theirs = read_receipt(receipt, Storage(storage_options))
    said = theirs[0]
    here = Bank.of(bank)
    if here.digest != said.bank:
        raise UsageError(
            f"{here!r} is not the bank of {receipt}; "
            f"give the one whose digest begins with {said.bank[:12]}."
        )
    found = compute_exclusively(
        source,
        [name for name, _ in said.digests] if conditions is None else conditions,
        out=out,
        bank=bank,
        num_workers=num_workers,
        max_errors=max_errors,
        rank=rank,
        world_size=world_size,
        storage_options=storage_options,
        cache_dir=cache_dir,
        cache_size=cache_size,
        progress=progress,
        seed=said.seed,
        modality=said.modality,
        temporal=said.temporal,
        profile=said.profile,
    )
    return None if found is None else Verdict(difference(found, theirs))
