"""The pictures of a video in the order shown, as a stream that knows when it is not whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..packing.video import USUAL_RATE, opened

__all__ = ["Facts", "Picture", "facts", "pictures"]

# Containers that announce how many seconds they last.
LAST = frozenset(("mov", "matroska", "flv", "asf"))
MISTAKEN = Fraction(1, 10)  # by how many seconds, or by how many frames
FRAMES_MISTAKEN = 1
MILLION = 1_000_000


@dataclass(frozen=True)
class Facts:
    """What a video says of itself.

    rate: frames a second, on average.  unit: of its times, in seconds.  aspect: of a pixel, width
    to height, as it is stored.  seconds: how long it is to last, None where it does not say.
    sound: whether there is a sound track.
    """

    rate: Fraction
    unit: Fraction
    aspect: Fraction
    seconds: Fraction | None
    sound: bool


@dataclass(frozen=True)
class Picture:
    """A decoded frame (PyAV's), its number from 0, when it shows and how long, in seconds."""

    frame: Any
    number: int
    time: Fraction
    duration: Fraction


def facts(path: Path) -> Facts:
    """The facts of the video at `path`; raises DataError where it does not open."""
    with opened(path, "video") as (container, stream):
        rate = stream.average_rate or stream.guessed_rate or Fraction(USUAL_RATE)
        return Facts(
            Fraction(rate),
            stream.time_base,
            Fraction(stream.sample_aspect_ratio or 1),
            Fraction(container.duration, MILLION) if container.duration else None,
            any(other.type == "audio" for other in container.streams),
        )


def pictures(path: Path, known: Facts) -> Iterator[Picture]:
    """Every picture of a video; times rise strictly, whatever the file says.

    Raises DataError, naming the file and the cause, where it is damaged, holds no picture, or ends
    before it says it does.
    """
    with opened(path, "video") as (container, stream):
        seen = _Seen(path, container, stream, known.rate)
        last: Picture | None = None
        for packet in container.demux():
            seen.note(packet)
            if packet.stream is not stream:
                continue
            for frame in packet.decode():
                last = _picture(frame, last, known)
                if frame.is_corrupt:
                    raise DataError(f"{path} is damaged at {float(last.time):.2f} s.")
                yield last
        seen.check_end()
        if last is None:
            raise DataError(f"{path} holds no frame that decodes.")


def _picture(frame: Any, last: Picture | None, known: Facts) -> Picture:
    number = 0 if last is None else last.number + 1
    usual = 1 / known.rate
    if frame.pts is not None:
        time = Fraction(frame.pts * frame.time_base)
    else:
        time = Fraction(0) if last is None else last.time + usual
    if last is not None:
        time = max(time, last.time + known.unit)
    duration = Fraction(frame.duration * frame.time_base) if frame.duration else usual
    return Picture(frame, number, time, duration)


class _Seen:
    """What has been read of a file, to hold against what the file announces."""

    def __init__(self, path: Path, container: Any, stream: Any, rate: Fraction) -> None:
        self._path, self._container, self._stream = path, container, stream
        self._rate = rate
        self._packets, self._end = 0, Fraction(0)

    def note(self, packet: Any) -> None:
        """Count a packet of any stream; raises DataError for one that is cut off."""
        if not packet.size:
            return
        self._packets += packet.stream is self._stream
        if packet.pts is not None and packet.time_base:
            end = (packet.pts + (packet.duration or 0)) * packet.time_base
            self._end = max(self._end, end)
        if packet.is_corrupt:
            raise DataError(f"{self._path} is cut off or damaged at {float(self._end):.2f} s.")

    def check_end(self) -> None:
        """Raise DataError where the file announces more than was in it."""
        kinds = set(self._container.format.name.split(","))
        frames = int(self._stream.frames)
        if "mov" in kinds and self._packets < frames:
            raise DataError(
                f"{self._path} is cut off: it announces {frames} frames and holds {self._packets}."
            )
        end = self._announced(kinds)
        if self._end + max(MISTAKEN, FRAMES_MISTAKEN / self._rate) < end:
            raise DataError(
                f"{self._path} is cut off: it announces {float(end):.2f} s and ends at "
                f"{float(self._end):.2f} s."
            )

    def _announced(self, kinds: set[str]) -> Fraction:
        """When the file says it ends, in seconds; 0 where it does not."""
        if "avi" in kinds:  # FFmpeg's own duration goes by what is there
            return int(self._stream.frames) / self._rate
        if not kinds & LAST:
            return Fraction(0)
        return Fraction(
            (self._container.start_time or 0) + (self._container.duration or 0), MILLION
        )
