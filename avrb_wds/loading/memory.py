"""The memory that batches lie in: used again once nobody can see it any more.

Fresh memory comes from the system page by page, zeroed, and goes back the same way; for decoded
video that takes a third of the time that decoding does.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..corruptions import Frame
from ..shards import Manifest
from ..signals import Waveform
from .clips import Rows

if TYPE_CHECKING:
    import torch

__all__ = ["Layout", "Memory", "MemoryPool"]


Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Layout:
    """What all clips have in common, so that memory for a batch is there before they are decoded.

    frames: (t, h, w, 3).  waveform: (channels, samples of the longest).  None where clips differ.
    """

    frames: tuple[int, int, int, int] | None
    waveform: tuple[int, int] | None

    @classmethod
    def of(cls, manifest: Manifest | None) -> Layout:
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


class _Lease:
    """Owns a piece of memory for as long as any array or tensor made from it is there.

    Every view, slice, tensor and buffer of `np.asarray(lease)` holds a reference to the lease, so
    that the memory goes back when the last of them is gone, and not before.  The garbage collector
    can't come first: it does not see into arrays, and takes a lease that one holds for reachable.
    """

    def __init__(self, memory: npt.NDArray[np.uint8], free: deque[npt.NDArray[np.uint8]]) -> None:
        self._memory, self._free = memory, free
        self.__array_interface__ = memory.__array_interface__

    def __del__(self) -> None:
        self._free.append(self._memory)


class _Arrays:
    """Arrays of one dtype and up to `most` rows of one shape."""

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike, most: int, keep: int) -> None:
        self._shape, self._dtype, self._most = shape, dtype, most
        self._free: deque[npt.NDArray[np.uint8]] = deque(maxlen=keep)

    def take(self, rows: int) -> npt.NDArray[Any]:
        """An array of `rows` rows that nobody else holds, with anything in it."""
        try:
            memory = self._free.pop()
        except IndexError:
            memory = np.empty((self._most, *self._shape), self._dtype).reshape(-1).view(np.uint8)
        whole = np.asarray(_Lease(memory, self._free)).view(self._dtype)
        return whole.reshape(self._most, *self._shape)[:rows]


class Memory:
    """Signals of one batch, clip by clip in rows; None where the layout knows no shape.

    frames: (b, t, h, w, 3) uint8.  waveform: (b, channels, samples of the longest) float32.
    """

    def __init__(self, frames: Frame | None = None, waveform: Waveform | None = None) -> None:
        self.frames, self.waveform = frames, waveform

    def rows(self, place: int) -> Rows:
        """Where the clip at `place` goes."""
        return Rows(
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


class MemoryPool:
    """Memory for batches of up to `clips` clips; keeps that of `keep` batches for the next ones."""

    def __init__(self, layout: Layout, clips: int, keep: int) -> None:
        self._frames = self._waveform = None
        if layout.frames is not None:
            self._frames = _Arrays(layout.frames, np.uint8, clips, keep)
        if layout.waveform is not None:
            self._waveform = _Arrays(layout.waveform, np.float32, clips, keep)

    def take(self, clips: int) -> Memory:
        """Memory for a batch of `clips` clips, with anything in it."""
        return Memory(
            None if self._frames is None else self._frames.take(clips),
            None if self._waveform is None else self._waveform.take(clips),
        )
