"""Messages between a process and its workers, and memory that both of them map."""

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
import traceback
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cloudpickle
import numpy as np
import numpy.typing as npt

from ..errors import AvrbError, UsageError, describe, reason

_HEADER = struct.Struct("<Q?")  # number of parts (the pickle and its arrays); in a shared file?
_MAX_FILES = 3
_ALIGNMENT = 64
# Larger messages go through a shared file: a socket holds about 200 KB, and two processes that
# wait for each other to read more would wait forever.
_MAX_INLINE_BYTES = 1 << 14


@contextlib.contextmanager
def _sharing() -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # torch raises RuntimeError
        raise AvrbError(
            f"memory cannot be shared with worker processes: {reason(error)}; lower num_workers, "
            f'or pass worker_type="thread".'
        ) from error


class SharedFile:
    """Memory that another process maps by its descriptor; it has no name, and only RAM limits it.

    Attributes:
        fd: Open until `close` is called. Mappings outlive it, so that there may be more of them
            than a process may have open files.
        number: Unique among all files that this process has ever made.
    """

    _numbers = itertools.count()

    @_sharing()
    def __init__(self, size: int) -> None:
        self.number = next(self._numbers)
        if hasattr(os, "memfd_create"):
            # Not in /dev/shm, which containers keep small.
            self.fd = os.memfd_create("avrb", os.MFD_CLOEXEC)
        else:  # macOS
            with tempfile.TemporaryFile() as file:
                self.fd = os.dup(file.fileno())
        os.ftruncate(self.fd, size)
        self.close = weakref.finalize(self, os.close, self.fd)


@_sharing()
def map_shared(fd: int) -> npt.NDArray[np.uint8]:
    """Map a whole shared file as a writable array of bytes."""
    torch, path = sys.modules.get("torch"), f"/dev/fd/{fd}"
    if torch is None or not os.path.exists(path):
        return np.frombuffer(mmap.mmap(fd, 0), np.uint8)
    # Unlike mmap's, this mapping holds no descriptor, of which a process has about a thousand.
    size = os.fstat(fd).st_size
    tensor = torch.from_file(path, shared=True, size=size, dtype=torch.uint8)
    array: npt.NDArray[np.uint8] = tensor.numpy()
    return array


class Channel:
    """One end of a pair of sockets that carries objects in order, large ones in shared memory.

    Arrays and tensors are not copied to be pickled, and received ones stay in the memory in which
    they arrived.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: Any, files: Sequence[int] = ()) -> None:
        """Send an object, and descriptors of shared files with it.

        Raises UsageError, and sends nothing, if cloudpickle cannot pickle the object.
        """
        parts = _pickle(message)
        lengths = np.array([part.nbytes for part in parts], np.int64)
        starts, size = _aligned_starts(lengths)
        shared = [SharedFile(size)] if size > _MAX_INLINE_BYTES else []
        buffer = map_shared(shared[0].fd) if shared else np.zeros(size, np.uint8)
        for part, start in zip(parts, starts, strict=True):
            buffer[start : start + part.nbytes] = np.frombuffer(part, np.uint8)
        head = _HEADER.pack(len(lengths), bool(shared))
        socket.send_fds(self._end, [head], [*files, *(file.fd for file in shared)])
        self._end.sendall(lengths.tobytes() + (b"" if shared else buffer.tobytes()))

    def receive(self) -> tuple[Any, list[int]]:
        """Return the next message and the descriptors that came with it, for the caller to close.

        Raises EOFError once the other end is closed.
        """
        head, files, _, _ = socket.recv_fds(self._end, _HEADER.size, _MAX_FILES)
        if not head:
            raise EOFError
        head += self._exactly(_HEADER.size - len(head))
        count, large = _HEADER.unpack(head)
        lengths = np.frombuffer(self._exactly(8 * count), np.int64)
        starts, size = _aligned_starts(lengths)
        buffer = _map_received(files) if large else np.frombuffer(self._exactly(size), np.uint8)
        body, *parts = (buffer[s : s + n] for s, n in zip(starts, lengths.tolist(), strict=True))
        return pickle.loads(body.data, buffers=parts), files

    def fileno(self) -> int:
        """Return the descriptor of this end."""
        return self._end.fileno()

    def close(self) -> None:
        """Close the channel for both sides, even if a forked child also holds this end."""
        with contextlib.suppress(OSError):  # the other side may have closed it already
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()

    def _exactly(self, size: int) -> bytearray:
        data = bytearray(size)
        view, done = memoryview(data), 0
        while done < size:
            got = self._end.recv_into(view[done:])
            if not got:
                raise EOFError
            done += got
        return data


def _map_received(files: list[int]) -> npt.NDArray[np.uint8]:
    """Map the last of these files, close it and remove it from the list."""
    with _sharing():
        if not files:  # the system drops descriptors beyond the limit of open files
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    try:
        return map_shared(files[-1])
    finally:
        os.close(files.pop())


def _pickle(message: Any) -> list[memoryview]:
    """Return the pickle of a message and the arrays in it, which are not copied."""
    body, arrays = io.BytesIO(), list[pickle.PickleBuffer]()
    try:
        _Pickler(body, protocol=5, buffer_callback=arrays.append).dump(message)
    except Exception as error:
        raise UsageError(
            f"the transform's result cannot be pickled: {reason(error)}; return no locks or open "
            f'files, or pass worker_type="thread".'
        ) from error
    return [body.getbuffer(), *(array.raw() for array in arrays)]


def _aligned_starts(lengths: npt.NDArray[np.int64]) -> tuple[list[int], int]:
    """Return where parts of these lengths start, aligned for any array, and their total size."""
    padded = -(-lengths // _ALIGNMENT) * _ALIGNMENT
    return (padded.cumsum() - padded).tolist(), int(padded.sum())


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Passes a tensor's values out of band, as pickle does an array's, instead of copying them.

    What a script or notebook defines is pickled by value.
    """

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, BaseException):
            return _reduce_error(value)
        torch = sys.modules.get("torch")
        if torch is not None and type(value) is torch.Tensor:
            try:
                return _to_tensor, (value.numpy(),)
            except (TypeError, RuntimeError):
                pass  # on a GPU, sparse, bfloat16 or with gradients: torch pickles it
        return super().reducer_override(value)


def _to_tensor(array: npt.NDArray[Any]) -> Any:
    import torch

    return torch.from_numpy(array)


class WorkerTraceback(Exception):
    """The cause of an error from a worker process: its traceback there, as text."""


def _reduce_error(error: BaseException) -> tuple[Callable[..., BaseException], tuple[bytes, str]]:
    """Reduce an error as `__reduce__` does, with its traceback.

    One that cannot be pickled becomes a RuntimeError with the same message.
    """
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        pickled = cloudpickle.dumps(error)
        pickle.loads(pickled)
    except Exception:
        pickled = pickle.dumps(RuntimeError(describe(error)))
    return _restore_error, (pickled, text)


def _restore_error(pickled: bytes, text: str) -> BaseException:
    error: BaseException = pickle.loads(pickled)
    error.__cause__ = WorkerTraceback(f"\n{text}")
    return error
