"""Messages between a process and its workers, and memory that both of them see."""

from __future__ import annotations

import contextlib
import errno
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
from collections.abc import Iterator, Sequence
from typing import Any

import cloudpickle
import numpy as np
import numpy.typing as npt

from ..errors import AvrbError, UsageError, reason
from .carried import reduce_error

CAN_SHARE = hasattr(socket, "send_fds")  # not on Windows

_HEADER = struct.Struct("<Q?")  # how many parts: the pickle and its arrays; in a shared file?
_MOST_FILES = 3
_ALIGNED = 64
# What is larger goes by a shared file: a socket takes about 200 KB, and two processes that wait for
# each other to take more would wait for ever.
_MOST_INLINE = 1 << 14


@contextlib.contextmanager
def _sharing() -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # which torch raises
        raise AvrbError(
            f"memory cannot be shared with worker processes: {reason(error)}; give fewer workers, "
            f"or do with threads."
        ) from error


class SharedFile:
    """Memory that another process maps by its descriptor; it has no name, and no limit but RAM.

    fd: open until `close`, which mappings outlive, so that there may be more of them than files may
    be open.  number: no other file of this process has it, however many were there before.
    """

    _numbers = itertools.count()

    @_sharing()
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


@_sharing()
def map_shared(fd: int) -> npt.NDArray[np.uint8]:
    """All of a shared file as bytes that can be written to."""
    torch, path = sys.modules.get("torch"), f"/dev/fd/{fd}"
    if torch is None or not os.path.exists(path):
        return np.frombuffer(mmap.mmap(fd, 0), np.uint8)
    # Unlike mmap's, this mapping doesn't hold a descriptor of its own, of which a process has about
    # a thousand.
    size = os.fstat(fd).st_size
    whole = torch.from_file(path, shared=True, size=size, dtype=torch.uint8)
    found: npt.NDArray[np.uint8] = whole.numpy()
    return found


class Channel:
    """One end of a pair of sockets: objects in order, large ones by way of shared memory.

    Arrays and tensors are not copied to be pickled, and those received lie in the memory they came
    in.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: Any, files: Sequence[int] = ()) -> None:
        """Send anything that cloudpickle takes, and descriptors of shared files.

        Raises UsageError, with nothing sent, for anything else.
        """
        parts = _pickled(message)
        lengths = np.array([part.nbytes for part in parts], np.int64)
        starts, size = _places(lengths)
        shared = [SharedFile(size)] if size > _MOST_INLINE else []
        memory = map_shared(shared[0].fd) if shared else np.zeros(size, np.uint8)
        for part, start in zip(parts, starts, strict=True):
            memory[start : start + part.nbytes] = np.frombuffer(part, np.uint8)
        head = _HEADER.pack(len(lengths), bool(shared))
        socket.send_fds(self._end, [head], [*files, *(file.fd for file in shared)])
        self._end.sendall(lengths.tobytes() + (b"" if shared else memory.tobytes()))

    def receive(self) -> tuple[Any, list[int]]:
        """The next message, and the descriptors of shared files that came with it, to be closed.

        Raises EOFError once the other end is closed.
        """
        head, files, _, _ = socket.recv_fds(self._end, _HEADER.size, _MOST_FILES)
        if not head:
            raise EOFError
        head += self._exactly(_HEADER.size - len(head))
        count, large = _HEADER.unpack(head)
        lengths = np.frombuffer(self._exactly(8 * count), np.int64)
        starts, size = _places(lengths)
        memory = _received(files) if large else np.frombuffer(self._exactly(size), np.uint8)
        body, *parts = (memory[s : s + n] for s, n in zip(starts, lengths.tolist(), strict=True))
        return pickle.loads(body.data, buffers=parts), files

    def fileno(self) -> int:
        """The descriptor of this end."""
        return self._end.fileno()

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


def _received(files: list[int]) -> npt.NDArray[np.uint8]:
    """The memory of the last of these files, which is closed and taken off."""
    with _sharing():
        if not files:  # the system has left it out
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    try:
        return map_shared(files[-1])
    finally:
        os.close(files.pop())


def _pickled(message: Any) -> list[memoryview]:
    """A message as its pickle and the arrays in it, which are not copied."""
    body, arrays = io.BytesIO(), list[pickle.PickleBuffer]()
    try:
        _Pickler(body, protocol=5, buffer_callback=arrays.append).dump(message)
    except Exception as error:
        raise UsageError(
            f"what is made does not go to another process: {reason(error)}; leave out open files, "
            f"locks and the like, or do with threads."
        ) from error
    return [body.getbuffer(), *(array.raw() for array in arrays)]


def _places(lengths: npt.NDArray[np.int64]) -> tuple[list[int], int]:
    """Where parts of these lengths begin, so that any array is aligned, and how long all are."""
    room = -(-lengths // _ALIGNED) * _ALIGNED
    return (room.cumsum() - room).tolist(), int(room.sum())


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle comes without types
    """Takes a tensor's values apart, as it does those of an array, instead of copying them.

    What a script or notebook defines goes by value, and comes back as what it was.
    """

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, BaseException):
            return reduce_error(value)
        torch = sys.modules.get("torch")
        if torch is not None and type(value) is torch.Tensor:
            try:
                return _tensor, (value.numpy(),)
            except (TypeError, RuntimeError):
                pass  # on a GPU, sparse, bfloat16, with gradients: torch knows how
        return super().reducer_override(value)


def _tensor(array: npt.NDArray[Any]) -> Any:
    import torch

    return torch.from_numpy(array)
