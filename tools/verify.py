"""`avrb verify`."""

from __future__ import annotations

from typing import Annotated

from typer import Exit, Option

from .options import SeveralShards, StorageOptions
from .output import print_done, print_result
from .parsing import open_storage
from .progress import progress_bar


def verify(
    shards: SeveralShards,
    deep: Annotated[
        bool, Option("--deep", metavar="", help="Also decode every frame and sound.")
    ] = False,
    storage_option: StorageOptions = None,
) -> None:
    """Check every checksum, key and member of shards.

    Example:  avrb verify shards/ --deep

    Prints a line for each fault; the exit status is 1 if there is any.
    """
    from avrb_wds.shards import verify_shards

    source = shards[0] if len(shards) == 1 else shards
    storage = open_storage(storage_option)
    with progress_bar("verifying", of_bytes=True) as progress:
        faults = verify_shards(source, deep=deep, progress=progress, storage=storage)
    if faults:
        print_result(*faults)
        raise Exit(1)
    print_done("no faults")
