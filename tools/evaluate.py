"""`avrb evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

from typer import Argument, Option

from .printing import print_report
from .progress import progress_bar

__all__ = ["evaluate"]


def evaluate(
    model: Annotated[
        str, Argument(help="module:factory; the factory takes nothing and returns the model.")
    ],
    shards: Annotated[str, Argument(help="Folder of packed shards, or its manifest.json.")],
    out: Annotated[Path, Option(help="Folder for predictions and report; resumes there.")],
    corruption: Annotated[
        list[str] | None, Option(help="Once for each; all there are by default.")
    ] = None,
    severity: Annotated[
        list[int] | None, Option(help="1 to 5, once for each; all by default.")
    ] = None,
    clean: Annotated[bool, Option(help="Evaluate on clean clips too.")] = True,
    modality: Annotated[str, Option(help="What is corrupted: both, visual, audio.")] = "both",
    profile: Annotated[str, Option(help="default, or released: as the released code.")] = "default",
    temporal: Annotated[
        str, Option(help="frame: every frame draws anew; clip: one draw a clip.")
    ] = "frame",
    seed: Annotated[int, Option(help="Of all draws.")] = 0,
    batch_size: Annotated[int, Option(help="Clips a batch.")] = 32,
    num_workers: Annotated[
        int | None, Option(help="Threads that decode and corrupt (one a core).", show_default=False)
    ] = None,
    transform: Annotated[
        str | None,
        Option(help="module:transform, called on every clip in the workers.", show_default=False),
    ] = None,
    device: Annotated[
        str | None, Option(help="Of the model and batches, as torch names it.", show_default=False)
    ] = None,
    max_errors: Annotated[int, Option(help="Broken clips that may be left out.", min=0)] = 0,
    baseline: Annotated[
        Path | None,
        Option(help="Report to take mCE and relative mCE against.", show_default=False),
    ] = None,
) -> None:
    """Evaluate a model under corruptions and print the robustness table.

    Example:  avrb evaluate mymodel:load shards/ --corruption rain --severity 3 --out runs/mymodel

    JSON, CSV, Markdown and an HTML page go to the folder. A run that was stopped goes on where it
    was when it is repeated.
    """
    import os
    import sys

    from avrb_wds.condition import conditions
    from avrb_wds.corruptions import SEVERITIES
    from avrb_wds.evaluation import evaluate as evaluate_model
    from avrb_wds.evaluation import find_object, make_model

    # As `python -m` does: a model that lies in the folder one is in is found.
    sys.path.insert(0, os.getcwd())
    wanted = conditions(corruption, severity or SEVERITIES, clean=clean)
    with progress_bar("evaluating") as progress:
        report = evaluate_model(
            make_model(model),
            shards,
            wanted,
            out=out,
            name=model,
            seed=seed,
            batch_size=batch_size,
            num_workers=num_workers,
            modality=cast(Any, modality),
            profile=cast(Any, profile),
            temporal=cast(Any, temporal),
            transform=find_object(transform) if transform else None,
            device=device,
            on_error=max_errors,
            baseline=baseline,
            progress=progress,
        )
    if report is not None:
        print_report(report, out)
