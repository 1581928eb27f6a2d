"""`avrb render`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

from typer import Argument, Option

from .options import (
    STORED,
    BankOption,
    CacheDir,
    CacheSize,
    Clean,
    ClipsPerShard,
    Corruptions,
    MaxErrors,
    Modality,
    NumWorkers,
    Profile,
    Quality,
    Resume,
    Seed,
    Severities,
    Shards,
    StorageOptions,
    Temporal,
    Via,
)
from .output import print_done, print_to_stderr
from .parsing import chosen_conditions, open_shards, open_storage
from .progress import progress_bar
from .staging import folder_for, reserve_and_announce, upload_and_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from avrb_wds.condition import Condition


def render(
    shards: Shards,
    out: Annotated[
        str,
        Argument(
            metavar="OUT",
            help="New folder, or s3://, gs://, az://; with several conditions each gets one in it, "
            "as OUT/rain-3.",
        ),
    ],
    corruption: Corruptions = None,
    severity: Severities = None,
    clean: Clean = False,
    modality: Modality = "both",
    profile: Profile = "default",
    temporal: Temporal = "frame",
    seed: Seed = 0,
    bank: BankOption = None,
    frame_format: Annotated[
        str,
        Option(
            metavar="jpg|png|webp",
            help="png and webp are without loss.",
            rich_help_panel=STORED,
        ),
    ] = "jpg",
    quality: Quality = 95,
    layout: Annotated[
        str,
        Option(
            metavar="shards|avrobustbench",
            help="avrobustbench: frames/frame_N/ID.jpg, audio/ID.wav and their JSON.",
        ),
    ] = "shards",
    clips_per_shard: ClipsPerShard = 1000,
    num_workers: NumWorkers = None,
    resume: Resume = False,
    max_errors: MaxErrors = 0,
    via: Via = None,
    storage_option: StorageOptions = None,
    cache_dir: CacheDir = None,
    cache_size: CacheSize = None,
) -> None:
    """Write corrupted clips down, as shards or as loose files.

    Example:  avrb render shards/ rain-3/ --corruption rain --severity 3 --frame-format png

    Sound is stored exactly, and so are frames as png or webp: then evaluating OUT under clean gives
    what evaluating SHARDS under the corruption gives, and the same digest.  With jpg it does not;
    receipt.json in OUT and the line printed say how far off it is.
    """
    from contextlib import suppress

    from avrb_wds.packing import remove_packed
    from avrb_wds.rendering import RenderOptions, check_apart
    from avrb_wds.rendering import render as render_shards
    from avrb_wds.storage import is_remote

    folder, remote = folder_for(out, via), is_remote(out)
    options = RenderOptions(cast(Any, frame_format), quality, cast(Any, layout), clips_per_shard)
    conditions = chosen_conditions(corruption, severity, clean)
    places = _places(out, conditions)
    source = open_shards(shards, storage_option, cache_dir, cache_size, indexes=True)
    if remote:
        _check_layout(layout)
        check_apart(source, out)
        storage = open_storage(storage_option)
        reserve_and_announce(places, folder, storage, resume=resume, doing="rendering")
    with source, progress_bar("rendering") as progress:
        made = render_shards(
            source,
            folder,
            conditions,
            options=options,
            seed=seed,
            profile=cast(Any, profile),
            modality=cast(Any, modality),
            temporal=cast(Any, temporal),
            bank=bank,
            num_workers=num_workers,
            resume=resume,
            max_errors=max_errors,
            progress=progress,
        )
    for failure in dict.fromkeys(skipped for one in made for skipped in one.receipt.skipped):
        print_to_stderr(f"left out: {failure}")
    for place, rendered in zip(places, made, strict=True):
        if remote:
            upload_and_report(rendered.folder, place, storage)
        where = place if remote else rendered.folder
        print_done(f"{where}: {rendered.receipt.clips} clip(s), {rendered.receipt}")
    if remote and via is None:
        for rendered in made:
            remove_packed(rendered.folder)
        with suppress(OSError):  # it is gone, or holds something else
            folder.rmdir()


def _places(out: str, conditions: Sequence[Condition]) -> list[str]:
    """Where each condition's dataset ends up."""
    if len(conditions) == 1:
        return [out]
    return [f"{out.rstrip('/')}/{condition}" for condition in conditions]


def _check_layout(layout: str) -> None:
    from avrb_wds.errors import UsageError

    if layout == "avrobustbench":
        raise UsageError(
            "--layout avrobustbench is for folders; render into one, or shards into the bucket."
        )
