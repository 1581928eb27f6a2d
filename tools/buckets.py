"""Data sets for buckets: made in a folder of this machine, then uploaded."""

from __future__ import annotations

from pathlib import Path

__all__ = ["folder_for"]


def folder_for(out: str, via: Path | None) -> Path:
    """The folder in which a data set for `out` is made: `out` itself, unless that is a bucket.

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
