"""Files into buckets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ..errors import DataError, UsageError, reason
from .client import CHUNK
from .reader import ObjectReader
from .responses import DIGEST, AccessDeniedError, RemoteFileNotFoundError
from .url import ParsedUrl, redacted

Result = TypeVar("Result")


def upload(store: ObjectReader, source: Path | bytes, url: str) -> bool:
    """Upload a local file or bytes.

    Large files are uploaded in parts, and each part is retried. A file that is already there is
    recognized by its size and stored SHA-256, so an interrupted upload can be repeated.

    Args:
        store: Credentials and limits.
        source: The file, or its bytes.
        url: Where to upload it.

    Returns:
        False if the file was already there.

    Raises:
        UsageError: The URL cannot be written to.
        DataError: Writing fails after all retries.
    """
    size, digest = _sized(source)
    client, path = _writer(store, url, min(size, CHUNK))

    def put() -> bool:
        import obstore

        if _is_there(client, path, size, digest):
            return False
        obstore.put(
            client,
            path,
            source,
            attributes={DIGEST: digest},
            chunk_size=CHUNK,
            max_concurrency=store.limits.max_concurrency,
        )
        return True

    sent = _retry(store, url, "written", put)
    store.forget(url)
    return sent


def check_bucket(store: ObjectReader, folder: str) -> None:
    """Check that the bucket of a folder exists; some servers create missing buckets on upload.

    Args:
        store: Credentials and limits.
        folder: URL of the folder.

    Raises:
        DataError: The bucket does not exist.
    """
    client, path = _writer(store, folder)

    def look() -> None:
        import obstore

        next(iter(obstore.list(client, path or None)), None)

    try:
        store.retry(folder, f"{redacted(folder)} cannot be listed", look)
    except RemoteFileNotFoundError:
        raise DataError(
            f"{redacted(folder)} cannot be written: the bucket does not exist."
        ) from None
    except AccessDeniedError:
        return  # one may be allowed to write and not to look


def remove(store: ObjectReader, url: str) -> None:
    """Remove a file if it exists.

    Args:
        store: Credentials and limits.
        url: URL of the file.

    Raises:
        UsageError: The URL cannot be written to.
        DataError: Removing fails after all retries.
    """
    client, path = _writer(store, url)

    def delete() -> None:
        import obstore

        try:
            obstore.delete(client, path)
        except FileNotFoundError:
            return

    _retry(store, url, "removed", delete)
    store.forget(url)


def _writer(store: ObjectReader, url: str, size: int = 0) -> tuple[Any, str]:
    """The client and path for an address; raises UsageError where it cannot be written."""
    address = ParsedUrl.of(url)
    if address.scheme not in ("s3", "gs", "az"):
        raise UsageError(f"{redacted(url)!r} cannot be written; give s3://, gs:// or az://.")
    return store.client(url, size=size, writing=True), address.path


def _retry(store: ObjectReader, url: str, done: str, act: Callable[[], Result]) -> Result:
    """What `act` returns once it succeeds; raises DataError where the bucket does not exist."""
    subject = f"{redacted(url)} cannot be {done}"
    try:
        return store.retry(url, subject, act)
    except RemoteFileNotFoundError:
        raise DataError(f"{subject}: the bucket does not exist.") from None


def _is_there(client: Any, path: str, size: int, digest: str) -> bool:
    import obstore
    from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

    try:
        found = obstore.get(client, path, options={"head": True})
    except (FileNotFoundError, PermissionDeniedError, UnauthenticatedError):
        return False  # why one is not let in, the answer to HEAD does not tell; that to PUT does
    return found.meta["size"] == size and found.attributes.get(DIGEST) == digest


def _sized(source: Path | bytes) -> tuple[int, str]:
    """(bytes, SHA-256) of what is to be sent; raises DataError where it cannot be read."""
    if isinstance(source, bytes):
        return len(source), hashlib.sha256(source).hexdigest()
    size, digest = 0, hashlib.sha256()
    try:
        with open(source, "rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise DataError(f"{source} cannot be opened: {reason(error)}.") from error
    return size, digest.hexdigest()
