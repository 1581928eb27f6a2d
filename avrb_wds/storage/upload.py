"""Files into buckets."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from ..errors import DataError, UsageError
from .address import Address, redacted
from .client import Transient, translated
from .store import Store

__all__ = ["upload"]

CHUNK = 16 << 20
DIGEST = "sha256"


def upload(store: Store, path: Path, url: str) -> bool:
    """Put a local file at `url`, in parts where it is large; False where it lies there already.

    What lies there is known by its size and by the SHA-256 that is stored with it, so that an
    upload that was broken off goes on with the next file.  Raises UsageError for addresses that
    cannot be written, DataError where writing fails for good.
    """
    import obstore

    address, digest = Address.of(url), _sha256(path)
    if address.scheme not in ("s3", "gs", "az"):
        raise UsageError(f"{redacted(url)!r} cannot be written; give s3://, gs:// or az://.")
    client, failures = store.client(url), 0
    while True:
        try:
            if _is_there(client, address.path, path.stat().st_size, digest):
                return False
            obstore.put(
                client,
                address.path,
                path,
                attributes={DIGEST: digest},
                chunk_size=CHUNK,
                max_concurrency=store.limits.in_flight,
            )
            store.forget(url)
            return True
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}.") from error
        except Exception as error:
            meaning = translated(error, url, 0)
            failures += 1
            if not isinstance(meaning, Transient):
                raise meaning from None
            if failures > store.limits.retries:
                raise DataError(
                    f"{redacted(url)} cannot be written: {meaning}; given up after "
                    f"{failures} attempts."
                ) from None
            time.sleep(store.limits.wait(failures))


def _is_there(client: object, path: str, size: int, digest: str) -> bool:
    import obstore

    try:
        found = obstore.get(client, path)  # type: ignore[arg-type]
    except FileNotFoundError:
        return False
    return found.meta["size"] == size and found.attributes.get(DIGEST) == digest


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
