"""What a video announces of its length, compared with what was in it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import DataError

# Containers that announce how many seconds they last.
LAST = frozenset(("mov", "matroska", "flv", "asf"))
# They flag a packet where two recordings meet; what is really lost, the decoder tells.
FLAG_JOINTS = frozenset(("mpegts",))
MISTAKEN = Fraction(1, 10)  # by how many seconds, or by how many frames
FRAMES_MISTAKEN = 1
MILLION = 1_000_000


class TruncationCheck:
    """What has been read of a file, to compare with what the file announces.

    stream: of the frames, whose average rate is `rate`.
    """

    def __init__(self, path: Path, container: Any, stream: Any, rate: Fraction) -> None:
        self._path, self._container, self._stream = path, container, stream
        self._kinds = set(container.format.name.split(","))
        self._rate = rate
        self._packets, self._shown = 0, 0
        self._ends: dict[int, int] = {}  # of each stream, by its own clock
        self._units = {s.index: s.time_base or Fraction(0) for s in container.streams}

    def note(self, packet: Any) -> None:
        """Count a packet of any stream; raises DataError for one that is cut off."""
        if not packet.size:
            return
        index, pts = packet.stream_index, packet.pts
        if pts is not None:
            end = pts + (packet.duration or 0)
            self._ends[index] = max(self._ends.get(index, 0), end)
            if index == self._stream.index and not packet.is_discard:
                self._shown = max(self._shown, end)
        self._packets += index == self._stream.index
        if packet.is_corrupt and not self._kinds & FLAG_JOINTS:
            raise DataError(f"{self._path} is cut off or damaged at {float(self._end):.2f} s.")

    @property
    def _end(self) -> Fraction:
        """When what was read ends, in seconds."""
        ends = (end * self._units.get(index, 0) for index, end in self._ends.items())
        return max(ends, default=Fraction(0))

    def check_end(self) -> None:
        """Raise DataError where the file announces more than was in it."""
        frames = int(self._stream.frames)
        if "mov" in self._kinds and self._packets < frames and self._lacks_frames():
            raise DataError(
                f"{self._path} is cut off: it announces {frames} frames and holds {self._packets}."
            )
        end = self._seconds()
        if self._end + max(MISTAKEN, FRAMES_MISTAKEN / self._rate) < end:
            raise DataError(
                f"{self._path} is cut off: it announces {float(end):.2f} s and ends at "
                f"{float(self._end):.2f} s."
            )

    def _lacks_frames(self) -> bool:
        """Whether an mp4 ends before its last frame; an edit list may leave out others."""
        duration, start = self._stream.duration, self._stream.start_time or 0
        if not duration:
            return True
        missing = Fraction((start + duration - self._shown) * self._stream.time_base)
        return missing > 1 / (2 * self._rate)

    def _seconds(self) -> Fraction:
        """When the file says it ends, in seconds; 0 where it does not."""
        if "avi" in self._kinds:  # FFmpeg's own duration goes by what is there
            return int(self._stream.frames) / self._rate
        if not self._kinds & LAST:
            return Fraction(0)
        length = Fraction(self._container.duration or 0, MILLION)
        if "mov" not in self._kinds:
            return length  # of the clock, which need not start with the file
        if not self._stream.frames:  # in fragments, whose lengths may count a late start twice
            streams = self._container.streams
            return max(Fraction((s.duration or 0) * s.time_base) for s in streams if s.time_base)
        return length + Fraction(self._container.start_time or 0, MILLION)
