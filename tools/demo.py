"""`avrb demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from .click_errors import parse_int
from .output import print_done
from .progress import progress_bar
from .tables import print_report


def demo(
    out: Annotated[
        Path, Argument(metavar="OUT", help="New folder for everything the demo makes.")
    ] = Path("demo-out"),
    clips: Annotated[
        int, Option(parser=parse_int, metavar="N", help="Clips to evaluate on.")
    ] = 200,
    train_clips: Annotated[
        int, Option(parser=parse_int, metavar="N", help="Clips to train on.")
    ] = 300,
) -> None:
    """Run the full pipeline on made-up clips and a tiny model.

    Example:  avrb demo demo-out

    Makes clips, packs them, trains the model, evaluates it under every condition, shows a clip.
    """
    from avrb_wds.demo import run_demo

    made = run_demo(out, clips=clips, train_clips=train_clips, stage=progress_bar)
    print_done(f"shards: {made.shards}")
    print_report(made.report, made.run)
    print_done(f"preview: {made.preview}")
