"""A video file opened by PyAV: its first stream of a kind, and its packets on one clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from ..errors import DataError, MissingExtraError, reason
from ..limits import DEFAULT_LIMITS

Kind = Literal["video", "audio"]

# Seconds that a stream's times step back where they start over: less is jitter.
STEP_BACK = Fraction(1, 10)


def require_pyav() -> Any:
    """PyAV; raises MissingExtraError where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("reading videos", "video") from error
    return av


@contextmanager
def open_stream(path: Path, kind: Kind) -> Iterator[tuple[Any, Any]]:
    """The container at `path` and its first stream of a kind, decoded in this thread.

    Raises DataError, naming the file and the cause, for whatever goes wrong within the block.
    """
    av = require_pyav()
    # From the root, since to FFmpeg "take:1.mp4" is an address and "pipe:0.mp4" its input.  Titles
    # are in any encoding and no matter here.
    address = os.path.abspath(path)
    with naming_file(path), av.open(address, metadata_errors="replace") as container:
        stream = find_stream(container, kind)
        if stream is None:
            missing = "sound track" if kind == "audio" else "frames"
            raise DataError(f"{path} has no {missing}.")
        if stream.codec_context is None:
            raise DataError(f"{path} holds {kind} of a kind that no decoder here knows.")
        if kind == "video":
            check_size(path, stream.codec_context.width, stream.codec_context.height)
        stream.thread_type = "NONE"
        yield container, stream


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Make a DataError, naming the file and the cause, of whatever PyAV raises within."""
    av = require_pyav()
    try:
        yield
    except (DataError, MissingExtraError):
        raise
    # ValueError and ArithmeticError: numbers of a damaged header that PyAV cannot represent.
    except (av.error.FFmpegError, OSError, ValueError, ArithmeticError, MemoryError) as error:
        raise DataError(f"{path} cannot be decoded: {reason(error)}.") from error


def check_size(path: Path, width: int, height: int) -> None:
    """Raise DataError for frames so large that a few bytes of a file could fill the memory."""
    if width * height > DEFAULT_LIMITS.max_pixels:
        raise DataError(
            f"{path} announces frames of {width}x{height} pixels; at most "
            f"{DEFAULT_LIMITS.max_pixels} are read."
        )


def find_stream(container: Any, kind: Kind) -> Any:
    """The first stream of a kind, None if there is none; a cover is no frame of the video."""
    cover = require_pyav().stream.Disposition.attached_pic
    streams = (s for s in container.streams if not s.disposition & cover)
    return next((s for s in streams if s.type == kind), None)


def read_packets(container: Any) -> Iterator[Any]:
    """Every packet of every stream in the order of the file, the last of each an empty one.

    The times of the first frames and sound are on one clock, also where they start over part
    way, as in transport streams that were put one behind the other.
    """
    clock = _Clock()
    placed = {s.index for kind in ("video", "audio") if (s := find_stream(container, kind))}
    for packet in container.demux():
        if packet.stream_index in placed and packet.size:
            clock.place(packet)
        yield packet


class _Clock:
    """Moves the times of packets that start over to the end of what came before.

    All streams of a part move by the same, so that they keep their distances.  Numbers are those of
    the streams' own clocks as far as can be: fractions of every packet would take as long as
    decoding the sound.
    """

    def __init__(self) -> None:
        self._offsets = [Fraction(0)]  # of each part, in seconds
        self._streams: dict[int, _Times] = {}

    def place(self, packet: Any) -> None:
        """Set the times of a packet; every one is to be given, in order."""
        times = self._streams.get(packet.stream_index)
        if times is None:
            if not packet.time_base:
                return
            times = self._streams[packet.stream_index] = _Times(packet.time_base)
        pts, dts = packet.pts, packet.dts
        shown = dts if pts is None else pts
        if shown is None:
            return
        if dts is not None:  # times on screen step back with every reordered frame
            if times.latest is not None and dts < times.latest - times.step_back:
                self._next_part(times, shown)
            times.latest = dts
        if times.offset:
            packet.pts = None if pts is None else pts + times.offset
            packet.dts = None if dts is None else dts + times.offset
        times.end = max(times.end, shown + times.offset + (packet.duration or 0))

    def _next_part(self, times: _Times, start: int) -> None:
        times.part += 1
        if times.part == len(self._offsets):
            end = max(other.end * other.unit for other in self._streams.values())
            self._offsets.append(end - start * times.unit)
        times.offset = round(self._offsets[times.part] / times.unit)


class _Times:
    """Where a stream is: which part, by how much it is moved, what it had last and where it ends.

    unit: of the numbers, in seconds.  latest: as the file has it.
    """

    def __init__(self, unit: Fraction) -> None:
        self.unit = unit
        self.step_back = STEP_BACK / unit
        self.part, self.offset, self.end = 0, 0, 0
        self.latest: int | None = None
