"""Memory for batches, reused once no array or tensor refers to it any more.

The system hands out new memory page by page, zeroed, and takes it back the same way; for decoded
video that takes a third as long as decoding.
"""

from __future__ import annotations

import math
import weakref
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..concurrency import SharedFile, map_shared
from ..corruptions import Frame
from ..shards import Manifest
from ..signals import Waveform
from .clip_block import OutputRows

if TYPE_CHECKING:
    import torch

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class BatchShape:
    """The shapes that all clips share, by which memory is allocated before they are decoded.

    Attributes:
        frames: (t, h, w, 3); None if clips differ.
        waveform: (channels, samples of the longest clip); None if clips differ.
    """

    frames: tuple[int, int, int, int] | None
    waveform: tuple[int, int] | None

    @classmethod
    def of(cls, manifest: Manifest | None) -> BatchShape:
        """Return the shapes that a manifest declares."""
        if manifest is None:
            return cls(None, None)
        frames, audio = manifest.frames, manifest.audio
        size = None
        if frames.count is not None and frames.height is not None and frames.width is not None:
            size = (frames.count, frames.height, frames.width, 3)
        return cls(
            size,
            None if audio.channels is None else (audio.channels, audio.max_samples),
        )

    def arrays(self, clips: int) -> tuple[ArraySpec | None, ArraySpec | None]:
        """Return the specs of frames and waveforms for batches of up to `clips` clips."""
        return (
            None if self.frames is None else ArraySpec(self.frames, np.uint8, clips),
            None if self.waveform is None else ArraySpec(self.waveform, np.float32, clips),
        )


MAX_SHARED = 64  # buffers of a kind: a worker process holds a descriptor for each


@dataclass(frozen=True, eq=False)
class Buffer:
    """Bytes for one array of a batch; file: through which worker processes map them, if shared."""

    bytes: npt.NDArray[np.uint8]
    file: SharedFile | None = None


def _shared_buffer(size: int) -> Buffer:
    """Allocate a buffer that worker processes write to."""
    file = SharedFile(size)
    return Buffer(map_shared(file.fd), file)


def _private_buffer(size: int) -> Buffer:
    return Buffer(np.empty(size, np.uint8))


class _Lease:
    """Holds a buffer as long as any array or tensor made from it exists.

    Every view, slice and tensor of `np.asarray(lease)` refers to the lease, so that the buffer is
    free again when the last of them is gone, and not before. The garbage collector cannot free it
    earlier: it does not traverse arrays, so a lease that an array refers to is reachable to it.
    """

    def __init__(self, buffer: Buffer, free: deque[Buffer]) -> None:
        self._buffer, self._free = buffer, free
        self.__array_interface__ = buffer.bytes.__array_interface__

    def __del__(self) -> None:
        self._free.append(self._buffer)


class ArraySpec:
    """Arrays of one dtype and up to `max_rows` rows of one shape, as views of given bytes.

    >>> ArraySpec((2,), np.int16, max_rows=3).view(np.zeros(12, np.uint8), rows=2).shape
    (2, 2)
    """

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike, max_rows: int) -> None:
        self._shape, self._dtype = (max_rows, *shape), np.dtype(dtype)

    @property
    def size(self) -> int:
        """Size of all rows in bytes."""
        return math.prod(self._shape) * self._dtype.itemsize

    def view(self, memory: npt.NDArray[np.uint8], rows: int) -> npt.NDArray[Any]:
        """View the first `rows` rows of the array in `memory`."""
        return memory.view(self._dtype).reshape(self._shape)[:rows]


class _Pool:
    """Buffers for arrays of one spec; keeps up to `keep` free ones for reuse."""

    def __init__(self, arrays: ArraySpec, keep: int, shared: bool) -> None:
        self._spec, self._shared = arrays, shared
        self._free: deque[Buffer] = deque(maxlen=keep)
        self._live: weakref.WeakSet[Buffer] = weakref.WeakSet()

    def take(self, rows: int) -> tuple[npt.NDArray[Any], Buffer] | None:
        """Return an uninitialized array of `rows` rows that nobody else refers to, and its buffer.

        None if the limit of shared buffers is reached.
        """
        try:
            buffer = self._free.pop()
        except IndexError:
            if self._shared and len(self._live) >= MAX_SHARED:
                return None
            buffer = (_shared_buffer if self._shared else _private_buffer)(self._spec.size)
            self._live.add(buffer)
        return self._spec.view(np.asarray(_Lease(buffer, self._free)), rows), buffer


@dataclass(frozen=True)
class BatchBuffers:
    """The signals of one batch, one row for each clip; None if clips differ in shape.

    Attributes:
        frames: (b, t, h, w, 3) uint8.
        waveform: (b, channels, samples of the longest clip) float32.
        buffers: The buffers of both; None where the array is None.
    """

    frames: Frame | None = None
    waveform: Waveform | None = None
    buffers: tuple[Buffer | None, Buffer | None] = (None, None)

    def rows(self, row: int) -> OutputRows:
        """Return the rows that clip `row` is written to."""
        return OutputRows(
            None if self.frames is None else self.frames[row],
            None if self.waveform is None else self.waveform[row],
        )

    def columns(self, keep: list[int], lengths: list[int]) -> dict[str, torch.Tensor]:
        """Return the signals as tensors; if `keep` is not all rows, a copy of those rows."""
        import torch

        columns = {}
        if self.frames is not None:
            columns["frames"] = torch.from_numpy(_rows(self.frames, keep))
        if self.waveform is not None:
            padded = _rows(self.waveform, keep)[:, :, : max(lengths)]
            columns["waveform"] = torch.from_numpy(np.ascontiguousarray(padded))
            columns["num_samples"] = torch.tensor(lengths)
        return columns


def _rows(memory: npt.NDArray[Number], keep: list[int]) -> npt.NDArray[Number]:
    return memory if len(keep) == len(memory) else memory[keep]


class BufferPool:
    """Buffers for batches of up to `clips` clips; keeps those of `keep` batches for reuse.

    Args:
        shape: The shapes of clips.
        clips: The most clips of a batch.
        keep: How many free buffers are kept.
        shared: Whether worker processes write to them.
    """

    def __init__(self, shape: BatchShape, clips: int, keep: int, shared: bool = False) -> None:
        self._settings = (shape, clips, keep, shared)
        self._pools = [
            None if arrays is None else _Pool(arrays, keep, shared)
            for arrays in shape.arrays(clips)
        ]

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process allocates its own memory.
        return BufferPool, self._settings

    def take(self, clips: int) -> BatchBuffers:
        """Return uninitialized buffers for a batch of `clips` clips.

        They have no rows if the consumer holds the most batches that may be shared; each clip then
        allocates its own memory.
        """
        taken = [pool and pool.take(clips) for pool in self._pools]
        if any(pool and not there for pool, there in zip(self._pools, taken, strict=True)):
            return BatchBuffers()
        (frames, frames_buffer), (waveform, waveform_buffer) = (
            there or (None, None) for there in taken
        )
        return BatchBuffers(frames, waveform, (frames_buffer, waveform_buffer))
