"""What runs in a worker process."""

from __future__ import annotations

import pickle
import socket

from ..errors import describe
from .channel import Channel


def main(fd: int) -> None:
    """Serve as the process at the other end of a socket says, until it is through or gone."""
    channel = Channel(socket.socket(fileno=fd))
    try:
        pickled, number = channel.receive()[0]
        try:
            serve = pickle.loads(pickled)
        except Exception as error:
            channel.send(describe(error))
            return
        channel.send(None)
        serve(channel, number)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the other side is through, or has been killed
