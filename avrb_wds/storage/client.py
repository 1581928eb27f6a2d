"""Clients of buckets and web servers, made when needed, in the process that needs them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from ..errors import MissingExtraError, UsageError
from .http_client import HttpClient
from .limits import MIB, StorageLimits
from .responses import DIGEST, ObjectInfo, TransientError
from .url import HUB, WEB, ParsedUrl, redacted

CHUNK = 16 * MIB
"""How much of a file goes into a bucket by one request."""
# The process in which obstore's threads run, once there are any.  They are one set a process, and
# a forked child inherits the locks but not the threads: its first read would block forever.
_home: int | None = None
_SHA256 = re.compile("[0-9a-f]{64}")


def check_not_forked() -> None:
    """Raise UsageError where this process was forked from one that had read."""
    global _home
    if _home not in (None, os.getpid()):
        raise UsageError(
            "this process was forked from one that had read from storage, and such a child would "
            "hang; start it by 'spawn' or 'forkserver', or use threads (worker_type='thread')."
        )
    _home = os.getpid()


class Clients:
    """Clients by root, one each, shared by threads; pickles without them."""

    def __init__(self, options: Mapping[str, Any], limits: StorageLimits) -> None:
        self._options, self._limits = dict(options), limits
        self._made: dict[tuple[str, int, bool], Any] = {}
        self._lock = Lock()

    def __repr__(self) -> str:
        return "Clients()"  # options hold credentials

    def __reduce__(self) -> tuple[Any, ...]:
        return Clients, (self._options, self._limits)

    def of(self, address: ParsedUrl, *, size: int = 0, writing: bool = False) -> Any:
        """The client for requests of about `size` bytes: obstore's, or a WebClient.

        Raises MissingExtraError, or UsageError for options.
        """
        check_not_forked()
        if address.scheme in WEB:
            size = 0  # which has a deadline for every request
        # obstore has one deadline a client.
        largest = MIB
        while largest < size:
            largest *= 4
        with self._lock:
            key = (address.root, largest, writing)
            if key not in self._made:
                try:
                    self._made[key] = self._make(address, largest, writing)
                except MissingExtraError:
                    raise
                except Exception as error:
                    # The text of obstore's own error repeats the options.
                    raise UsageError(
                        f"{redacted(address.root)} cannot be opened with these storage_options "
                        f"({', '.join(sorted(map(str, self._options))) or 'none'}): "
                        f"{type(error).__name__}; correct them."
                    ) from None
            return self._made[key]

    def _make(self, address: ParsedUrl, largest: int, writing: bool) -> Any:
        options, limits = dict(self._options), self._limits
        headers = {**_token(address), **options.pop("headers", {})}
        if address.scheme in WEB:
            return HttpClient(headers, limits)
        try:
            from obstore import store
        except ImportError:
            raise MissingExtraError(f"{address.scheme}://", "cloud") from None
        # Which keywords a client takes goes by the scheme; obstore's types tell them apart.
        from_url: Any = store.from_url
        return from_url(
            address.root,
            config=options,
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=limits.connect_timeout),
                "read_timeout": timedelta(seconds=limits.read_timeout),
                "timeout": timedelta(seconds=limits.deadline(largest)),
                "default_headers": headers,
            },
            retry_config=_retries(limits, largest, writing),
        )


def _retries(limits: StorageLimits, largest: int, writing: bool) -> Any:
    if not writing or largest < CHUNK:  # whether and where to go on is decided above
        return {"max_retries": 0, "retry_timeout": timedelta(seconds=1)}
    waits = {
        "init_backoff": timedelta(seconds=limits.backoff),
        "max_backoff": timedelta(seconds=limits.max_backoff),
        "base": 2,
    }
    # A part that fails is sent again, not the whole file.
    patience = timedelta(seconds=limits.deadline(largest))
    return {"max_retries": limits.retries, "retry_timeout": patience, "backoff": waits}


def _token(address: ParsedUrl) -> dict[str, str]:
    """The hub's token from the environment, for the hub alone."""
    hub = urlsplit(os.environ.get("HF_ENDPOINT", HUB)).netloc
    token = os.environ.get("HF_TOKEN")
    if token and urlsplit(address.root).netloc == hub:
        return {"Authorization": f"Bearer {token}"}
    return {}


def fetch_range(
    client: Any, path: str, options: Any, piece: int
) -> tuple[ObjectInfo, tuple[int, int], Iterator[Any]]:
    """One request: (stat, (start, stop) of what comes, its pieces)."""
    import obstore

    result = obstore.get(client, path, options=options)
    meta = result.meta
    stored = str(result.attributes.get(DIGEST, ""))
    sha256 = stored if _SHA256.fullmatch(stored) else ""
    stat = ObjectInfo(meta["size"], meta["e_tag"], str(meta["last_modified"]), sha256)
    return stat, result.range, result.stream(min_chunk_size=piece)


def retry_after(client: Any, path: str, limits: StorageLimits) -> float:
    """The seconds that a busy server of buckets asks to wait, which obstore does not tell."""
    import obstore

    try:
        signed = obstore.sign(client, "GET", path or "/", timedelta(minutes=1))
        HttpClient({}, limits).get(signed, (0, 1), None, 0, 1)
    except TransientError as error:
        return error.after
    except Exception:  # no keys to sign with, or another fault, which the next attempt meets too
        return 0.0
    return 0.0
