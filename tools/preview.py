"""`avrb preview`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

from typer import Argument, Option

from .click_errors import number
from .options import (
    BankOption,
    CacheDir,
    CacheSize,
    Corruptions,
    Profile,
    Seed,
    StorageOptions,
    Temporal,
)
from .output import print_done
from .parsing import open_shards
from .progress import progress_bar


def preview(
    source: Annotated[
        str,
        Argument(
            metavar="SOURCE",
            help="A video, image or sound; or packed shards, as a path or an address.",
        ),
    ],
    out: Annotated[Path, Argument(metavar="OUT", help="The HTML file to write.")],
    key: Annotated[
        str | None,
        Option(metavar="KEY", help="Of the clip in the shards.", show_default="the first's"),
    ] = None,
    corruption: Corruptions = None,
    contact_sheet: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="Also a sheet of frames for a paper; that of spectrograms is NAME-sound.png.",
            show_default=False,
        ),
    ] = None,
    seconds: Annotated[
        float,
        Option(parser=number, metavar="SECONDS", help="Seconds shown from the start."),
    ] = 4.0,
    profile: Profile = "default",
    temporal: Temporal = "frame",
    seed: Seed = 0,
    bank: BankOption = None,
    storage_option: StorageOptions = None,
    cache_dir: CacheDir = None,
    cache_size: CacheSize = None,
) -> None:
    """Write a page that plays one clip under every corruption.

    Example:  avrb preview shards/ preview.html --key BkjpjAohg-0 --contact-sheet figure.png

    It shows every severity. The page needs no other file and no network: 5 to 20 MB for all
    corruptions, about half of it noise.
    """
    from avrb_wds.previews import preview as write_preview
    from avrb_wds.previews.preview import is_shards

    given: Any = source
    if is_shards(source):
        given = open_shards(source, storage_option, cache_dir, cache_size)
    with progress_bar("corrupting") as progress:
        made = write_preview(
            given,
            out,
            key=key,
            corruptions=corruption,
            contact_sheet=contact_sheet,
            seconds=seconds,
            seed=seed,
            profile=cast(Any, profile),
            temporal=cast(Any, temporal),
            bank=bank,
            progress=progress,
        )
    size = made.page.stat().st_size / 1e6
    print_done(
        f"preview: {made.page} ({size:.1f} MB)", *(f"sheet: {s}" for s in made.contact_sheets)
    )
