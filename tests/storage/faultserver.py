"""An http server on loopback that serves bytes with ETag and ranges, and misbehaves on demand."""

from __future__ import annotations

import hashlib
import re
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast
from urllib.parse import unquote

Kind = Literal[
    "drop", "ignore_range", "status", "trickle", "changed", "truncated", "wrong", "drip"
]  # fmt: skip
KINDS: tuple[Kind, ...] = (
    "drop", "ignore_range", "status", "trickle", "changed", "truncated", "wrong",
)  # fmt: skip
PIECE = 1 << 18


@dataclass(frozen=True)
class Fault:
    """How one response goes wrong.

    after: body bytes before a drop (a reset) or a truncation (an orderly end).  status: sent in
    place of the body, with `retry_after`, `body`.  pause: seconds before every piece of a trickle,
    or every byte of a drip, in which the head of the answer comes byte by byte too.
    """

    kind: Kind
    after: int = 0
    status: int = 503
    pause: float = 0.002
    retry_after: str = "0"
    body: bytes = b""


Schedule = Callable[[int], Fault | None]


@dataclass
class FaultServer:
    """What is served, and what was asked of it.  latency: seconds before every response.
    moved: by path, the address that a client is sent on to.  writable: whether files can be put.
    tunnel: as a proxy, the port to which every client is connected."""

    objects: dict[str, bytes]
    schedule: Schedule = lambda number: None
    latency: float = 0.0
    moved: dict[str, str] = field(default_factory=dict)
    writable: bool = False
    tunnel: int | None = None
    sent: int = 0
    requests: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0
    scheme: str = "http"
    connections: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def arrive(self, method: str, path: str, headers: Mapping[str, str]) -> Fault | None:
        with self.lock:
            self.requests.append((method, path, headers))
            number = len(self.requests) - 1
        return self.schedule(number)

    def forget(self) -> None:
        with self.lock:
            self.requests.clear()
            self.sent = 0


class Drip:
    """A file that is written byte by byte."""

    def __init__(self, file: BinaryIO, pause: float) -> None:
        self.file, self.pause, self.closed = file, pause, False

    def write(self, data: bytes) -> int:
        for byte in bytes(data):
            time.sleep(self.pause)
            self.file.write(bytes([byte]))
        return len(data)

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.file.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state: FaultServer
    fault: Fault | None = None

    def setup(self) -> None:
        super().setup()
        with self.state.lock:
            self.state.connections += 1

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(head=True)

    def do_GET(self) -> None:
        self._answer(head=False)

    def do_PUT(self) -> None:
        """As into a bucket, which does not exist unless it is writable."""
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self._arrived() is not None:
            return None
        if not self.state.writable:
            return self._plain(404)
        self.state.objects[unquote(self.path.partition("?")[0])] = data
        return self._plain(200, {"ETag": '"put"'})

    def do_CONNECT(self) -> None:
        self.state.arrive(self.command, self.path, dict(self.headers.items()))
        if self.state.tunnel is None:
            return self._plain(403)
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(("127.0.0.1", self.state.tunnel)) as far:
            ends = {self.connection: far, far: self.connection}
            while all(
                _passed_on(end, ends[end]) for end in select.select(list(ends), [], [], 60)[0]
            ):
                pass
        self.close_connection = True
        return None

    def _arrived(self) -> Fault | None:
        """The fault by which a request was answered already, if any."""
        fault = self.fault = self.state.arrive(self.command, self.path, dict(self.headers.items()))
        if self.state.latency:
            time.sleep(self.state.latency)
        if fault and fault.kind == "drip":
            self.wfile = cast(BinaryIO, Drip(self.wfile, fault.pause))
        if fault and fault.kind == "status":
            self._plain(fault.status, {"Retry-After": fault.retry_after}, fault.body)
            return fault
        return None

    def _answer(self, head: bool) -> None:
        if self._arrived() is not None:
            return None
        fault = self.fault
        if self.path in self.state.moved:
            return self._plain(302, {"Location": self.state.moved[self.path]})
        body = self.state.objects.get(unquote(self.path.partition("?")[0]))
        if body is None:
            return self._plain(404)
        if fault and fault.kind == "changed":
            body = bytes(len(body))
        etag = '"' + hashlib.md5(body[:4096] + str(len(body)).encode()).hexdigest() + '"'
        if self.headers.get("If-Match", etag) != etag:
            return self._plain(412)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is None or (fault and fault.kind == "ignore_range"):
            start, stop, status = 0, len(body), 200
        else:
            start = int(asked[1])
            stop = min(int(asked[2]) + 1, len(body)) if asked[2] else len(body)
            status = 206
            if start >= len(body):
                return self._plain(416, {"Content-Range": f"bytes */{len(body)}"})
        self.send_response(status)
        self.send_header("Content-Length", str(stop - start))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", etag)
        self.send_header("Last-Modified", "Mon, 02 Jan 2023 03:04:05 GMT")
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(body)}")
        self.end_headers()
        if not head:
            self._send(memoryview(body)[start:stop], fault)
        return None

    def _plain(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send(self, body: memoryview, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        if fault and kind in ("drop", "truncated"):
            self._pieces(body[: fault.after], 0)
            self.close_connection = True
            if kind == "drop":  # a reset, not an orderly end
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
            return
        if kind == "wrong" and len(body):
            middle = len(body) // 2
            body = memoryview(
                bytes(body[:middle]) + bytes([body[middle] ^ 1]) + bytes(body[middle + 1 :])
            )
        self._pieces(body, fault.pause if fault and kind == "trickle" else 0)

    def _pieces(self, body: memoryview, pause: float) -> None:
        size = PIECE // 4 if pause else PIECE
        for at in range(0, len(body), size):
            if pause:
                time.sleep(pause)
            piece = body[at : at + size]
            with self.state.lock:
                self.state.sent += len(piece)
            self.wfile.write(piece)


def _passed_on(near: socket.socket, far: socket.socket) -> bool:
    data = near.recv(PIECE)
    far.sendall(data)
    return bool(data)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


@contextmanager
def fault_server(
    objects: dict[str, bytes] | None = None, certificate: Path | None = None
) -> Iterator[FaultServer]:
    """A running server of `objects` by path ("/a.tar"); stopped at the end.

    certificate: with its key, for https.
    """
    state = FaultServer(dict(objects or {}), scheme="https" if certificate else "http")
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
