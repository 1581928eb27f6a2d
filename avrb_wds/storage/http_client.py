"""Files on web servers by byte range: secrets stay with their server, and slow answers end.

obstore does this for buckets.  For web servers it would send every header on to wherever a server
points, with the whole address, signature included, as Referer; and Retry-After stays unsaid.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urljoin, urlsplit

from ..errors import DataError, reason
from .connections import Connection, Connections, Origin, TooSlowError, basic_auth, origin_of
from .limits import StorageLimits
from .responses import (
    ObjectInfo,
    RangeIgnoredError,
    TransientError,
    certificate_error,
    response_error,
)
from .url import WEB, redacted

MOVED = {301, 302, 303, 307, 308}
MOST_MOVES = 10
SMALL = 1 << 12  # bytes that are read at once, so that their connection serves the next request
LARGEST_READ = 1 << 18
SAFE = "%/:=&?~+!$,;'@()*[]|"
EPOCH = datetime.fromtimestamp(0, timezone.utc)


@dataclass(frozen=True)
class _Request:
    """What is asked for; wanted: its range, None for the whole file; byte: that messages name."""

    url: str
    wanted: tuple[int, int] | None
    etag: str | None
    byte: int

    def headers(self) -> dict[str, str]:
        """What a server is told, wherever it is."""
        told = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "avrb-wds"}
        if self.wanted:
            told["range"] = f"bytes={self.wanted[0]}-{self.wanted[1] - 1}"
        if self.etag:
            told["if-match"] = self.etag
        return told

    def fault(self, what: str) -> DataError:
        """A fault that stays when the request is made again."""
        return DataError(f"{redacted(self.url)}, byte {self.byte}: {what}.")

    def failed(self, error: Exception) -> TransientError | DataError:
        """What a connection's error means."""
        if isinstance(error, ssl.SSLCertVerificationError):
            fault = certificate_error(str(error), f"{redacted(self.url)}, byte {self.byte}")
            return fault or self.fault(f"the server's certificate is not trusted: {reason(error)}")
        if isinstance(error, TooSlowError):
            return TransientError("the answer comes too slowly.")
        if isinstance(error, TimeoutError):
            return TransientError("no answer in time.")
        if isinstance(
            error, (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
        ):
            return TransientError("the connection dropped.")
        if isinstance(error, http.client.HTTPException):
            return TransientError("the answer is not HTTP.")
        return TransientError(f"no connection: {reason(error)}.")


class HttpClient:
    """Reads files of web servers; thread-safe.

    headers: sent to the server that an address names, and to no other that it points to.  Raises
    ValueError for headers that cannot be sent.
    """

    def __init__(self, headers: Mapping[str, str], limits: StorageLimits) -> None:
        for name, value in headers.items():
            if not re.fullmatch(r"[!-9;-~]+", name) or not re.fullmatch(r"[ -~\x80-\xff]*", value):
                raise ValueError("a header that cannot be sent")
        self._headers = {name.lower(): value for name, value in headers.items()}
        self._limits = limits
        self._connections = Connections(limits)

    def __repr__(self) -> str:
        return "WebClient()"  # headers hold credentials

    def get(
        self, url: str, wanted: tuple[int, int] | None, etag: str | None, byte: int, piece: int
    ) -> tuple[ObjectInfo, tuple[int, int], Iterator[bytes]]:
        """One request: (stat, (start, stop) of what comes, its pieces of about `piece` bytes).

        wanted: the range; None for the whole file.  etag: that the file must have.  Raises
        TransientError, or DataError, which names `url` and `byte`.
        """
        request = _Request(url, wanted, etag, byte)
        try:
            answer = self._followed(request)
        except (OSError, http.client.HTTPException) as error:
            raise request.failed(error) from None
        try:
            stat, found = answer.described()
            answer.expect(found[1] - found[0], piece, self._limits)
        except BaseException:
            answer.close()
            raise
        return stat, found, answer

    def _followed(self, request: _Request) -> _Answer:
        """The answer of the server that the others point to in the end."""
        url, home = request.url, origin_of(urlsplit(request.url))
        for _ in range(MOST_MOVES):
            answer = self._asked(request, url, home)
            if answer.head.status not in MOVED:
                return answer
            location = answer.head.getheader("Location")
            answer.close()
            if not location:
                raise request.fault("the server says that it has moved, but not where to")
            try:
                url = urljoin(url, quote(location.encode("latin-1"), safe=SAFE))
                scheme, *_ = origin_of(urlsplit(url))
            except ValueError:
                raise request.fault("the server points to no address") from None
            if scheme not in WEB:
                raise request.fault("the server points to what is not on a web server")
        raise request.fault("the server points from one address to the next without end")

    def _asked(self, request: _Request, url: str, home: Origin) -> _Answer:
        """The answer to one request, by a connection of an earlier one where there is one."""
        parts, headers = urlsplit(url), request.headers()
        of = origin_of(parts)
        if of == home:
            if parts.username:
                headers["authorization"] = basic_auth(parts)
            headers.update(self._headers)
        wanted = request.wanted or (0, 0)
        seconds = self._limits.deadline(wanted[1] - wanted[0])
        idle = self._connections.take_idle(of)
        while True:
            connection = idle or self._connections.connect(of)
            try:
                head = connection.ask(_head(url, of, headers, connection.proxy), seconds)
            except BaseException as error:
                connection.close()
                stale = isinstance(error, (ConnectionError, http.client.BadStatusLine))
                if idle is None or not stale:
                    raise
                idle = None  # the server had closed it since
            else:
                return _Answer(request, head, connection, self._connections, of)


class _Answer:
    """What a server answers: its head, then the pieces of its body."""

    def __init__(
        self,
        request: _Request,
        head: http.client.HTTPResponse,
        connection: Connection,
        connections: Connections,
        of: Origin,
    ) -> None:
        self._request, self.head = request, head
        self._connection: Connection | None = connection
        self._connections, self._of = connections, of
        self._ready: list[bytes] = []
        self._rest = self._piece = 0

    def described(self) -> tuple[ObjectInfo, tuple[int, int]]:
        """(info, (start, stop) of the body).  Raises TransientError or DataError for no success."""
        head, request = self.head, self._request
        if head.status == 200 and request.wanted:
            raise RangeIgnoredError("the server ignores byte ranges.")
        if head.status not in (200, 206):
            reason = re.match("[A-Za-z -]*", head.reason)
            raise response_error(
                head.status,
                reason[0] if reason else "",
                request.url,
                request.byte,
                parse_retry_after(head.getheader("Retry-After"), head.getheader("Date")),
            )
        if head.status == 200:
            if head.length is None:
                raise request.fault("the server does not say how long the file is")
            size, found = head.length, (0, head.length)
        else:
            match = re.fullmatch(
                r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", head.getheader("Content-Range", "")
            )
            start, last, size = map(int, match.groups()) if match else (0, 0, 0)
            if not start <= last < size:
                raise TransientError("the answer does not say which range it is.")
            found = start, last + 1
        modified = _date(head.getheader("Last-Modified")) or EPOCH
        return ObjectInfo(size, head.getheader("ETag"), str(modified)), found

    def expect(self, size: int, piece: int, limits: StorageLimits) -> None:
        """So many bytes are to come, in pieces of about `piece`."""
        assert self._connection is not None
        self._rest, self._piece = size, piece
        self._connection.left = limits.deadline(size)
        if 0 < size <= SMALL:
            self._ready = [next(self)]

    def __iter__(self) -> _Answer:
        return self

    def __next__(self) -> bytes:
        """Bytes, which an error follows only once all that came before are handed out."""
        if self._ready:
            return self._ready.pop()
        taken: list[bytes] = []
        count = min(self._piece, self._rest)
        error: Exception | None = None
        while count > 0 and error is None:
            try:
                data = self.head.read1(min(LARGEST_READ, count))
            except (OSError, http.client.HTTPException) as failure:
                error = self._request.failed(failure)
            else:
                error = None if data else TransientError("the answer ends early.")
                taken.append(data)
                count -= len(data)
                self._rest -= len(data)
        if not self._rest or error:
            self.close()
        if any(taken):
            return b"".join(taken)
        raise error or StopIteration

    def close(self) -> None:
        """Release the connection, to the next request if all was read."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        whole = self._piece and not self._rest and not self.head.will_close
        self.head.close()
        if whole:
            self._connections.give_back(self._of, connection)
        else:
            connection.close()

    def __del__(self) -> None:
        self.close()


def _head(
    url: str, of: Origin, headers: Mapping[str, str], proxy: Mapping[str, str] | None
) -> bytes:
    """A request as it is sent."""
    parts, (scheme, host, port) = urlsplit(url), of
    name = f"[{host}]" if ":" in host else host
    if port != {"http": 80, "https": 443}[scheme]:
        name = f"{name}:{port}"
    target = parts.path or "/"
    if parts.query:
        target = f"{target}?{parts.query}"
    target = quote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", target), safe=SAFE)
    if proxy is not None:
        target, headers = f"{scheme}://{name}{target}", {**headers, **proxy}
    lines = [f"GET {target} HTTP/1.1", f"host: {name}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def parse_retry_after(said: str | None, now: str | None = None) -> float:
    """The wait in seconds that a Retry-After asks for, where the response's own Date is `now`.

    >>> parse_retry_after("120"), parse_retry_after("later")
    (120.0, 0.0)
    >>> parse_retry_after("Mon, 02 Jan 2023 03:04:05 GMT", "Mon, 02 Jan 2023 03:04:00 GMT")
    5.0
    """
    said = (said or "").strip()
    if re.fullmatch("[0-9]{1,9}", said):
        return float(said)
    if date := _date(said):
        return max(0.0, (date - (_date(now) or datetime.now(timezone.utc))).total_seconds())
    return 0.0


def _date(said: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(said or "")
        return date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
