"""`avrb create-json`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from .output import print_done
from .progress import progress_bar


def create_json(
    videos: Annotated[
        Path, Argument(metavar="VIDEOS", help="Folder of videos; their names are the ids.")
    ],
    frames: Annotated[Path, Option(metavar="FOLDER", help="Folder of `frame_*/ID.jpg`.")],
    audio: Annotated[Path, Option(metavar="FOLDER", help="Folder of ID.wav.")],
    labels: Annotated[
        Path, Option(metavar="CSV", help="CSV of ids and labels, or AudioSet's segments.")
    ],
    out: Annotated[Path, Option(metavar="FILE", help="The JSON to write.")],
    relative: Annotated[
        bool, Option("--relative", metavar="", help="Paths from the JSON's folder, not absolute.")
    ] = False,
) -> None:
    """Write the JSON of AVROBUSTBENCH for folders of clips.

    Example:  avrb create-json eval_segments --frames eval_frames --audio eval_audio
    --labels eval_segments.csv --out eval.json

    It is what create_json.py of the released benchmark writes.
    """
    from avrb_wds.packing import create_json as write_json

    with progress_bar("listing") as progress:
        clips = write_json(videos, frames, audio, labels, out, relative=relative, progress=progress)
    print_done(f"{out}: {clips} clip(s)")
