"""Packed shards into a bucket: the manifest goes last, so that what has one is whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..shards.manifest import MANIFEST, Manifest
from ..storage import Storage, upload

__all__ = ["publish"]

Progress = Callable[[int, int], None]


def publish(
    folder: str | Path,
    url: str,
    *,
    storage: Storage | None = None,
    progress: Progress | None = None,
) -> int:
    """Put the shards, indexes and manifest of a packed folder at `url`; how many files went over.

    url: a folder in a bucket, s3://, gs:// or az://.  Files that lie there already are known by
    their SHA-256 and left; so a call that was broken off is made again.  progress: called with
    (files done, files).  Raises DataError where there is no manifest or writing fails, UsageError
    for other addresses.
    """
    storage = storage or Storage()
    manifest = Manifest.read(Path(folder) / MANIFEST)
    names = [name for shard in manifest.shards for name in (shard.file, shard.index)]
    names.append(MANIFEST)
    sent = 0
    for number, name in enumerate(names, 1):
        sent += upload(storage.store, Path(folder) / name, (storage.file(url) / name).url)
        if progress:
            progress(number, len(names))
    return sent
