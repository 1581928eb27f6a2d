"""Packed shards into a bucket: the manifest goes last, so that what has one is whole."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path

from ..errors import DataError, UsageError
from ..locks import HeldFile
from ..paths import check_folder
from ..progress import Progress
from ..storage import RemotePath, Storage, check_bucket, remove, upload
from .locate import JOURNAL
from .manifest import MANIFEST, Manifest

RECEIPTS = ("receipt.json", "receipt.digests.tsv")
"""What lies beside rendered shards: where they come from, and the digests of their clips."""
MARK = b"avrb-wds: an upload is under way\n"


def reserve_destination(
    url: str,
    *,
    folder: str | Path | None = None,
    storage: Storage | None = None,
    resume: bool = False,
) -> None:
    """Check that shards can be uploaded to a URL, before hours of packing.

    A mark that names `folder` is uploaded and stays until `upload_dataset` is done. A mark of
    another folder or machine is refused; `resume` replaces it.

    Args:
        url: A folder in a bucket.
        folder: The folder in which the shards are packed.
        storage: How the URL is accessed.
        resume: Take over an earlier upload.

    Raises:
        UsageError: The URL cannot be written to, or has a dataset and `resume` is not set.
        DataError: The bucket does not exist or denies access.
    """
    storage = storage or Storage()
    place = storage.file(url)
    check_bucket(storage.store, place.url)
    mark = _mark(folder)
    there = _read_mark(storage, place)
    if not resume and there not in (None, MARK, mark):
        raise UsageError(
            f"{place} is where another run uploads to, or has begun to; go on with --resume once "
            f"that has ended, or give another folder."
        )
    upload(storage.store, mark, (place / JOURNAL).url)
    if not resume and (place / MANIFEST).is_file():
        remove(storage.store, (place / JOURNAL).url)
        raise UsageError(f"{place} holds a dataset already; give another folder.")


def _mark(folder: str | Path | None) -> bytes:
    """What lies at a place in a bucket while a folder of this machine is packed for it."""
    if folder is None:
        return MARK
    name = f"{socket.gethostname()}\0{Path(folder).resolve()}"
    return MARK + hashlib.sha256(os.fsencode(name)).hexdigest()[:16].encode() + b"\n"


def _read_mark(storage: Storage, place: RemotePath) -> bytes | None:
    """The mark that lies at a place; None where none does, or it can't be read."""
    storage.store.forget((place / JOURNAL).url)
    try:
        return (place / JOURNAL).read_bytes()
    except (DataError, OSError):
        return None


def upload_dataset(
    folder: str | Path,
    url: str,
    *,
    storage: Storage | None = None,
    progress: Progress | None = None,
) -> int:
    """Upload a packed or rendered folder, the manifest last.

    Files that the URL already has are recognized by their SHA-256, so an interrupted call can be
    repeated. Until it completes, the URL has no manifest.

    Args:
        folder: The folder.
        url: A folder in a bucket, as s3://, gs:// or az://.
        storage: How the URL is accessed.
        progress: Called with (files done, files).

    Returns:
        Number of files uploaded.

    Raises:
        UsageError: The folder does not exist, the URL is not allowed, or has another dataset.
        DataError: There is no manifest, or writing fails.
    """
    storage = storage or Storage()
    check_folder(Path(folder), "packed shards")
    manifest, place = Manifest.read(Path(folder) / MANIFEST), storage.file(url)
    check_bucket(storage.store, place.url)
    _check_free(place, manifest)
    names = [name for shard in manifest.shards for name in (shard.file, shard.index)]
    names += [name for name in RECEIPTS if (Path(folder) / name).is_file()]
    names.append(MANIFEST)
    mark, there = _mark(folder), _read_mark(storage, place)
    upload(storage.store, mark, (place / JOURNAL).url)
    sent = 0
    for number, name in enumerate(names, 1):
        if number == len(names) and there not in (None, MARK, mark):
            for before in names[:-1]:  # once more: the other may just have been writing
                sent += upload(storage.store, Path(folder) / before, (place / before).url)
        _check_mark(storage, place, mark)
        sent += upload(storage.store, Path(folder) / name, (place / name).url)
        if progress:
            progress(number, len(names))
    _check_mark(storage, place, mark)
    remove(storage.store, (place / JOURNAL).url)
    return sent


def _check_mark(storage: Storage, place: RemotePath, mark: bytes) -> None:
    """Raise DataError where another run uploads to the same place by now."""
    if _read_mark(storage, place) not in (None, mark):
        raise DataError(
            f"{place} is where another run uploads to meanwhile; let it end, or give another "
            f"folder."
        )


def remove_packed(folder: Path) -> None:
    """Remove the files of a packed or rendered dataset; other files in its folder stay.

    Args:
        folder: The folder. If another run is writing to it, nothing is removed.
    """
    manifest = Manifest.read(folder / MANIFEST)
    names = [name for shard in manifest.shards for name in (shard.file, shard.index)]
    gone = folder.with_name(f".avrb-{secrets.token_hex(8)}.removed")
    with suppress(UsageError), HeldFile(folder, JOURNAL):
        folder.rename(gone)  # so that a kill now leaves nothing that passes for half a dataset
        for name in (*names, *RECEIPTS, MANIFEST, JOURNAL):
            (gone / name).unlink(missing_ok=True)
        try:
            gone.rmdir()
        except OSError:  # something else is in it
            with suppress(OSError):  # and somebody has made the folder again
                gone.rename(folder)


def _check_free(place: RemotePath, manifest: Manifest) -> None:
    """Raise UsageError where another dataset lies."""
    if (place / MANIFEST).is_file():
        there = Manifest.read(place / MANIFEST)
        if there.digest != manifest.digest:
            raise UsageError(
                f"{place} holds another dataset already, {there.name!r} of {there.clips} clips; "
                f"give another folder, or remove its {MANIFEST} first."
            )


def staging_folder(url: str) -> Path:
    """Return the default folder for packing shards for a URL: one in the user's cache.

    Args:
        url: Where the shards will be uploaded.

    Raises:
        UsageError: The user has no home folder.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:
        raise UsageError(
            f"{url} needs a folder to make its files in, and this user has no home folder; "
            f"give --via FOLDER, or set XDG_CACHE_HOME."
        ) from error
    return cache / "avrb-wds" / "packing" / hashlib.sha256(url.encode()).hexdigest()[:16]
