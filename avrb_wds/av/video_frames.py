"""The frames of a video in the order shown, and when they show."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import DataError
from .container import check_size, open_stream, read_packets, require_pyav
from .truncation import MILLION, TruncationCheck

USUAL_RATE = 25  # frames a second where a file says nothing
REORDERED = 1  # second: so far apart are, at most, the places of a frame in file and on screen


@dataclass(frozen=True)
class VideoInfo:
    """What a video says of itself.

    rate: frames a second, on average.  unit: of its times, in seconds.  aspect: of a pixel, width
    to height, as it is stored.  seconds: how long it is to last, None where it does not say.
    has_audio: whether there is an audio track.
    """

    rate: Fraction
    unit: Fraction
    aspect: Fraction
    seconds: Fraction | None
    has_audio: bool

    @classmethod
    def of(cls, container: Any, stream: Any) -> VideoInfo:
        """Those of an opened container and its frames."""
        rate = stream.average_rate or stream.guessed_rate or USUAL_RATE
        return cls(
            Fraction(rate),
            stream.time_base,
            Fraction(stream.sample_aspect_ratio or 1),
            Fraction(container.duration, MILLION) if container.duration else None,
            any(other.type == "audio" for other in container.streams),
        )


@dataclass(frozen=True)
class VideoFrame:
    """A decoded frame (PyAV's), its number from 0, when it shows and how long, in seconds."""

    frame: Any
    number: int
    time: Fraction
    duration: Fraction


@dataclass(frozen=True)
class FrameTimes:
    """When the frames of a video show, as its packets have it.

    times: ascending, in seconds.  end: of the last one.
    """

    info: VideoInfo
    times: tuple[Fraction, ...]
    end: Fraction


def read_video_info(path: Path) -> VideoInfo:
    """The info of the video at `path`; raises DataError where it cannot be opened."""
    with open_stream(path, "video") as (container, stream):
        return VideoInfo.of(container, stream)


def scan_video_frames(path: Path, seconds: Fraction | None) -> FrameTimes:
    """When the frames show, without decoding them.

    seconds: from the first one on, past which nothing is needed; None for all.  Raises DataError,
    naming the file and the cause, where it is damaged, holds no frame, or ends before it says it
    does; what lies past `seconds` is not looked at.
    """
    times: list[Fraction] = []
    with open_stream(path, "video") as (container, stream):
        info = VideoInfo.of(container, stream)
        announced = TruncationCheck(path, container, stream, info.rate)
        end, keyed = Fraction(0), _starts_with_key(container)
        for packet in read_packets(container):
            announced.note(packet)
            keyed = keyed or (packet.stream is stream and packet.is_keyframe)
            if packet.stream is not stream or not packet.size or not keyed or packet.is_discard:
                continue
            time = _show_time(packet, times, info)
            times.append(time)
            length = Fraction((packet.duration or 0) * packet.time_base) or 1 / info.rate
            end = max(end, time + length)
            decoded = _decode_time(packet, time)
            if seconds is not None and decoded - times[0] > seconds + REORDERED:
                # Every frame before it has come, whatever their order, and some after it.
                times, end = [t for t in times if t < decoded], decoded
                break
        else:
            announced.check_end()
    if not times:
        raise DataError(f"{path} has no frame.")
    return FrameTimes(info, tuple(sorted(times)), end)


def _show_time(packet: Any, times: list[Fraction], info: VideoInfo) -> Fraction:
    stamp = packet.dts if packet.pts is None else packet.pts
    if stamp is None:
        return times[-1] + 1 / info.rate if times else Fraction(0)
    return Fraction(stamp * packet.time_base)


def _decode_time(packet: Any, time: Fraction) -> Fraction:
    return time if packet.dts is None else Fraction(packet.dts * packet.time_base)


def read_video_frames(path: Path, info: VideoInfo) -> Generator[VideoFrame, None, None]:
    """Every frame of a video; times rise strictly, whatever the file says.

    Frames that lean on some from before the file starts, as where a recording was cut, are left
    out.  Raises DataError, naming the file and the cause, where it is damaged, holds no frame, or
    ends before it says it does.
    """
    with open_stream(path, "video") as (container, stream):
        announced = TruncationCheck(path, container, stream, info.rate)
        last: VideoFrame | None = None
        key: Any = None
        keyed = _starts_with_key(container)
        for packet in read_packets(container):
            announced.note(packet)
            if packet.stream is not stream:
                continue
            key = packet if key is None and (keyed or packet.is_keyframe) else key
            for frame in _decode(packet, key) if key is not None else ():
                check_size(path, frame.width, frame.height)
                decoded_frame = _make_frame(frame, last, info)
                if frame.is_corrupt and _leads(frame, key):
                    continue
                if frame.is_corrupt:
                    raise DataError(f"{path} is damaged at {float(decoded_frame.time):.2f} s.")
                last = decoded_frame
                yield last
        announced.check_end()
        if last is None:
            raise DataError(f"{path} holds no frame that decodes.")


def _starts_with_key(container: Any) -> bool:
    """Whether the first frame must be one that needs no other, so that damage is damage.

    In other containers frames may come before it, as where a recording was cut.
    """
    return "mov" in container.format.name


def _decode(packet: Any, key: Any) -> list[Any]:
    """The frames of a packet; none where it is broken for lack of others."""
    try:
        return list(packet.decode())
    except require_pyav().error.InvalidDataError:
        if not _leads(packet, key):
            raise
        return []


def _leads(item: Any, key: Any) -> bool:
    """Whether a packet or frame shows before the first key packet, which came before it."""
    return item.pts is not None and key.pts is not None and item.pts < key.pts


def _make_frame(frame: Any, last: VideoFrame | None, info: VideoInfo) -> VideoFrame:
    number = 0 if last is None else last.number + 1
    usual = 1 / info.rate
    if frame.pts is not None:
        time = Fraction(frame.pts * frame.time_base)
    else:
        time = Fraction(0) if last is None else last.time + usual
    if last is not None:
        time = max(time, last.time + info.unit)
    duration = Fraction(frame.duration * frame.time_base) if frame.duration else usual
    return VideoFrame(frame, number, time, duration)
