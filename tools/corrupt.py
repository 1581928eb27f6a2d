"""`avrb corrupt`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Exit, Option

from .options import CORRUPTION, BankOption, Duration, Modality, Profile, Resume, Seed, Temporal
from .output import print_done, print_to_stderr
from .parsing import parse_severity
from .progress import progress_bar


def corrupt(
    source: Annotated[
        Path,
        Argument(
            metavar="SOURCE",
            help="A video, image (jpg, png, webp, bmp, tiff) or sound (wav, flac); or a "
            "folder of them.",
        ),
    ],
    out: Annotated[
        Path,
        Argument(
            metavar="OUT", help="The file to write, .mp4 for a video; for a folder, a new folder."
        ),
    ],
    corruption: Annotated[
        str, Option(metavar="NAME", help="As in rain.", rich_help_panel=CORRUPTION)
    ],
    severity: Annotated[
        str,
        Option(
            metavar="LEVEL", help="1 to 5, or visual+audio as in 0+5.", rich_help_panel=CORRUPTION
        ),
    ] = "5",
    modality: Modality = "both",
    profile: Profile = "default",
    temporal: Temporal = "frame",
    seed: Seed = 0,
    bank: BankOption = None,
    duration: Duration = None,
    overwrite: Annotated[
        bool, Option("--overwrite", metavar="", help="Replace OUT, if it is a file.")
    ] = False,
    resume: Resume = False,
) -> None:
    """Corrupt a video, image or sound, or every one in a folder.

    Example:  avrb corrupt clip.mp4 rain.mp4 --corruption rain --severity 3

    Videos become mp4 (H.264, AAC); images and sounds keep their kind, 8 and 16 bit.  A file appears
    in OUT whole or not at all.  Files that fail are named at the end, and the exit status is 1.
    """
    from avrb_wds.errors import UsageError
    from avrb_wds.media import corrupt_file, corrupt_folder

    folder = source.is_dir()
    if (resume and not folder) or (overwrite and folder):
        wrong, right = ("--resume", "a folder") if resume else ("--overwrite", "a file")
        raise UsageError(f"{wrong} is for {right}; {source} is none.")
    level = parse_severity(severity)
    options: dict[str, Any] = {
        "seed": seed,
        "profile": profile,
        "modality": modality,
        "temporal": temporal,
        "bank": bank,
        "duration": duration,
    }
    if not folder:
        with progress_bar("corrupting") as progress:
            made = corrupt_file(
                source, out, corruption, level, overwrite=overwrite, progress=progress, **options
            )
        print_done(made)
        return
    with progress_bar("corrupting") as progress:
        mirrored = corrupt_folder(
            source, out, corruption, level, resume=resume, progress=progress, **options
        )
    for failure in mirrored.failures:
        print_to_stderr(f"not corrupted: {failure}")
    if mirrored.left_out:
        print_to_stderr(f"{mirrored.left_out} file(s) of other kinds were left out.")
    if mirrored.passed_over:
        print_to_stderr(f"skipped: {mirrored.passed_over}.")
    kept = f", {mirrored.kept} there already" if mirrored.kept else ""
    print_done(f"{out}: {mirrored.made} file(s){kept}")
    if mirrored.failures:
        raise Exit(1)
