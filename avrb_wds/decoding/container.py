"""A video file opened by PyAV: its first stream of a kind, and its packets on one clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from ..bounds import DEFAULT_LIMITS
from ..errors import DataError, MissingExtra, cause

__all__ = ["find_stream", "naming_file", "need_pyav", "open_stream", "read_packets"]

Kind = Literal["video", "audio"]

# Seconds that a stream's times step back where they start over: less is jitter.
STEP_BACK = Fraction(1, 10)


def need_pyav() -> Any:
    """PyAV; raises MissingExtra where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise MissingExtra("reading videos", "video") from error
    return av


@contextmanager
def open_stream(path: Path, kind: Kind) -> Iterator[tuple[Any, Any]]:
    """The container at `path` and its first stream of a kind, decoded in this thread.

    Raises DataError, naming the file and the cause, for whatever goes wrong within the block.
    """
    av = need_pyav()
    # From the root, since to FFmpeg "take:1.mp4" is an address and "pipe:0.mp4" its input.  Titles
    # are in any encoding and no matter here.
    address = os.path.abspath(path)
    with naming_file(path), av.open(address, metadata_errors="replace") as container:
        stream = find_stream(container, kind)
        if stream is None:
            missing = "sound track" if kind == "audio" else "picture"
            raise DataError(f"{path} has no {missing}.")
        if stream.codec_context is None:
            raise DataError(f"{path} holds {kind} of a kind that no decoder here knows.")
        _check_size(path, stream)
        stream.thread_type = "NONE"
        yield container, stream


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Make a DataError, naming the file and the cause, of whatever PyAV raises within."""
    av = need_pyav()
    try:
        yield
    except (DataError, MissingExtra):
        raise
    # ValueError and ArithmeticError: numbers of a damaged header that PyAV cannot represent.
    except (av.error.FFmpegError, OSError, ValueError, ArithmeticError, MemoryError) as error:
        raise DataError(f"{path} does not decode: {cause(error)}.") from error


def _check_size(path: Path, stream: Any) -> None:
    """Raise DataError where pictures are so large that one may not fit in memory."""
    if stream.type != "video":
        return
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > DEFAULT_LIMITS.max_pixels:
        raise DataError(
            f"{path} announces pictures of {width}x{height} pixels; at most "
            f"{DEFAULT_LIMITS.max_pixels} are read."
        )


def find_stream(container: Any, kind: Kind) -> Any:
    """The first stream of a kind, None if there is none; a cover is no picture of the video."""
    cover = need_pyav().stream.Disposition.attached_pic
    streams = (s for s in container.streams if not s.disposition & cover)
    return next((s for s in streams if s.type == kind), None)


def read_packets(container: Any) -> Iterator[Any]:
    """Every packet of every stream in the order of the file, the last of each an empty one.

    The times of the first pictures and sound are on one clock, also where they start over part
    way, as in transport streams that were put one behind the other.
    """
    clock = _Clock()
    placed = {s.index for kind in ("video", "audio") if (s := find_stream(container, kind))}
    for packet in container.demux():
        if packet.size and packet.stream_index in placed:
            clock.place(packet)
        yield packet


class _Clock:
    """Moves the times of packets that start over to the end of what came before.

    All streams of a part move by the same, so that they keep their distances.
    """

    def __init__(self) -> None:
        self._offsets = [Fraction(0)]  # of each part
        self._parts: dict[int, int] = {}  # which one each stream is in
        self._latest: dict[int, Fraction] = {}  # of the part, as the file has it
        self._end = Fraction(0)

    def place(self, packet: Any) -> None:
        """Set the times of a packet; every one is to be given, in order."""
        stream, unit = packet.stream_index, packet.time_base
        shown = packet.dts if packet.pts is None else packet.pts
        if shown is None or not unit:
            return
        if packet.dts is not None:  # times on screen step back with every reordered picture
            time = packet.dts * unit
            if time < self._latest.get(stream, time) - STEP_BACK:
                self._next_part(stream, shown * unit)
            self._latest[stream] = time
        offset = round(self._offsets[self._parts.get(stream, 0)] / unit)
        if offset:
            packet.pts = None if packet.pts is None else packet.pts + offset
            packet.dts = None if packet.dts is None else packet.dts + offset
        self._end = max(self._end, (shown + offset + (packet.duration or 0)) * unit)

    def _next_part(self, stream: int, start: Fraction) -> None:
        part = self._parts[stream] = self._parts.get(stream, 0) + 1
        if part == len(self._offsets):
            self._offsets.append(self._end - start)
