"""Web servers and buckets that are slow, busy, point elsewhere or cannot be trusted."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest
from faultserver import Fault, FaultServer, fault_server

from avrb_wds.errors import DataError, UsageError
from avrb_wds.storage import ObjectReader, StorageLimits, upload
from avrb_wds.storage.http_client import parse_retry_after

DATA = random.Random(1).randbytes(300_000)
CERTIFICATES = Path(__file__).parents[1] / "data" / "tls"
HURRIED = StorageLimits(
    retries=1, backoff=0.001, read_timeout=0.3, connect_timeout=2, min_throughput=10_000_000
)
QUICK = StorageLimits(backoff=0.001, max_backoff=0.002)
LISTING = (
    b"<ListBucketResult><Name>box</Name><IsTruncated>false</IsTruncated><Contents><Key>t/a.tar"
    b"</Key><LastModified>2023-01-02T03:04:05.000Z</LastModified><ETag>e</ETag><Size>3</Size>"
    b"</Contents></ListBucketResult>"
)


def bucket(server: FaultServer) -> dict[str, str]:
    """Options by which s3:// is that server."""
    keys = {"access_key_id": "key", "secret_access_key": "not-to-be-seen", "region": "r"}
    return {**keys, "endpoint": server.url}


def in_bucket(server: FaultServer, limits: StorageLimits) -> bytes:
    return ObjectReader(bucket(server), limits).get_range("s3://box/a", 5, 9_000)


WAYS: dict[str, Callable[[FaultServer, StorageLimits], object]] = {
    "size": lambda server, limits: ObjectReader(limits=limits).stat(f"{server.url}/a.tar"),
    "range": lambda server, limits: ObjectReader(limits=limits).get_range(
        f"{server.url}/a.tar", 5, 9_000
    ),
    "file": lambda server, limits: ObjectReader(limits=limits).read(f"{server.url}/a.tar"),
    "bucket": in_bucket,
    "list": lambda server, limits: ObjectReader(bucket(server), limits).names("s3://box/t"),
    "upload": lambda server, limits: upload(
        ObjectReader(bucket(server), limits), b"abc", "s3://box/b"
    ),
}


@pytest.fixture
def served(server: FaultServer) -> FaultServer:
    server.objects |= {"/a.tar": DATA, "/box/a": DATA, "/box": LISTING}
    server.writable = True
    return server


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_sends_byte_by_byte_is_given_up(served: FaultServer, way: str) -> None:
    served.schedule = lambda number: Fault("drip", pause=0.05)
    with pytest.raises(DataError, match=r"(too slowly|in time); given up after 2 attempts\.$"):
        WAYS[way](served, HURRIED)


@pytest.mark.parametrize("way", ["file", "bucket"])
def test_bytes_that_come_too_slowly_are_given_up(served: FaultServer, way: str) -> None:
    served.objects["/a.tar"] = served.objects["/box/a"] = DATA[:9_100]
    asked = (
        ObjectReader(bucket(served), HURRIED) if way == "bucket" else ObjectReader(limits=HURRIED)
    )
    url = "s3://box/a" if way == "bucket" else f"{served.url}/a.tar"
    asked.stat(url)
    served.schedule = lambda number: Fault("drip", pause=0.01)
    with pytest.raises(DataError, match=r"(too slowly|in time); given up after 2 attempts\.$"):
        asked.get_range(url, 0, 9_000)


def test_a_whole_body_that_comes_too_slowly_is_given_up(served: FaultServer) -> None:
    """As from a server without ranges."""
    store, url = ObjectReader(limits=HURRIED), f"{served.url}/a.tar"
    served.schedule = lambda number: Fault("ignore_range")
    store.stat(url)
    served.schedule = lambda number: Fault("drip" if number > 1 else "ignore_range", pause=0.05)
    with pytest.raises(DataError, match=r"too slowly; given up after 2 attempts\.$"):
        b"".join(store.stream(url))


def test_a_reader_who_is_slow_does_not_make_the_server_so(served: FaultServer) -> None:
    limits = StorageLimits(retries=0, read_timeout=0.5, min_throughput=10_000_000)
    served.objects["/a.tar"] = DATA * 30  # more than buffers hold
    served.schedule = lambda number: Fault("ignore_range")
    pieces, stalled = [], threading.Event()
    for piece in ObjectReader(limits=limits).stream(f"{served.url}/a.tar"):
        pieces.append(bytes(piece))
        if len(pieces) < 3:
            stalled.wait(1)
    assert b"".join(pieces) == DATA * 30


SECRET = "not-to-be-seen"
SECRETS = {"X-Api-Key": SECRET, "Authorization": SECRET, "Cookie": SECRET}


@pytest.mark.parametrize("query", ["", "?X-Amz-Signature=not-to-be-seen"])
def test_secrets_stay_with_the_server_that_they_are_for(served: FaultServer, query: str) -> None:
    with fault_server({"/b.tar": DATA}) as other:
        served.moved = {
            f"/a.tar{query}": f"/moved.tar{query}", f"/moved.tar{query}": f"{other.url}/b.tar",
        }  # fmt: skip
        address = served.url.replace("//", "//me:not-to-be-seen@")
        store = ObjectReader({"headers": SECRETS})
        assert store.read(f"{address}/a.tar{query}") == DATA
    assert all(headers["x-api-key"] == "not-to-be-seen" for _, _, headers in served.requests)
    assert other.requests
    for _, path, headers in other.requests:
        assert "not-to-be-seen" not in path + repr(dict(headers))
        assert {"referer", "authorization", "cookie", "x-api-key"}.isdisjoint(
            map(str.lower, headers)
        )


def test_a_server_that_points_home_gets_its_secrets(served: FaultServer) -> None:
    with fault_server() as other:
        served.moved = {"/m.tar": f"{other.url}/m.tar"}
        other.moved = {"/m.tar": f"{served.url}/a.tar"}
        assert ObjectReader({"headers": SECRETS}).read(f"{served.url}/m.tar") == DATA
    assert all("x-api-key" in headers for _, _, headers in served.requests)


@pytest.mark.parametrize(
    ("location", "fault"),
    [
        ("/a.tar", "points from one address to the next without end"),
        ("ftp://host/a.tar", "points to what is not on a web server"),
        ("file:///etc/passwd", "points to what is not on a web server"),
        ("http://[::1/a.tar", "points to no address"),
        ("http://host:99999/a.tar", "points to no address"),
        ("", "has moved, but not where to"),
    ],
)
def test_servers_that_point_nowhere(served: FaultServer, location: str, fault: str) -> None:
    served.moved = {"/a.tar": location}
    with pytest.raises(DataError, match=rf"/a\.tar, byte 0: the server .*{fault}"):
        ObjectReader().read(f"{served.url}/a.tar")


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X: y": "a"}, {"X": "\u20ac"}, {"": ""}])
def test_headers_that_cannot_be_sent(served: FaultServer, headers: dict[str, str]) -> None:
    with pytest.raises(
        UsageError, match=r"cannot be opened with these storage_options \(headers\)"
    ):
        ObjectReader({"headers": headers}).read(f"{served.url}/a.tar")
    assert not served.requests


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("way", ["range", "file", "bucket", "list", "upload"])
def test_a_busy_server_says_how_long_to_wait(served: FaultServer, way: str, status: int) -> None:
    """It is busy for longer than all attempts would take by themselves."""
    free = threading.Event()

    def busy(number: int) -> Fault | None:
        if number == 0:
            threading.Timer(0.3, free.set).start()
        said = "1" if status == 429 else formatdate(time.time() + 2, usegmt=True)
        return None if free.is_set() else Fault("status", status=status, retry_after=said)

    served.schedule = busy
    WAYS[way](served, QUICK)
    refused = 1 if way in ("range", "file") else 2  # one more, to learn how long
    assert len(served.requests) <= refused + 4


def test_how_long_a_server_asks_to_wait() -> None:
    now = formatdate(9e8, usegmt=True)
    for said, seconds in {
        "7": 7.0, " 7 ": 7.0, formatdate(9e8 + 7, usegmt=True): 7.0, now: 0.0, "-7": 0.0, "": 0.0,
        formatdate(9e8 - 7, usegmt=True): 0.0, "soon": 0.0, "9" * 5000: 0.0, "\u0661": 0.0,
        "Mon, 99 Jan 99999999999999 99:99:99 GMT": 0.0, None: 0.0,
    }.items():  # fmt: skip
        assert parse_retry_after(said, now) == seconds


def test_a_wait_has_a_bound(served: FaultServer) -> None:
    served.schedule = lambda number: Fault("status", retry_after="999999") if not number else None
    WAYS["file"](served, StorageLimits(max_retry_after=0.01))


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (
            "self-signed",
            "is self-signed or from an unknown authority; name a file .* SSL_CERT_FILE",
        ),
        ("not-yet-valid", "is not valid yet; set this machine's clock"),
        ("expired", "has expired; set this machine's clock"),
    ],
)
def test_a_certificate_that_is_not_trusted(
    name: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name != "self-signed":
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / f"{name}.pem"))
    with fault_server({"/a.tar": DATA}, CERTIFICATES / f"{name}.pem") as server:
        for way in ("file", "bucket", "list", "upload"):
            with pytest.raises(DataError, match=f"the server's certificate {fault}"):
                WAYS[way](server, StorageLimits(retries=1))


def test_an_authority_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "self-signed.pem"))
    with fault_server({"/a.tar": DATA, "/box/a": DATA}, CERTIFICATES / "self-signed.pem") as server:
        assert ObjectReader().read(f"{server.url}/a.tar") == DATA
        assert ObjectReader(bucket(server)).read("s3://box/a") == DATA
        with pytest.raises(DataError, match="is one for another host; correct the address"):
            ObjectReader().read(f"{server.url.replace('127.0.0.1', '127.1')}/a.tar")


@pytest.mark.parametrize("way", ["bucket", "list", "upload"])
def test_a_clock_that_is_off(served: FaultServer, way: str) -> None:
    body = b"<Error><Code>RequestTimeTooSkewed</Code><Message>m</Message></Error>"
    served.schedule = lambda number: Fault("status", status=403, body=body)
    with pytest.raises(DataError, match="not take this machine's time for the right one; set its"):
        WAYS[way](served, StorageLimits(retries=1))


def test_bytes_that_came_before_a_drop_are_not_read_again(served: FaultServer) -> None:
    served.schedule = lambda number: Fault("drop", 50_000) if number == 1 else None
    data = ObjectReader(limits=QUICK).read(f"{served.url}/a.tar", hashlib.sha256(DATA).hexdigest())
    assert data == DATA
    assert served.sent <= len(DATA) + 1


def test_connections_serve_more_than_one_request(served: FaultServer) -> None:
    store = ObjectReader()
    for start in range(0, 100_000, 10_000):
        assert store.get_range(f"{served.url}/a.tar", start, 10) == DATA[start : start + 10]
    assert served.connections == 1


def test_a_proxy_is_gone_through(served: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    served.objects["http://elsewhere.invalid/a.tar"] = DATA
    monkeypatch.setenv("http_proxy", served.url.replace("//", "//me:secret@"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert ObjectReader().read("http://elsewhere.invalid/a.tar") == DATA
    assert ObjectReader().read(f"{served.url}/a.tar") == DATA
    *_, (_, path, headers) = served.requests
    assert path == "/a.tar"
    assert "proxy-authorization" not in headers
    assert served.requests[0][2]["proxy-authorization"] == "Basic bWU6c2VjcmV0"


def test_a_proxy_does_not_see_into_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "self-signed.pem"))
    with (
        fault_server({"/a.tar": DATA}, CERTIFICATES / "self-signed.pem") as server,
        fault_server() as proxy,
    ):
        monkeypatch.setenv("https_proxy", proxy.url)
        proxy.tunnel = server.port
        assert ObjectReader().read("https://localhost:1/a.tar") == DATA
        assert {(method, path) for method, path, _ in proxy.requests} == {
            ("CONNECT", "localhost:1")
        }
        proxy.tunnel = None
        with pytest.raises(DataError, match="the proxy answers 403"):
            ObjectReader(limits=StorageLimits(retries=0)).read("https://localhost:1/a.tar")
