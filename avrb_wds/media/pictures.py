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

# Containers that announce their length, and by how many seconds they may be mistaken.
ANNOUNCE = frozenset(("mov", "matroska", "avi", "flv", "asf"))
MISTAKEN = Fraction(1, 2)
MILLION = 1_000_000


@dataclass(frozen=True)
class Facts:
    """What a video says of itself.

    rate: frames a second, on average.  unit: of its times, in seconds.  aspect: of a pixel, width
    to height, as it is stored.  sound: whether there is a sound track.  seconds: how long it is to
    last, None where it does not say.
    """

    rate: Fraction
    unit: Fraction
    aspect: Fraction
    sound: bool
    seconds: Fraction | None


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
            Fraction(stream.sample_aspect_ratio or 1) or Fraction(1),
            any(other.type == "audio" for other in container.streams),
            Fraction(container.duration, MILLION) if container.duration else None,
        )


def pictures(path: Path, known: Facts) -> Iterator[Picture]:
    """Every picture of a video; times rise strictly, whatever the file says.

    Raises DataError, naming the file and the cause, where it is damaged, holds no picture, or ends
    before it says it does.
    """
    with opened(path, "video") as (container, stream):
        seen = _Seen(path, container, stream)
        last: Picture | None = None
        for packet in container.demux():
            seen.note(packet)
            if packet.stream is not stream:
                continue
            for frame in packet.decode():
                last = _picture(frame, last, known)
                if frame.is_corrupt:
                    raise DataError(f"{path} is damaged at {float(last.time):.2f} s")
                yield last
        if last is None:
            raise DataError(f"{path} holds no frame that decodes")
        seen.check_end()


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

    def __init__(self, path: Path, container: Any, stream: Any) -> None:
        self._path, self._container, self._stream = path, container, stream
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
            raise DataError(f"{self._path} is cut off or damaged at {float(self._end):.2f} s")

    def check_end(self) -> None:
        """Raise DataError where the file announces more than was in it."""
        kinds = set(self._container.format.name.split(","))
        announced = self._stream.frames if "mov" in kinds else 0
        if self._packets < announced:
            raise DataError(
                f"{self._path} is cut off: it announces {announced} frames and holds "
                f"{self._packets}"
            )
        if not kinds & ANNOUNCE or not self._container.duration:
            return
        start = Fraction(self._container.start_time or 0, MILLION)
        end = start + Fraction(self._container.duration, MILLION)
        if self._end + MISTAKEN < end:
            raise DataError(
                f"{self._path} is cut off: it announces {float(end):.2f} s and ends at "
                f"{float(self._end):.2f} s"
            )
