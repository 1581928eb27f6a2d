"""Real videos of every make for tests: flashes of the picture and bursts of sound that coincide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

MILLI = Fraction(1, 1000)


@dataclass(frozen=True)
class Film:
    """A video to make: dark frames, a white one at each of `flashes`, and a burst of sound with it.

    times: of the frames, in `unit`; by default `frames` of them at `rate`.  late: seconds by which
    the picture (positive) or the sound (negative) starts after the other.  tracks: of sound; the
    first has the bursts, the others hum all through.
    """

    frames: int = 16
    rate: Fraction = Fraction(10)
    height: int = 48
    width: int = 64
    codec: str = "libx264"
    pixels: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    flashes: tuple[int, ...] = (4, 11)
    times: tuple[int, ...] = ()
    unit: Fraction | None = None
    rotation: int = 0
    aspect: Fraction = Fraction(1)
    tracks: int = 1
    channels: int = 2
    sample_rate: int = 16_000
    sound_codec: str = "aac"
    late: Fraction = Fraction(0)

    @property
    def clock(self) -> Fraction:
        return self.unit or 1 / self.rate

    @property
    def stamps(self) -> Sequence[int]:
        return self.times or range(self.frames)

    def shown(self, number: int) -> Fraction:
        """When frame `number` shows, in seconds."""
        return self.stamps[number] * self.clock + max(self.late, Fraction(0))

    def picture(self, number: int) -> np.ndarray:
        """Frame `number`: its upper left quarter is a shade lighter than the rest."""
        out = np.full((self.height, self.width, 3), 230 if number in self.flashes else 30, np.uint8)
        out[: self.height // 2, : self.width // 2] += 25
        return out

    def sound(self, track: int) -> np.ndarray:
        start, end = max(-self.late, Fraction(0)), self.shown(len(self.stamps) - 1) + 1 / self.rate
        times = np.arange(int((end - start) * self.sample_rate)) / self.sample_rate + float(start)
        loud = np.full(times.shape, track > 0)
        for flash in self.flashes:
            begin = float(self.shown(flash))
            loud |= (times >= begin) & (times < begin + float(1 / self.rate))
        tone = np.where(loud, np.sin(2 * np.pi * 800 * times) * 12000, 0)
        return np.stack([tone / 2**c for c in range(self.channels)]).astype(np.int16)


def make_film(path: Path, film: Film = Film()) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream(film.codec, rate=film.rate, options=dict(film.options))
        stream.height, stream.width, stream.pix_fmt = film.height, film.width, film.pixels
        stream.codec_context.time_base = film.clock
        stream.codec_context.sample_aspect_ratio = film.aspect
        stream.bit_rate = 0 if "crf" in film.options else 1_000_000
        if film.rotation:
            stream.set_display_rotation(film.rotation)
        tracks = [
            file.add_stream(film.sound_codec, rate=film.sample_rate) for _ in range(film.tracks)
        ]
        for track in tracks:
            track.layout = {1: "mono", 2: "stereo", 6: "5.1"}[film.channels]
        packets = _pictures(stream, film)
        for number, track in enumerate(tracks):
            packets += _sounds(track, film, number)
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            file.mux(packet)
    return path


def _pictures(stream: av.VideoStream, film: Film) -> list[av.Packet]:
    late = round(max(film.late, Fraction(0)) / film.clock)
    packets = []
    for number, stamp in enumerate(film.stamps):
        frame = av.VideoFrame.from_ndarray(film.picture(number), format="rgb24")
        frame = frame.reformat(format=film.pixels)
        frame.pts, frame.time_base = stamp + late, film.clock
        packets += stream.encode(frame)
    return packets + stream.encode()


def _sounds(track: av.AudioStream, film: Film, number: int) -> list[av.Packet]:
    pcm = np.ascontiguousarray(film.sound(number).T.reshape(1, -1))
    frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout=track.layout.name)
    frame.sample_rate, frame.time_base = film.sample_rate, Fraction(1, film.sample_rate)
    frame.pts = round(max(-film.late, Fraction(0)) * film.sample_rate)
    return track.encode(frame) + track.encode()


@dataclass(frozen=True)
class Seen:
    """A video as a player shows it: times in seconds from the start of the file."""

    shape: tuple[int, int]
    times: tuple[float, ...]
    levels: tuple[float, ...]
    flashes: tuple[float, ...]
    bursts: tuple[float, ...]
    seconds: float
    channels: int
    sample_rate: int
    first: np.ndarray
    aspect: Fraction


def watch(path: Path) -> Seen:
    """What is in a video, decoded from the start."""
    with av.open(str(path)) as file:
        start = (file.start_time or 0) / 1_000_000
        seconds = file.duration / 1_000_000
        stream = file.streams.video[0]
        aspect = stream.sample_aspect_ratio or Fraction(1)
        frames = [(f.time - start, f.to_ndarray(format="rgb24")) for f in file.decode(stream)]
    levels = [float(frame.mean()) for _, frame in frames]
    flashes = [t for (t, _), level in zip(frames, levels, strict=True) if level > 150]
    bursts, channels, rate = _bursts(path, start)
    first = frames[0][1]
    return Seen(
        first.shape[:2],
        tuple(t for t, _ in frames),
        tuple(levels),
        tuple(flashes),
        bursts,
        seconds,
        channels,
        rate,
        first,
        aspect,
    )


def _bursts(path: Path, start: float) -> tuple[tuple[float, ...], int, int]:
    with av.open(str(path)) as file:
        if not file.streams.audio:
            return (), 0, 0
        stream = file.streams.audio[0]
        rate, found, quiet_since = stream.sample_rate, [], -1.0
        for frame in av_frames(file, stream):
            loud = np.flatnonzero(np.abs(frame[1][0]) > 0.1)
            for sample in loud:
                time = frame[0] + sample / rate - start
                if time - quiet_since > 0.05:
                    found.append(time)
                quiet_since = time
        return tuple(found), stream.channels, rate


def av_frames(
    file: av.container.InputContainer, stream: av.AudioStream
) -> list[tuple[float, np.ndarray]]:
    floats = av.AudioResampler(format="fltp")
    return [(f.time, b.to_ndarray()) for f in file.decode(stream) for b in floats.resample(f)]
