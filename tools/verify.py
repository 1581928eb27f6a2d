"""`avrb verify`."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Exit, Option

from .progress import progress_bar

__all__ = ["verify"]


def verify(
    shards: Annotated[
        list[str], Argument(help="Folder, manifest, tars, or a brace expression of tars.")
    ],
    deep: Annotated[bool, Option("--deep", help="Also decode every frame and sound.")] = False,
) -> None:
    """Check shards: every checksum, key and member; one fault a line, exit status 1 if any.

    Example:  avrb verify shards/ --deep
    """
    from avrb_wds.shards import verify as find_faults

    with progress_bar("verifying") as progress:
        source = shards[0] if len(shards) == 1 else shards
        faults = find_faults(source, deep=deep, progress=progress)
    for fault in faults:
        print(fault)
    if faults:
        raise Exit(1)
    print("no faults")
