"""What runs in a worker process."""

from __future__ import annotations

import pickle
import socket

from ..errors import describe
from .channel import Channel


def main(fd: int) -> None:
    """Receive a function over socket `fd` and run it until it returns or the owner is gone."""
    channel = Channel(socket.socket(fileno=fd))
    try:
        pickled, index = channel.receive()[0]
        try:
            worker_main = pickle.loads(pickled)
        except Exception as error:
            channel.send(describe(error))
            return
        channel.send(None)
        worker_main(channel, index)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the owner has closed the channel or was killed
