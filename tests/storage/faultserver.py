"""An http server on loopback that serves bytes with ETag and ranges, and misbehaves on demand."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import unquote

Kind = Literal["drop", "ignore_range", "status", "trickle", "changed", "truncated", "wrong"]
KINDS: tuple[Kind, ...] = (
    "drop", "ignore_range", "status", "trickle", "changed", "truncated", "wrong",
)  # fmt: skip
PIECE = 1 << 18


@dataclass(frozen=True)
class Fault:
    """How one response goes wrong.

    after: body bytes before a drop (a reset) or a truncation (an orderly end).  status: sent in
    place of the body.  pause: seconds before every piece of a trickle.
    """

    kind: Kind
    after: int = 0
    status: int = 503
    pause: float = 0.002


Schedule = Callable[[int], Fault | None]


@dataclass
class FaultServer:
    """What is served, and what was asked of it.  latency: seconds before every response.
    moved: by path, the address that a client is sent on to."""

    objects: dict[str, bytes]
    schedule: Schedule = lambda number: None
    latency: float = 0.0
    moved: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    requests: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def arrive(self, method: str, path: str, headers: Mapping[str, str]) -> Fault | None:
        with self.lock:
            self.requests.append((method, path, headers))
            number = len(self.requests) - 1
        return self.schedule(number)

    def forget(self) -> None:
        with self.lock:
            self.requests.clear()
            self.sent = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state: FaultServer

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(head=True)

    def do_GET(self) -> None:
        self._answer(head=False)

    def do_PUT(self) -> None:
        """As into a bucket that is not there."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._plain(404)

    def _answer(self, head: bool) -> None:
        fault = self.state.arrive(self.command, self.path, dict(self.headers.items()))
        if self.state.latency:
            time.sleep(self.state.latency)
        if fault and fault.kind == "status":
            return self._plain(fault.status, {"Retry-After": "0"})
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

    def _plain(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


@contextmanager
def fault_server(objects: dict[str, bytes] | None = None) -> Iterator[FaultServer]:
    """A running server of `objects` by path ("/a.tar"); stopped at the end."""
    state = FaultServer(dict(objects or {}))
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
