"""The memory that batches lie in: used again once nobody can see it any more.

Fresh memory comes from the system page by page, zeroed, and goes back the same way; for decoded
video that takes a third of the time that decoding does.
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
    """What all clips have in common, so that memory for a batch is there before they are decoded.

    frames: (t, h, w, 3).  waveform: (channels, samples of the longest).  None where clips differ.
    """

    frames: tuple[int, int, int, int] | None
    waveform: tuple[int, int] | None

    @classmethod
    def of(cls, manifest: Manifest | None) -> BatchShape:
        """The layout that a manifest announces."""
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
        """The frames and waveforms of a batch of up to `clips` clips."""
        return (
            None if self.frames is None else ArraySpec(self.frames, np.uint8, clips),
            None if self.waveform is None else ArraySpec(self.waveform, np.float32, clips),
        )


MOST_SHARED = 64  # pieces of a kind: a worker process has a descriptor for each


@dataclass(frozen=True, eq=False)
class Buffer:
    """Bytes for one array of a batch; file: by which other processes map them, if they may."""

    bytes: npt.NDArray[np.uint8]
    file: SharedFile | None = None


def _shared_piece(size: int) -> Buffer:
    """Bytes that worker processes write to."""
    file = SharedFile(size)
    return Buffer(map_shared(file.fd), file)


def _own_piece(size: int) -> Buffer:
    return Buffer(np.empty(size, np.uint8))


class _Lease:
    """Owns a piece of memory for as long as any array or tensor made from it is there.

    Every view, slice, tensor and buffer of `np.asarray(lease)` holds a reference to the lease, so
    that the memory goes back when the last of them is gone, and not before.  The garbage collector
    can't come first: it does not see into arrays, and takes a lease that one holds for reachable.
    """

    def __init__(self, piece: Buffer, free: deque[Buffer]) -> None:
        self._piece, self._free = piece, free
        self.__array_interface__ = piece.bytes.__array_interface__

    def __del__(self) -> None:
        self._free.append(self._piece)


class ArraySpec:
    """Arrays of one dtype and up to `most` rows of one shape, over bytes that there are.

    >>> ArraySpec((2,), np.int16, most=3).over(np.zeros(12, np.uint8), rows=2).shape
    (2, 2)
    """

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike, most: int) -> None:
        self._shape, self._dtype = (most, *shape), np.dtype(dtype)

    @property
    def size(self) -> int:
        """How many bytes all rows take."""
        return math.prod(self._shape) * self._dtype.itemsize

    def over(self, memory: npt.NDArray[np.uint8], rows: int) -> npt.NDArray[Any]:
        """The first `rows` rows of the array that lies in `memory`."""
        return memory.view(self._dtype).reshape(self._shape)[:rows]


class _Pool:
    """Pieces for such arrays; keeps `keep` of them for the next ones."""

    def __init__(self, arrays: ArraySpec, keep: int, shared: bool) -> None:
        self._arrays, self._shared = arrays, shared
        self._free: deque[Buffer] = deque(maxlen=keep)
        self._there: weakref.WeakSet[Buffer] = weakref.WeakSet()

    def take(self, rows: int) -> tuple[npt.NDArray[Any], Buffer] | None:
        """An array of `rows` rows that nobody else holds, with anything in it, and its piece.

        None where as many are held as may be shared.
        """
        try:
            piece = self._free.pop()
        except IndexError:
            if self._shared and len(self._there) >= MOST_SHARED:
                return None
            piece = (_shared_piece if self._shared else _own_piece)(self._arrays.size)
            self._there.add(piece)
        return self._arrays.over(np.asarray(_Lease(piece, self._free)), rows), piece


@dataclass(frozen=True)
class BatchBuffers:
    """Signals of one batch, clip by clip in rows; None where the layout knows no shape.

    frames: (b, t, h, w, 3) uint8.  waveform: (b, channels, samples of the longest) float32.
    pieces: where both lie, None where one is None.
    """

    frames: Frame | None = None
    waveform: Waveform | None = None
    pieces: tuple[Buffer | None, Buffer | None] = (None, None)

    def rows(self, place: int) -> OutputRows:
        """Where the clip at `place` goes."""
        return OutputRows(
            None if self.frames is None else self.frames[place],
            None if self.waveform is None else self.waveform[place],
        )

    def columns(self, keep: list[int], lengths: list[int]) -> dict[str, torch.Tensor]:
        """The signals as tensors; only the rows `keep`, copied, where these are not all."""
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
    """Memory for batches of up to `clips` clips; keeps that of `keep` batches for the next ones.

    shared: worker processes write to it.
    """

    def __init__(self, layout: BatchShape, clips: int, keep: int, shared: bool = False) -> None:
        self._settings = (layout, clips, keep, shared)
        self._pools = [
            None if arrays is None else _Pool(arrays, keep, shared)
            for arrays in layout.arrays(clips)
        ]

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has memory of its own.
        return BufferPool, self._settings

    def take(self, clips: int) -> BatchBuffers:
        """Memory for a batch of `clips` clips, with anything in it.

        It has no rows where the consumer holds more batches than may be shared: clips then come
        with memory of their own.
        """
        taken = [pool and pool.take(clips) for pool in self._pools]
        if any(pool and not there for pool, there in zip(self._pools, taken, strict=True)):
            return BatchBuffers()
        (frames, seen), (waveform, heard) = (there or (None, None) for there in taken)
        return BatchBuffers(frames, waveform, (seen, heard))
