"""What storage is given: addresses, options, and the answers of web servers."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from random import Random

from avrb_wds.errors import DataError, UsageError
from avrb_wds.storage import RemotePath, Storage, StorageLimits, is_remote
from avrb_wds.storage.client import Clients
from avrb_wds.storage.connections import Connection
from avrb_wds.storage.http_client import HttpClient
from avrb_wds.storage.responses import TransientError
from avrb_wds.storage.url import ParsedUrl
from avrb_wds.tools.parsing import storage_options

from ..mutators import mutate_bytes, mutate_text, one_of
from ..target import Target

ADDRESSES = (
    "s3://bucket/vgg/vgg-{000000..000013}.tar", "gs://bucket", "az://container/a%20b.tar",
    "https://me:secret@host:8443/a/b.tar?X-Amz-Signature=abc&b=1#sha256=" + "0" * 64,
    "http://[::1]:80/a.tar", "https://b\u00fccher.example/\u00fc", "hf://datasets/me/vgg@v1/t/a.tar",
    "https:/host/a", "http:\\\\host\\a", "s3//bucket/a", "me:pw@host", "pipe:cat a", "file:///a",
    "https://host/%2e%2e/a", "https://host/\0", "shards/a.tar",
)  # fmt: skip
OPTIONS = (
    "region=eu\nendpoint=https://host:9000\naccess_key_id=a\nsecret_access_key=b",
    "headers.X-Id=7\nheaders.Authorization=Bearer x", "skip_signature=true", "secret", "=x",
    "request_timeout=1s\nheaders=3", "account_name=a\nsas_token=b",
)  # fmt: skip
DATE = "Mon, 02 Jan 2023 03:04:05 GMT"
HEAD = f'HTTP/1.1 206 Partial Content\r\nETag: "x"\r\nLast-Modified: {DATE}\r\n'
CHUNKS = "4\r\n0123\r\n5\r\n45678\r\n0\r\n\r\n"
ANSWERS = (
    f"{HEAD}Content-Length: 9\r\nContent-Range: bytes 0-8/70\r\n\r\n012345678",
    f"{HEAD}Transfer-Encoding: chunked\r\nContent-Range: bytes 0-8/9\r\n\r\n{CHUNKS}",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
    f"HTTP/1.1 503 Slow Down\r\nRetry-After: 120\r\nDate: {DATE}\r\n\r\n",
    f"HTTP/1.1 429 X\r\nRetry-After: {DATE}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not Found\r\n\r\n",
)
LOOPBACK = ("http", "127.0.0.1", 1)  # where nobody listens
mutate_lines = one_of(mutate_text, mutate_text, mutate_bytes)


def text_of(data: bytes) -> str:
    """As a command line has it."""
    return data.decode(errors="surrogateescape")


def read_address(data: bytes) -> RemotePath | None:
    """A file at an address, of which nothing is asked; None for a path and for what is refused."""
    try:
        file = Storage().file(text) if is_remote(text := text_of(data)) else None
    except UsageError:
        return None
    if file is None:
        return None
    _ = file.name, file.can_list, str(file), repr(file), str(file.parent)
    assert ParsedUrl.of((file / "a.tar").url).path.partition("?")[0].endswith("a.tar")
    return file


def tells_no_password(data: bytes, file: RemotePath | None) -> None:
    """A seed's, which mutation may have left whole."""
    assert file is None or b"me:secret@" not in data or "me:secret@" not in f"{file} {file!r}"


def read_options(data: bytes) -> None:
    """A client of each kind with these options, which asks nothing."""
    for url in ("https://host/a", "s3://bucket/a", "gs://bucket/a", "az://box/a"):
        with suppress(UsageError):
            made = Clients(storage_options(text_of(data).split("\n")) or {}, StorageLimits())
            made.of(ParsedUrl.of(url))


def read_answer(data: bytes) -> list[bytes] | None:
    """The pieces of an answer, asked for as the first nine bytes; None where it is no good."""
    near, far = socket.socketpair()
    client = HttpClient({}, StorageLimits(read_timeout=1.0))
    client._connections.give_back(LOOPBACK, Connection(near, 1.0))
    with far:
        far.sendall(data[: 1 << 15])
        far.shutdown(socket.SHUT_WR)
        try:
            _, (start, stop), pieces = client.get("http://127.0.0.1:1/a", (0, 9), None, 0, 1 << 16)
            given = list(pieces)
        except (TransientError, DataError):
            return None
        assert sum(map(len, given)) == stop - start
        return given


def _mutate_answer(rng: Random, data: bytes) -> bytes:
    head, end, body = data.partition(b"\r\n\r\n")
    if rng.random() < 0.7:
        return mutate_lines(rng, head) + end + body
    return mutate_bytes(rng, data)


def _seeds(*texts: str) -> Callable[[], list[bytes]]:
    return lambda: [text.encode() for text in texts]


TARGETS = [
    Target("address", _seeds(*ADDRESSES), mutate_lines, read_address, tells_no_password),
    Target("storage-options", _seeds(*OPTIONS), mutate_lines, read_options),
    Target("web-answer", _seeds(*ANSWERS), _mutate_answer, read_answer),
]
