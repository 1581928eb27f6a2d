"""Packed shards into a bucket: the manifest goes last, so that what has one is whole."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ..errors import UsageError
from ..paths import check_folder
from ..progress import Progress
from ..shards.manifest import MANIFEST, Manifest
from ..shards.sources import JOURNAL
from ..storage import RemoteFile, Storage, check_bucket, remove, upload

__all__ = ["RECEIPTS", "prepare", "publish", "staging_folder"]

RECEIPTS = ("receipt.json", "receipt.digests.tsv")
"""What lies beside rendered shards: where they come from, and the digests of their clips."""
MARK = b"avrb-wds: an upload is under way\n"


def prepare(url: str, *, storage: Storage | None = None, resume: bool = False) -> None:
    """Prove that shards can be put at `url`, before hours go into packing them.

    A mark is left there, until `publish` is done.  Raises UsageError for addresses that cannot be
    written and, unless `resume`, where a data set lies; DataError where the bucket does not exist
    or lets nobody in.
    """
    storage = storage or Storage()
    place = storage.file(url)
    check_bucket(storage.store, place.url)
    upload(storage.store, MARK, (place / JOURNAL).url)
    if not resume and (place / MANIFEST).is_file():
        remove(storage.store, (place / JOURNAL).url)
        raise UsageError(f"{place} holds a data set already; give another folder.")


def publish(
    folder: str | Path,
    url: str,
    *,
    storage: Storage | None = None,
    progress: Progress | None = None,
) -> int:
    """Put a packed or rendered folder at `url`, its manifest last; how many files went over.

    url: a folder in a bucket, s3://, gs:// or az://.  Files that lie there already are known by
    their SHA-256 and left; so a call that was broken off is made again, and until it is done what
    lies there does not pass for a data set.  progress: called with (files done, files).  Raises
    DataError where there is no manifest or writing fails, UsageError where there is no such folder,
    for other addresses and where another data set lies there.
    """
    storage = storage or Storage()
    check_folder(Path(folder), "packed shards")
    manifest, place = Manifest.read(Path(folder) / MANIFEST), storage.file(url)
    check_bucket(storage.store, place.url)
    _check_free(place, manifest)
    names = [name for shard in manifest.shards for name in (shard.file, shard.index)]
    names += [name for name in RECEIPTS if (Path(folder) / name).is_file()]
    names.append(MANIFEST)
    mark = (place / JOURNAL).url
    upload(storage.store, MARK, mark)
    sent = 0
    for number, name in enumerate(names, 1):
        sent += upload(storage.store, Path(folder) / name, (place / name).url)
        if progress:
            progress(number, len(names))
    remove(storage.store, mark)
    return sent


def _check_free(place: RemoteFile, manifest: Manifest) -> None:
    """Raise UsageError where another data set lies."""
    if (place / MANIFEST).is_file():
        there = Manifest.read(place / MANIFEST)
        if there.digest != manifest.digest:
            raise UsageError(
                f"{place} holds another data set already, {there.name!r} of {there.clips} clips; "
                f"give another folder, or remove its {MANIFEST} first."
            )


def staging_folder(url: str) -> Path:
    """Where shards for `url` are packed unless somebody says: in the user's own cache.

    Raises UsageError for a user who has no home folder.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:
        raise UsageError(
            f"{url} needs a folder to make its files in, and this user has no home folder; "
            f"give --via FOLDER, or set XDG_CACHE_HOME."
        ) from error
    return cache / "avrb-wds" / "packing" / hashlib.sha256(url.encode()).hexdigest()[:16]
