"""Files in buckets and on web servers: whole, in ranges, as streams, the same bytes throughout."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from threading import Event, Lock
from typing import Any, TypeVar

from ..concurrency import SingleFlight, ordered_chain
from ..errors import DataError, UsageError
from .client import Clients, fetch_range, retry_after
from .hashing import verify_stream
from .http_client import HttpClient
from .limits import StorageLimits
from .responses import ObjectInfo, RangeIgnoredError, TransientError, translate_error
from .retries import Retries
from .url import WEB, ParsedUrl, redacted

Result = TypeVar("Result")

BUCKETS = ("s3", "gs", "az")
MIB = 1 << 20
WHOLE = 1 << 40  # more than any file has
PIECE = 1 << 20
CAREFUL = 1 << 16
VERY_CAREFUL = 1 << 12
"""How much of a dropped connection may be lost: less once one has dropped."""


def ramp(start: int, stop: int, largest: int) -> Iterator[tuple[int, int]]:
    """Cover bytes with ranges (start, stop) that grow from 1 MiB by doubling, up to `largest`.

    The first bytes arrive soon, and the others with few requests. Two ranges have 1 MiB, so that
    from byte 0 each starts at a multiple of its size: servers store parts of 4, 8 or 16 MiB.

    Example:
        >>> [stop >> 20 for _, stop in ramp(0, 11 << 20, 4 << 20)]
        [1, 2, 4, 8, 11]
    """
    size, is_first = min(MIB, largest), True
    while start < stop:
        yield start, min(stop, start + size)
        start += size
        size, is_first = (size, False) if is_first else (min(2 * size, largest), False)


class ObjectReader:
    """Reads remote files by URL; a file that changes after its first read is an error.

    Threads can share it, and it can be pickled. `Storage` makes one.
    """

    def __init__(
        self, options: Mapping[str, Any] | None = None, limits: StorageLimits | None = None
    ):
        self.limits = limits or StorageLimits()
        self._clients = Clients(options or {}, self.limits)
        self._stats: dict[str, ObjectInfo] = {}
        self._unranged: set[str] = set()
        self._learning = SingleFlight()
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = Lock()

    def stat(self, url: str) -> ObjectInfo:
        """Return size and ETag of a file; raise DataError if it does not exist."""
        if url not in self._stats:
            self._learning.run(url, lambda: self._learn_stat(url))
        return self._stats[url]

    def _learn_stat(self, url: str) -> None:
        self.retry(url, f"{redacted(url)}, byte 0", lambda: self._ask_stat(url))

    def retry(self, url: str, subject: str, act: Callable[[], Result]) -> Result:
        """Return what `act` returns, with retries; raise DataError, `subject: ...`."""
        return Retries(self.limits).run(subject, act, lambda error: self._translate(error, url, 0))

    def _translate(self, error: Exception, url: str, byte: int) -> TransientError | DataError:
        """A client's error as one of ours, with the wait that a busy server asks for."""
        meaning = translate_error(error, url, byte)
        address = ParsedUrl.of(url)
        if isinstance(meaning, TransientError) and meaning.is_busy and address.scheme in BUCKETS:
            meaning.after = retry_after(self._clients.of(address), address.path, self.limits)
        return meaning

    def _ask_stat(self, url: str) -> None:
        try:
            # A GET, since an address signed for GET refuses HEAD.
            self._request(url, {"range": (0, 1)}, 0, PIECE)
        except TransientError as error:
            if isinstance(error, RangeIgnoredError) or "416" in str(
                error
            ):  # no ranges, or no bytes at all
                self._unranged.add(url)
                self._request(url, {}, 0, PIECE)
                return
            raise

    def client(self, url: str, *, size: int = 0, writing: bool = False) -> Any:
        """Return the obstore client for a URL, for requests of about `size` bytes."""
        return self._clients.of(ParsedUrl.of(url), size=size, writing=writing)

    def forget(self, url: str) -> None:
        """Accept that a file has changed, because it was written."""
        with self._lock:
            self._stats.pop(url, None)

    def names(self, folder: str) -> list[str]:
        """List the files in a folder of a bucket; raise UsageError for web servers."""
        import obstore

        address = ParsedUrl.of(folder)
        if address.scheme in WEB:
            raise UsageError(
                f"{redacted(folder)} has no manifest.json, and a web server does not list its "
                f"files; name the tars, e.g. {redacted(folder).rstrip('/')}/a-{{000..013}}.tar."
            )
        client, path = self.client(folder, size=MIB), address.path or None
        found = self.retry(
            folder, f"{redacted(folder)}, byte 0", lambda: obstore.list_with_delimiter(client, path)
        )
        return sorted(item["path"].rpartition("/")[2] for item in found["objects"])

    def read(self, url: str, sha256: str = "") -> bytes:
        """Read all of a small file and compare it with `sha256`, if given."""
        stat = self.stat(url)
        if stat.size > self.limits.max_metadata_bytes:
            raise DataError(
                f"{redacted(url)} has {stat.size} bytes; at most "
                f"{self.limits.max_metadata_bytes} are read of a manifest or an index."
            )
        return b"".join(self.stream(url, sha256=sha256))

    def get_range(self, url: str, start: int, length: int) -> bytes:
        """Read `length` bytes from `start`; raise DataError if the file ends before."""
        return b"".join(self.pieces(url, start, start + length))

    def stream(
        self, url: str, *, size: int | None = None, sha256: str = ""
    ) -> Generator[Any, None, None]:
        """Read a whole file in pieces, with read-ahead.

        A file of another size or SHA-256 is an error before its last 64 KiB, because a reader of a
        tar stops at the end mark, which may be some bytes before the end of the file.

        Args:
            url: The URL.
            size: Size that the file must have; None for any.
            sha256: SHA-256 that it must have; "" for the one stored with it, if any.

        Raises:
            DataError: The file has another size or SHA-256.
        """
        stat, where = self.stat(url), redacted(url)
        sha256 = sha256 or stat.sha256
        if size is not None and stat.size != size:
            raise DataError(
                f"{where} has {stat.size} bytes, not {size}: it differs from byte "
                f"{min(size, stat.size)} on."
            )
        pieces = self._ahead(url, stat.size)
        if not sha256:
            return pieces
        fault = f"{where}: the SHA-256 of its bytes 0 to {stat.size} is not the expected one."
        return verify_stream(pieces, sha256, DataError(fault))

    def _ahead(self, url: str, size: int) -> Generator[Any, None, None]:
        limits, stopped = self.limits, Event()
        if url in self._unranged:
            yield from self.pieces(url, 0, size)
            return
        tasks = (
            (lambda start=start, stop=stop: self.pieces(url, start, stop, stopped))
            for start, stop in ramp(0, size, limits.max_range_bytes)
        )
        try:
            yield from ordered_chain(tasks, limits.max_concurrency)
        finally:
            stopped.set()

    def pieces(
        self, url: str, start: int, stop: int, stopped: Event | None = None
    ) -> Iterator[Any]:
        """Read the bytes from `start` to `stop` as they arrive, and resume after a lost connection.

        Args:
            url: The URL.
            start: First byte.
            stop: Byte after the last.
            stopped: Set this event to end early.
        """
        at, piece, retries = start, PIECE, Retries(self.limits)
        skip = start == 0 and url in self._unranged
        while at < stop and not (stopped and stopped.is_set()):
            try:
                for data in retries.counted(self._once(url, at, stop, piece, skip)):
                    at += len(data)
                    yield data
                    if stopped and stopped.is_set():
                        return
                if at < stop:
                    raise TransientError("the answer ends early.")
            except TransientError as error:
                # From the start a range and the whole are the same: such servers can be read too.
                skip = skip or (isinstance(error, RangeIgnoredError) and start == 0)
                retries.failed(f"{redacted(url)}, byte {at}", error)
                piece = CAREFUL if retries.failures == 1 else VERY_CAREFUL

    def _once(self, url: str, at: int, stop: int, piece: int, skip: bool) -> Iterator[Any]:
        """One request's worth of the bytes `at` to `stop`."""
        asked = {} if skip else {"range": (at, stop)}
        (first, end), data = self._request(url, asked, at, piece)
        if not skip and (first, end) != (at, stop):
            if end < stop and end == self._stats[url].size:
                raise DataError(
                    f"{redacted(url)} ends at byte {end}; the bytes {at} to {stop} were asked for."
                )
            raise TransientError("the answer is another range than the one asked for.")
        try:
            for part in data:
                # Servers are not trusted to send no more than they said.
                view = memoryview(part)[max(0, at - first) : max(0, stop - first)]
                first += len(part)
                if len(view):
                    yield view
        except Exception as error:
            raise self._translate(error, url, first) from None

    def _request(
        self, url: str, options: dict[str, Any], at: int, piece: int
    ) -> tuple[tuple[int, int], Iterator[Any]]:
        """A request for the same file.  Raises TransientError, or DataError if it changed."""
        address, known = ParsedUrl.of(url), self._stats.get(url)
        if known and known.etag and not known.etag.startswith("W/"):  # weak ones never match
            options = {**options, "if_match": known.etag}
        wanted = options.get("range")
        client = self._clients.of(address, size=wanted[1] - wanted[0] if wanted else WHOLE)
        try:
            if isinstance(client, HttpClient):
                stat, found, data = client.get(
                    address.url, wanted, options.get("if_match"), at, piece
                )
            else:
                stat, found, data = fetch_range(client, address.path, options, piece)
        except Exception as error:
            raise self._translate(error, url, at) from None
        with self._lock:
            known = self._stats.setdefault(url, stat)
        if known != stat:
            raise DataError(
                f"{redacted(url)}, byte {at}: the file has changed since it was first read."
            )
        return found, data
