"""`avrb pack`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from typer import Argument, Option

from .options import StorageOptions, open_storage
from .progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from avrb_wds.packing import Failure

__all__ = ["pack"]


def pack(
    source: Annotated[
        Path,
        Argument(help="Folder of videos, AVROBUSTBENCH JSON, or clip list of Tian & Xu (CSV)."),
    ],
    out: Annotated[
        str,
        Argument(help="New folder for shards, indexes and manifest.json; or s3://, gs://, az://."),
    ],
    frames: Annotated[
        int | None, Option(help="Frames a clip (10; AVROBUSTBENCH: all).", show_default=False)
    ] = None,
    fps: Annotated[
        float | None, Option(help="Frames a second, instead of --frames.", show_default=False)
    ] = None,
    frame_size: Annotated[
        str | None,
        Option(
            help="Short side and centre square in pixels, or 'keep' (224; AVROBUSTBENCH: keep).",
            show_default=False,
        ),
    ] = None,
    quality: Annotated[int, Option(help="JPEG quality, 1 to 100.")] = 95,
    duration: Annotated[
        float | None,
        Option(
            help="Seconds taken of a clip, or 'inf' (10; AVROBUSTBENCH: inf).", show_default=False
        ),
    ] = None,
    window: Annotated[str, Option(help="Where they lie in a longer one: start, middle.")] = "start",
    sample_rate: Annotated[str, Option(help="In Hz, or 'keep'.")] = "16000",
    channels: Annotated[
        str, Option(help="mono (the mean of all), first (the first alone), keep.")
    ] = "mono",
    audio_format: Annotated[str, Option(help="wav or flac, 16 bit both.")] = "wav",
    labels: Annotated[
        str,
        Option(
            help="Of a folder's videos: parent (name of the folder they lie in), none, auto "
            "(parent where all lie in folders), or a CSV, which also says what is packed."
        ),
    ] = "auto",
    classes: Annotated[
        Path | None,
        Option(help="Class list: index,mid,display_name, or a label a line.", show_default=False),
    ] = None,
    ids: Annotated[str, Option(help="Ids of a folder's videos: stem, path.")] = "stem",
    audio_root: Annotated[
        Path | None, Option(help="Sounds of a clip list.", show_default=False)
    ] = None,
    frames_root: Annotated[
        Path | None, Option(help="Videos or frames of a clip list.", show_default=False)
    ] = None,
    list_fps: Annotated[float, Option(help="Stored frames a second of a clip list.")] = 8.0,
    name: Annotated[
        str | None, Option(help="Name of the data set (the source's).", show_default=False)
    ] = None,
    clips_per_shard: Annotated[int, Option(help="Clips a shard.")] = 1000,
    workers: Annotated[
        int | None, Option(help="Clips converted at a time (one a core).", show_default=False)
    ] = None,
    resume: Annotated[bool, Option("--resume", help="Go on where a stopped run was.")] = False,
    allow_missing: Annotated[int, Option(help="Clips that may fail.", min=0)] = 0,
    via: Annotated[
        Path | None,
        Option(
            help="Folder to pack into before a bucket, which stays (one in the user's cache, "
            "removed after the upload).",
            show_default=False,
        ),
    ] = None,
    storage_option: StorageOptions = None,
) -> None:
    """Pack clips into WebDataset shards: once, and the same bytes every time.

    Example:  avrb pack videos/ shards/ --labels vggsound.csv --workers 8

    A CSV of labels has a column 'file' or 'id' and a column 'label' (one) or 'labels' (several,
    with commas between them); AudioSet's segments and VGGSound's list are understood as they are.
    Clips that fail are named at the end; if more than --allow-missing did, the exit status is 1
    and no manifest is written.
    """
    from shutil import rmtree

    from avrb_wds.errors import UsageError
    from avrb_wds.packing import (
        ClipsMissing,
        PackOptions,
        SourceOptions,
        prepare,
        publish,
        staging_folder,
    )
    from avrb_wds.packing import pack as pack_source
    from avrb_wds.storage import is_remote

    remote = is_remote(out)
    if via is not None and not remote:
        raise UsageError(f"--via {via} is for buckets; {out} is packed into itself.")
    folder = via or (staging_folder(out) if remote else Path(out))
    storage = open_storage(storage_option)
    if remote:
        prepare(out, storage=storage, resume=resume)
        print(f"packing into {folder} first", file=sys.stderr)
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
    reading = SourceOptions(labels, cast(Any, ids), classes, audio_root, frames_root, list_fps)
    try:
        with progress_bar("packing") as progress:
            packed = pack_source(
                source,
                folder,
                options,
                reading,
                name=name,
                workers=workers,
                resume=resume,
                allow_missing=allow_missing,
                progress=progress,
            )
    except ClipsMissing as error:
        _name(error.failures)
        raise
    _name(packed.failures)
    if packed.left_out:
        print(f"{packed.left_out} videos are not in {labels} and were left out.", file=sys.stderr)
    if remote:
        with progress_bar("uploading") as progress:
            publish(folder, out, storage=storage, progress=progress)
    if remote and via is None:
        rmtree(folder)
    manifest = packed.manifest
    print(f"{out}: {len(manifest.shards)} shard(s), {manifest.clips} clip(s)")


def _name(failures: Sequence[Failure]) -> None:
    for failure in failures:
        print(f"not packed: {failure}", file=sys.stderr)


def _number_or_keep(option: str, text: str) -> int | Literal["keep"]:
    if text == "keep":
        return "keep"
    if not text.isdecimal():
        from avrb_wds.errors import UsageError

        raise UsageError(f"--{option} {text!r} is neither a whole number nor 'keep'.")
    return int(text)
