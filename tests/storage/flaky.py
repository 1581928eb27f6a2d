"""A wire on loopback that breaks: a TCP proxy that resets connections after some bytes."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PIECE = 1 << 14
Budget = Callable[[int], int | None]


@dataclass
class Wire:
    """A running proxy.  budget: by the number of a connection, how many bytes it carries, both ways
    together, before it is reset; None for all.  carried: bytes so far, of all."""

    port: int
    budget: Budget = lambda number: None
    connections: int = 0
    carried: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """A wire to a server's port, until the end of the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    wire = Wire(listener.getsockname()[1])
    threading.Thread(target=_accept, args=(listener, wire, port), daemon=True).start()
    try:
        yield wire
    finally:
        with suppress(OSError):  # wakes the thread that waits for connections
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, wire: Wire, port: int) -> None:
    with suppress(OSError):
        while True:
            near, _ = listener.accept()
            threading.Thread(target=_carry, args=(near, wire, port), daemon=True).start()


def _carry(near: socket.socket, wire: Wire, port: int) -> None:
    with near, suppress(OSError), socket.create_connection(("127.0.0.1", port)) as far:
        with wire.lock:
            left = [wire.budget(wire.connections)]
            wire.connections += 1
        back = threading.Thread(target=_pump, args=(far, near, wire, left), daemon=True)
        back.start()
        _pump(near, far, wire, left)
        back.join()


def _pump(source: socket.socket, target: socket.socket, wire: Wire, left: list[int | None]) -> None:
    with suppress(OSError):
        while data := source.recv(PIECE):
            with wire.lock:
                wire.carried += len(data)
                if left[0] is not None:
                    left[0] -= len(data)
                broken = left[0] is not None and left[0] < 0
            if broken:
                for end in (source, target):  # at once, when they close
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RDWR)
                return
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
