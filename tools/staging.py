"""Data sets for buckets: made in a folder of this machine, then uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .output import print_to_stderr
from .progress import progress_bar

if TYPE_CHECKING:
    from avrb_wds.storage import Storage


def folder_for(out: str, via: Path | None) -> Path:
    """The folder in which a dataset for `out` is made: `out` itself, unless that is a bucket.

    Raises UsageError for --via without a bucket.
    """
    from avrb_wds.errors import UsageError
    from avrb_wds.packing import staging_folder
    from avrb_wds.storage import is_remote

    if is_remote(out):
        return via or staging_folder(out)
    if via is not None:
        raise UsageError(f"--via {via} is for buckets; {out} is a folder, so leave it out.")
    return Path(out)


def reserve_and_announce(
    places: Sequence[str], folder: Path, storage: Storage, *, resume: bool, doing: str
) -> None:
    """Have the places in a bucket ready, and say in which folder the work begins."""
    from avrb_wds.packing import reserve_destination

    for place in places:
        inner = folder if len(places) == 1 else folder / place.rpartition("/")[2]
        reserve_destination(place, folder=inner, storage=storage, resume=resume)
    print_to_stderr(f"{doing} into {folder} first")


def upload_and_report(folder: Path, place: str, storage: Storage) -> None:
    """Put a dataset that is whole at its place in a bucket."""
    from avrb_wds.packing import upload_dataset

    with progress_bar("uploading") as progress:
        upload_dataset(folder, place, storage=storage, progress=progress)
