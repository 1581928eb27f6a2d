"""`avrb digest`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from typer import Context, Exit, Option

from .options import (
    BankOption,
    CacheDir,
    CacheSize,
    Clean,
    Corruptions,
    MaxErrors,
    Modality,
    NumWorkers,
    Profile,
    Seed,
    Severities,
    Shards,
    StorageOptions,
    Temporal,
)
from .output import print_done, print_result
from .parsing import chosen_conditions, open_shards, open_storage
from .progress import progress_bar

if TYPE_CHECKING:
    from avrb_wds.reports import Receipt

SAID = ("seed", "modality", "profile", "temporal")
CHOICE = ("corruption", "severity", "clean")


def digest(
    context: Context,
    shards: Shards,
    corruption: Corruptions = None,
    severity: Severities = None,
    clean: Clean = True,
    modality: Modality = "both",
    profile: Profile = "default",
    temporal: Temporal = "frame",
    seed: Seed = 0,
    bank: BankOption = None,
    out: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="File for the receipt; the clips' digests go beside it.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        str | None,
        Option(
            metavar="RECEIPT",
            help="Receipt, report.json or folder of a run, a path or an address, to hold it "
            "against: seed and all else are as it says, and the conditions, unless some are "
            "given.",
            show_default=False,
        ),
    ] = None,
    num_workers: NumWorkers = None,
    max_errors: MaxErrors = 0,
    storage_option: StorageOptions = None,
    cache_dir: CacheDir = None,
    cache_size: CacheSize = None,
) -> None:
    """Digest what a model would be shown, or check a receipt of it.

    Example:  avrb digest shards/ --check runs/mymodel

    With --check prints "same", or the first clip and condition that differ (exit status 1).
    """
    from avrb_wds.evaluation import check_receipt, compute_receipt
    from avrb_wds.storage import is_remote

    given = {name for name in (*SAID, *CHOICE) if _is_given(context, name)}
    source = open_shards(shards, storage_option, cache_dir, cache_size, indexes=True)
    chosen = chosen_conditions(corruption, severity, clean)
    common: dict[str, Any] = {
        "out": out, "bank": bank, "num_workers": num_workers, "max_errors": max_errors,
    }  # fmt: skip
    with progress_bar("digesting") as progress:
        if check is None:
            settings = {"modality": modality, "profile": profile, "temporal": temporal}
            receipt = compute_receipt(
                source, chosen, seed=seed, **cast(Any, settings), **common, progress=progress
            )
        else:
            _refuse(given & set(SAID))
            some = chosen if given else None
            there = open_storage(storage_option).file(check) if is_remote(check) else check
            verdict = check_receipt(source, there, some, **common, progress=progress)
    if check is None:
        _print(receipt, is_saved=out is not None)
    elif verdict is not None:
        if verdict.difference is None:
            print_done(verdict)
        else:
            print_result(verdict)
            raise Exit(1)


def _is_given(context: Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _refuse(given: set[str]) -> None:
    from avrb_wds.errors import UsageError

    if given:
        names = ", ".join(f"--{name}" for name in sorted(given))
        raise UsageError(f"--check takes {names} from the receipt; leave it out.")


def _print(receipt: Receipt | None, *, is_saved: bool) -> None:
    if receipt is not None:
        lines = [f"{value}  {condition}" for condition, value in receipt.digests]
        (print_done if is_saved else print_result)(*lines, f"{receipt.digest}  all")
