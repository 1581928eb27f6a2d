"""Messages between a process and its workers, and memory that both of them see."""

from __future__ import annotations

import contextlib
import io
import itertools
import mmap
import os
import pickle
import socket
import struct
import sys
import tempfile
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Channel", "CAN_SHARE", "SharedFile", "mapped"]

CAN_SHARE = hasattr(socket, "send_fds")  # not on Windows

_HEADER = struct.Struct("<QQ")  # bytes of the pickle, bytes of the lengths of its arrays
_MOST_FILES = 3


class SharedFile:
    """Memory that another process maps by its descriptor; it has no name, and no limit but RAM.

    fd: open until `close`, which mappings outlive, so that there may be more of them than files may
    be open.  number: no other file of this process has it, however many were there before.
    """

    _numbers = itertools.count()

    def __init__(self, size: int) -> None:
        self.number = next(self._numbers)
        if hasattr(os, "memfd_create"):
            # Not in /dev/shm, which containers keep small.
            self.fd = os.memfd_create("avrb", os.MFD_CLOEXEC)
        else:
            with tempfile.TemporaryFile() as file:
                self.fd = os.dup(file.fileno())
        os.ftruncate(self.fd, size)
        self.close = weakref.finalize(self, os.close, self.fd)


def mapped(fd: int) -> npt.NDArray[np.uint8]:
    """All of a shared file as bytes that can be written to."""
    torch = sys.modules.get("torch")
    if torch is None:
        return np.frombuffer(mmap.mmap(fd, 0), np.uint8)
    # Unlike mmap's before Python 3.13, this mapping doesn't hold a descriptor of its own, of which
    # a process has about a thousand.
    size = os.fstat(fd).st_size
    whole = torch.from_file(f"/dev/fd/{fd}", shared=True, size=size, dtype=torch.uint8)
    found: npt.NDArray[np.uint8] = whole.numpy()
    return found


class Channel:
    """One end of a pair of sockets: objects in order, their arrays and tensors in shared memory."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: Any, files: Sequence[int] = ()) -> None:
        """Send anything that can be pickled, and descriptors of shared files."""
        body, arrays = io.BytesIO(), list[pickle.PickleBuffer]()
        _Pickler(body, protocol=5, buffer_callback=arrays.append).dump(message)
        parts = [array.raw() for array in arrays]
        lengths = np.array([part.nbytes for part in parts], np.int64)
        shared = None
        if lengths.any():
            shared = SharedFile(int(lengths.sum()))
            memory = mapped(shared.fd)
            for part, stop in zip(parts, lengths.cumsum().tolist(), strict=True):
                memory[stop - part.nbytes : stop] = np.frombuffer(part, np.uint8)
        everything = [*files, *([shared.fd] if shared else [])]
        head = _HEADER.pack(body.tell(), lengths.nbytes)
        socket.send_fds(self._end, [head], everything)
        self._end.sendall(body.getvalue() + lengths.tobytes())

    def receive(self) -> tuple[Any, list[int]]:
        """The next message, and the descriptors of shared files that came with it, to be closed.

        Raises EOFError once the other end is closed.
        """
        head, files, _, _ = socket.recv_fds(self._end, _HEADER.size, _MOST_FILES)
        if not head:
            raise EOFError
        head += self._exactly(_HEADER.size - len(head))
        size, rest = _HEADER.unpack(head)
        body, lengths = self._exactly(size), np.frombuffer(self._exactly(rest), np.int64)
        parts = []
        if lengths.any():
            memory = mapped(files[-1])
            os.close(files.pop())
            stops = lengths.cumsum().tolist()
            parts = [memory[s - n : s] for s, n in zip(stops, lengths.tolist(), strict=True)]
        else:
            parts = [np.empty(0, np.uint8)] * len(lengths)
        return pickle.loads(body, buffers=parts), files

    def close(self) -> None:
        """End it for both sides, also where a forked child holds this end too."""
        with contextlib.suppress(OSError):  # the other side may have gone already
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()

    def _exactly(self, size: int) -> bytearray:
        found = bytearray(size)
        view, done = memoryview(found), 0
        while done < size:
            got = self._end.recv_into(view[done:])
            if not got:
                raise EOFError
            done += got
        return found


class _Pickler(pickle.Pickler):
    """Takes a tensor's values apart, as it does those of an array, instead of copying them."""

    def reducer_override(self, value: Any) -> Any:
        torch = sys.modules.get("torch")
        if torch is not None and type(value) is torch.Tensor:
            try:
                return _tensor, (value.numpy(),)
            except (TypeError, RuntimeError):
                pass  # on a GPU, sparse, bfloat16, with gradients: torch knows how
        return NotImplemented


def _tensor(array: npt.NDArray[Any]) -> Any:
    import torch

    return torch.from_numpy(array)
