"""`avrb pack`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from typer import Argument, Option

from .click_errors import number, parse_int
from .options import RUN, STORED, ClipsPerShard, MaxErrors, Quality, Resume, StorageOptions, Via
from .output import print_done, print_to_stderr
from .parsing import open_storage
from .progress import progress_bar
from .staging import folder_for, reserve_and_announce, upload_and_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from avrb_wds.packing import ClipFailure, PackResult

LABELS = "Names and labels"
CLIP_LIST = "Of a clip list"


def pack(
    source: Annotated[
        Path,
        Argument(
            metavar="SOURCE",
            help="Folder of videos, AVROBUSTBENCH JSON, or clip list of Tian & Xu (CSV).",
        ),
    ],
    out: Annotated[
        str,
        Argument(
            metavar="OUT",
            help="New folder for shards, indexes and manifest.json; or s3://, gs://, az://.",
        ),
    ],
    frames: Annotated[
        int | None,
        Option(
            parser=parse_int,
            metavar="N",
            help="Frames a clip.",
            show_default="10; AVROBUSTBENCH: all",
            rich_help_panel=STORED,
        ),
    ] = None,
    fps: Annotated[
        float | None,
        Option(
            parser=number,
            metavar="N",
            help="Frames a second, instead of --frames.",
            show_default=False,
            rich_help_panel=STORED,
        ),
    ] = None,
    frame_size: Annotated[
        str | None,
        Option(
            metavar="N|keep",
            help="Short side and centre square in pixels.",
            show_default="224; AVROBUSTBENCH: keep",
            rich_help_panel=STORED,
        ),
    ] = None,
    quality: Quality = 95,
    duration: Annotated[
        float | None,
        Option(
            parser=number,
            metavar="SECONDS|inf",
            help="Seconds taken of a clip.",
            show_default="10; AVROBUSTBENCH: inf",
            rich_help_panel=STORED,
        ),
    ] = None,
    window: Annotated[
        str,
        Option(
            metavar="start|center",
            help="Where they lie in a longer one.",
            rich_help_panel=STORED,
        ),
    ] = "start",
    sample_rate: Annotated[
        str, Option(metavar="HZ|keep", help="Of the sound.", rich_help_panel=STORED)
    ] = "16000",
    channels: Annotated[
        str,
        Option(
            metavar="mono|first|keep",
            help="mono: the mean of all; first: the first alone.",
            rich_help_panel=STORED,
        ),
    ] = "mono",
    audio_format: Annotated[
        str, Option(metavar="wav|flac", help="16 bit both.", rich_help_panel=STORED)
    ] = "wav",
    labels: Annotated[
        str,
        Option(
            metavar="CSV|parent|none|auto",
            help="Of a folder's videos: a CSV, which also says what is packed; parent: the name of "
            "the folder they lie in; auto: parent where all lie in folders, else none.",
            rich_help_panel=LABELS,
        ),
    ] = "auto",
    classes: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="Class list: index,mid,display_name with all indexes from 0, or a label a line.",
            show_default=False,
            rich_help_panel=LABELS,
        ),
    ] = None,
    ids: Annotated[
        str,
        Option(metavar="stem|path", help="Ids of a folder's videos.", rich_help_panel=LABELS),
    ] = "stem",
    name: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="Name of the dataset.",
            show_default="the source's",
            rich_help_panel=LABELS,
        ),
    ] = None,
    audio_root: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="Its sounds.", show_default=False, rich_help_panel=CLIP_LIST),
    ] = None,
    frames_root: Annotated[
        Path | None,
        Option(
            metavar="FOLDER",
            help="Its videos or frames.",
            show_default=False,
            rich_help_panel=CLIP_LIST,
        ),
    ] = None,
    clip_list_fps: Annotated[
        float,
        Option(
            parser=number,
            metavar="N",
            help="Frames a second that are stored.",
            rich_help_panel=CLIP_LIST,
        ),
    ] = 8.0,
    clips_per_shard: ClipsPerShard = 1000,
    num_workers: Annotated[
        int | None,
        Option(
            parser=parse_int,
            metavar="N",
            help="Clips converted at a time.",
            show_default="one a core",
            rich_help_panel=RUN,
        ),
    ] = None,
    resume: Resume = False,
    max_errors: MaxErrors = 0,
    via: Via = None,
    storage_option: StorageOptions = None,
) -> None:
    """Pack clips into WebDataset shards, the same bytes every time.

    Example:  avrb pack videos/ shards/ --labels vggsound.csv --num-workers 8

    A CSV of labels has a column 'file' or 'id' and a column 'label' (one) or 'labels' (several,
    with commas between them); AudioSet's segments and VGGSound's list are understood as they are.
    Without --classes, classes are the labels in order, by value where all are numbers.
    Clips that fail are named at the end; if more than --max-errors did, the exit status is 1
    and no manifest is written.
    """
    from avrb_wds.packing import (
        MissingClipsError,
        PackOptions,
        SourceOptions,
        remove_packed,
    )
    from avrb_wds.packing import pack as pack_source
    from avrb_wds.storage import is_remote

    remote = is_remote(out)
    folder = folder_for(out, via)
    storage = open_storage(storage_option)
    if remote:
        reserve_and_announce([out], folder, storage, resume=resume, doing="packing")
    options = PackOptions(
        frames=frames,
        fps=fps,
        frame_size=None if frame_size is None else _number_or_keep("frame-size", frame_size),
        quality=quality,
        duration=duration,
        window=cast(Any, window),
        sample_rate=_number_or_keep("sample-rate", sample_rate),
        channels=cast(Any, channels),
        audio_format=cast(Any, audio_format),
        clips_per_shard=clips_per_shard,
    )
    reading = SourceOptions(labels, cast(Any, ids), classes, audio_root, frames_root, clip_list_fps)
    try:
        with progress_bar("packing") as progress:
            packed = pack_source(
                source,
                folder,
                options,
                reading,
                name=name,
                num_workers=num_workers,
                resume=resume,
                max_errors=max_errors,
                progress=progress,
            )
    except MissingClipsError as error:
        _name(error.failures)
        raise
    _report(packed, labels, numbered=classes is not None)
    if remote:
        upload_and_report(folder, out, storage)
    if remote and via is None:
        remove_packed(folder)
    manifest = packed.manifest
    print_done(f"{out}: {len(manifest.shards)} shard(s), {manifest.clips} clip(s)")


def _name(failures: Sequence[ClipFailure]) -> None:
    for failure in failures:
        print_to_stderr(f"not packed: {failure}")


def _report(packed: PackResult, labels: str, *, numbered: bool) -> None:
    """Say what was not packed, and what class numbers are where labels suggest others."""
    from avrb_wds.packing.class_list import renumbered

    _name(packed.failures)
    if packed.left_out:
        print_to_stderr(f"{packed.left_out} videos are not in {labels} and were left out.")
    if packed.passed_over:
        print_to_stderr(f"skipped: {packed.passed_over}.")
    other = None if numbered else renumbered(packed.manifest.classes)
    if other:
        print_to_stderr(
            f"labels are numbers, and classes numbered in their order: label {other[0]} is class "
            f"{other[1]}; give --classes to number them otherwise."
        )


def _number_or_keep(option: str, text: str) -> int | Literal["keep"]:
    if text == "keep":
        return "keep"
    if not text.isdecimal():
        from avrb_wds.errors import UsageError

        raise UsageError(f"--{option} {text!r} is not an integer; give one, or keep.")
    return int(text)
