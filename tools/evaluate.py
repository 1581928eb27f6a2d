"""`avrb evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

from typer import Argument, Option

from .options import (
    RUN,
    BankOption,
    Baseline,
    BatchSize,
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
from .parsing import chosen_conditions, open_shards
from .progress import progress_bar
from .tables import print_report


def evaluate(
    model: Annotated[
        str,
        Argument(
            metavar="MODEL", help="module:factory; the factory takes nothing and returns the model."
        ),
    ],
    shards: Shards,
    out: Annotated[
        Path,
        Option(metavar="FOLDER", help="Folder for predictions and report; resumes there."),
    ],
    corruption: Corruptions = None,
    severity: Severities = None,
    clean: Clean = True,
    modality: Modality = "both",
    profile: Profile = "default",
    temporal: Temporal = "frame",
    seed: Seed = 0,
    bank: BankOption = None,
    batch_size: BatchSize = 32,
    num_workers: NumWorkers = None,
    transform: Annotated[
        str | None,
        Option(
            metavar="MODULE:NAME",
            help="Called on every clip, in the workers.",
            show_default=False,
            rich_help_panel=RUN,
        ),
    ] = None,
    device: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="Where model and batches go; cuda: a GPU for each rank of a machine.",
            show_default=False,
            rich_help_panel=RUN,
        ),
    ] = None,
    max_errors: MaxErrors = 0,
    storage_option: StorageOptions = None,
    cache_dir: CacheDir = None,
    cache_size: CacheSize = None,
    baseline: Baseline = None,
) -> None:
    """Evaluate a model under corruptions.

    Example:  avrb evaluate mymodel:load shards/ --corruption rain --severity 3 --out runs/mymodel

    Prints the robustness table; JSON, CSV, Markdown and an HTML page go to the folder. A run that
    was stopped goes on where it was when it is repeated.
    """
    import os
    import sys

    from avrb_wds.evaluation import evaluate as evaluate_model
    from avrb_wds.evaluation import find_object, make_model

    # As `python -m` does: a model that lies in the folder one is in is found.
    sys.path.insert(0, os.getcwd())
    wanted = chosen_conditions(corruption, severity, clean)
    loaded = make_model(model)
    source = open_shards(shards, storage_option, cache_dir, cache_size, indexes=True)
    with progress_bar("evaluating", "scoring") as progress:
        report = evaluate_model(
            loaded,
            source,
            wanted,
            out=out,
            name=model,
            seed=seed,
            batch_size=batch_size,
            num_workers=num_workers,
            modality=cast(Any, modality),
            profile=cast(Any, profile),
            temporal=cast(Any, temporal),
            bank=bank,
            transform=find_object(transform) if transform else None,
            device=device,
            max_errors=max_errors,
            baseline=baseline,
            progress=progress,
        )
    if report is not None:
        print_report(report, out)
