"""Connections to web servers, closed when a server is too slow."""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
import time
import weakref
from base64 import b64encode
from collections import defaultdict
from functools import lru_cache
from threading import Lock
from typing import Any, cast
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from .limits import StorageLimits

IDLE = 16  # connections to one server that wait for the next request
# Where systems keep certificates, for an OpenSSL that was built to look elsewhere.
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
Origin = tuple[str, str, int]
"""Scheme, host and port: the scope of secrets."""


def origin_of(parts: SplitResult) -> Origin:
    """The origin of a URL; raises ValueError for an invalid host or port.

    >>> origin_of(urlsplit("https://me@Host/a"))
    ('https', 'host', 443)
    """
    port = parts.port if parts.port is not None else (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    return parts.scheme, host if host.isascii() else host.encode("idna").decode(), port


def basic_auth(parts: SplitResult) -> str:
    """The header with the user and password of a URL."""
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


class TooSlowError(TimeoutError):
    """A response takes longer than its deadline."""


class Connection:
    """A connection to a server, or to the proxy that passes requests on to it.

    proxy: the headers that the proxy wants, None where requests go to the server itself.
    """

    def __init__(self, sock: socket.socket, silence: float, proxy: dict[str, str] | None = None):
        self.sock, self.silence, self.proxy = sock, silence, proxy
        self.left = 0.0
        """Seconds that may be waited for what is still to come of an answer."""

    def makefile(self, mode: str) -> io.BufferedReader:
        """What is received, for http.client's reader of answers."""
        return io.BufferedReader(_Received(self), 1 << 16)

    def ask(self, head: bytes, seconds: float, method: str = "GET") -> http.client.HTTPResponse:
        """Send a request; all of the answer may be waited for so many seconds."""
        self.left = seconds
        self.sock.settimeout(self.silence)
        self.sock.sendall(head)
        answer = http.client.HTTPResponse(cast(socket.socket, self), method=method)
        answer.begin()
        return answer

    def receive(self, buffer: Any) -> int:
        """Fill `buffer`; return the number of bytes, 0 at the end.  Raises TimeoutError."""
        began = time.monotonic()  # time in which nobody waits is not the server's
        try:
            if self.left > 0:
                self.sock.settimeout(min(self.silence, self.left))
                return self.sock.recv_into(buffer)
        except TimeoutError:
            if self.left > self.silence:
                raise
        finally:
            self.left -= time.monotonic() - began
        raise TooSlowError

    def close(self) -> None:
        """Close it."""
        self.sock.close()


class _Received(io.RawIOBase):
    """One answer of a connection, which stays open when it is read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As `Connection.receive`."""
        return self._connection.receive(buffer)


class Connections:
    """Connections by origin, kept for the next request; thread-safe."""

    def __init__(self, limits: StorageLimits) -> None:
        self._limits, self._lock = limits, Lock()
        self._idle: dict[Origin, list[Connection]] = defaultdict(list)
        weakref.finalize(self, _close_all, self._idle)

    def take_idle(self, of: Origin) -> Connection | None:
        """A connection that was used before, and may have been closed by the server since."""
        with self._lock:
            return self._idle[of].pop() if self._idle[of] else None

    def give_back(self, of: Origin, connection: Connection) -> None:
        """Keep a connection whose response was read to its end."""
        with self._lock:
            if len(self._idle[of]) < IDLE:
                self._idle[of].append(connection)
                return
        connection.close()

    def connect(self, of: Origin) -> Connection:
        """A new connection.  Raises OSError."""
        scheme, host, port = of
        found = {} if proxy_bypass(host) else getproxies()
        proxy = found.get(scheme) or found.get("all")
        if proxy is None:
            sock = self._open((host, port))
            return Connection(self._secured(sock, of), self._limits.read_timeout)
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}", "http")
        headers = {"proxy-authorization": basic_auth(parts)} if parts.username else {}
        sock = self._secured(self._open(origin_of(parts)[1:]), origin_of(parts))
        if scheme == "http":
            return Connection(sock, self._limits.read_timeout, headers)
        to = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        _tunnel(Connection(sock, self._limits.connect_timeout), to, headers)
        return Connection(self._secured(sock, of), self._limits.read_timeout)

    def _open(self, address: tuple[str, int]) -> socket.socket:
        sock = socket.create_connection(address, self._limits.connect_timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def _secured(self, sock: socket.socket, of: Origin) -> socket.socket:
        if of[0] != "https":
            return sock
        try:
            sock.settimeout(self._limits.connect_timeout)
            trusted = tuple(map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))
            return _context(trusted).wrap_socket(sock, server_hostname=of[1])
        except BaseException:
            sock.close()
            raise


def _tunnel(proxy: Connection, to: str, headers: dict[str, str]) -> None:
    """Ask a proxy for a tunnel.  Raises OSError where it refuses."""
    lines = [f"CONNECT {to} HTTP/1.1", f"Host: {to}", *(f"{k}: {v}" for k, v in headers.items())]
    try:
        answer = proxy.ask("\r\n".join([*lines, "", ""]).encode(), proxy.silence, "CONNECT")
        if answer.status // 100 != 2:
            raise ConnectionRefusedError(f"the proxy answers {answer.status}")
    except BaseException:
        proxy.close()
        raise


def _close_all(idle: dict[Origin, list[Connection]]) -> None:
    for connections in idle.values():
        for connection in connections:
            connection.close()


@lru_cache(maxsize=4)
def _context(trusted: tuple[str | None, ...]) -> ssl.SSLContext:
    """The certificates to trust: the system's, or those that the environment names, `trusted`."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"] and not paths.cafile and not paths.capath:
        for bundle in filter(os.path.exists, BUNDLES):
            context.load_verify_locations(bundle)
            break
    return context
