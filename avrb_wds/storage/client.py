"""Clients of buckets and web servers, made when needed, in the process that needs them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..errors import DataError, MissingExtra, UsageError
from .address import HUB, Address, redacted
from .limits import Limits

__all__ = [
    "DIGEST",
    "Clients",
    "Ignored",
    "NoSuchFile",
    "Stat",
    "Transient",
    "fetched",
    "guard",
    "translated",
]

DIGEST = "sha256"
"""The name under which the SHA-256 of a file is stored with it."""

# The process in which obstore's threads run, once there are any.  They are one set a process, and
# a forked child inherits the locks but not the threads: its first read would wait for ever.
_home: int | None = None
_STATUS = re.compile(r"non-2xx status code: (\d+)([A-Za-z -]*)")
_SHA256 = re.compile("[0-9a-f]{64}")
_LATER = {"408", "416", "425", "429"}
# What a failed read says about itself; the rest of its text may hold signed addresses.
_SIGNS = {
    "kind: Timeout": "no answer in time",
    "kind: Connect": "no connection",
    "kind: Interrupted": "the connection dropped",
}


class Transient(Exception):
    """A read that may succeed when tried again; its text says why it failed."""


class NoSuchFile(DataError):
    """There is nothing at an address."""


class Ignored(Transient):
    """The server answered with the whole file where a range was asked for."""


class Stat(NamedTuple):
    """What a server says about a file; etag: None where it gives none.

    sha256: that was stored with it by `upload`; "" for files of others.
    """

    size: int
    etag: str | None
    modified: str
    sha256: str = ""


def guard() -> None:
    """Let this process read; raises UsageError where it was forked from one that had."""
    global _home
    if _home not in (None, os.getpid()):
        raise UsageError(
            "this process was forked from one that had read from storage, and such a child would "
            "hang; start it by 'spawn' or 'forkserver', or use threads (workers='thread')."
        )
    _home = os.getpid()


class Clients:
    """Clients by root, one each, shared by threads; pickles without them."""

    def __init__(self, options: Mapping[str, Any], limits: Limits) -> None:
        self._options, self._limits = dict(options), limits
        self._made: dict[tuple[str, bool], Any] = {}
        self._lock = Lock()

    def __repr__(self) -> str:
        return "Clients()"  # options hold credentials

    def __reduce__(self) -> tuple[Any, ...]:
        return Clients, (self._options, self._limits)

    def of(self, address: Address, *, writing: bool = False) -> Any:
        """The obstore client for an address.  Raises MissingExtra, or UsageError for options."""
        guard()
        with self._lock:
            key = (address.root, writing)
            if key not in self._made:
                self._made[key] = self._make(address, writing)
            return self._made[key]

    def _make(self, address: Address, writing: bool) -> Any:
        try:
            from obstore import store
        except ImportError:
            raise MissingExtra(f"{address.scheme}://", "cloud") from None
        # Which keywords a client takes goes by the scheme; obstore's types tell them apart.
        from_url: Any = store.from_url
        options = dict(self._options)
        web = address.scheme in ("http", "https")
        headers = {**_token(address), **options.pop("headers", {})}
        limits = self._limits
        try:
            return from_url(
                address.root,
                **({} if web else {"config": options}),
                client_options={
                    "allow_http": True,
                    "connect_timeout": timedelta(seconds=limits.connect_timeout),
                    "read_timeout": timedelta(seconds=limits.read_timeout),
                    "timeout": timedelta(days=1),
                    "default_headers": headers,
                },
                retry_config=_retries(limits, writing),
            )
        except Exception as error:
            # The text of obstore's own error repeats the options.
            raise UsageError(
                f"{redacted(address.root)} does not open with these storage_options "
                f"({', '.join(sorted(options)) or 'none'}): {type(error).__name__}; correct them."
            ) from None


def _retries(limits: Limits, writing: bool) -> Any:
    if not writing:  # whether and where to read on is decided above, byte by byte
        return {"max_retries": 0, "retry_timeout": timedelta(seconds=1)}
    waits = {
        "init_backoff": timedelta(seconds=limits.backoff),
        "max_backoff": timedelta(seconds=limits.longest_backoff),
        "base": 2,
    }
    # A part that fails is sent again, not the whole file.
    return {"max_retries": limits.retries, "retry_timeout": timedelta(days=1), "backoff": waits}


def _token(address: Address) -> dict[str, str]:
    """The hub's token from the environment, for the hub alone."""
    hub = urlsplit(os.environ.get("HF_ENDPOINT", HUB)).netloc
    token = os.environ.get("HF_TOKEN")
    if token and urlsplit(address.root).netloc == hub:
        return {"Authorization": f"Bearer {token}"}
    return {}


def translated(error: BaseException, url: str, byte: int) -> Transient | DataError:
    """What obstore's error means: to be tried again, or a sentence with address and byte."""
    text, kind, where = str(error), type(error).__name__, f"{redacted(url)}, byte {byte}"
    status = _STATUS.search(text)
    if isinstance(error, FileNotFoundError):
        return NoSuchFile(f"{redacted(url)} is not there.")
    if kind in ("PermissionDeniedError", "UnauthenticatedError"):
        return DataError(
            f"{where}: access is denied; check the credentials in the environment or in "
            f"storage_options."
        )
    if kind == "PreconditionError":
        return DataError(f"{where}: the file has changed since it was first read.")
    if "169.254.169.254" in text or "metadata.google.internal" in text:
        return DataError(
            f"{where}: no credentials are found; set them in the environment or in "
            f"storage_options (or skip_signature=True for a public bucket)."
        )
    if kind == "NotSupportedError":
        return Ignored("the server ignores byte ranges.")
    if status and status[1].startswith("4") and status[1] not in _LATER:
        return DataError(f"{where}: the server answers {status[1]}{status[2].rstrip()}.")
    if status:
        return Transient(f"the server answers {status[1]}{status[2].rstrip()}.")
    signs = (meaning for sign, meaning in _SIGNS.items() if sign in text)
    return Transient(f"{next(signs, 'the read fails')}.")


def fetched(
    client: Any, path: str, options: Any, piece: int
) -> tuple[Stat, tuple[int, int], Iterator[Any]]:
    """One request: (stat, (start, stop) of what comes, its pieces)."""
    import obstore

    result = obstore.get(client, path, options=options)
    meta = result.meta
    stored = str(result.attributes.get(DIGEST, ""))
    sha256 = stored if _SHA256.fullmatch(stored) else ""
    stat = Stat(meta["size"], meta["e_tag"], str(meta["last_modified"]), sha256)
    return stat, result.range, result.stream(min_chunk_size=piece)
