"""Films that tell their time: a picture its moment by its gray, sound its second by its pitch."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

MILLI = Fraction(1, 1000)
SILENT = -1


@dataclass(frozen=True)
class TimedFilm:
    """A film whose picture at second t is gray `20 + 25 t`, and whose sound in second k is a tone.

    pictures, sound: from which second to which they last; both by one clock, which stands at
    `offset` in the file.  still, quiet: seconds in which no picture comes, nothing sounds.  rates:
    frames a second, of the first half and of the second.  edits: a second of the pictures and one
    of the sound at which an edit list lets them start, both shown at once.  copied: second before
    which no packet was copied.  twice: whether the file is put behind itself.
    """

    kind: str
    pictures: tuple[float, float] = (0, 7)
    sound: tuple[float, float] = (0, 7)
    offset: float = 0
    b_frames: bool = False
    rates: tuple[int, int] = (5, 5)
    still: tuple[float, float] = (0, 0)
    quiet: tuple[float, float] = (0, 0)
    edits: tuple[float, float] | None = None
    copied: float = 0
    twice: bool = False
    sample_rate: int = 16_000

    @property
    def codecs(self) -> tuple[str, str]:
        others = {
            "webm": ("libvpx", "libopus"),
            "mov": ("mpeg4", "pcm_s16le"),
            "avi": ("mpeg4", "libmp3lame"),
        }
        return others.get(self.kind, ("libx264", "aac"))

    @property
    def rate(self) -> int:
        """Of the sound, as its codec has it."""
        return 48_000 if self.kind == "webm" else self.sample_rate

    @property
    def moments(self) -> list[float]:
        """When frames show."""
        start, end = self.pictures
        middle = (start + end) / 2
        first = np.arange(start, middle - 1e-6, 1 / self.rates[0])
        second = np.arange(middle, end - 1e-6, 1 / self.rates[1])
        return [float(t) for t in (*first, *second) if not self.still[0] <= t < self.still[1]]


def gray(moment: float) -> float:
    return 20 + 25 * moment


def make_timed(path: Path, film: TimedFilm) -> Path:
    """The film at `path`."""
    with av.open(str(path), "w") as file:
        packets = _pictures(file, film) + _sound(file, film)
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            file.mux(packet)
    if film.copied:
        _copy(path, film)
    if film.twice:
        path.write_bytes(path.read_bytes() * 2)
    if film.edits:
        path.write_bytes(_edited(path.read_bytes(), film.edits))
    return path


def _pictures(file: av.container.OutputContainer, film: TimedFilm) -> list[av.Packet]:
    options = {"g": "10"}
    if film.codecs[0] == "libx264":
        options["preset"], options["bf"] = "ultrafast", "2" if film.b_frames else "0"
        options["x264-params"] = "b-adapt=0:scenecut=0"
    clock = Fraction(1, 25) if film.kind == "avi" else MILLI
    stream = file.add_stream(film.codecs[0], rate=25, options=options)
    stream.height = stream.width = 32
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = clock
    packets = []
    for moment in film.moments:
        pixels = np.full((32, 32, 3), round(gray(moment)), np.uint8)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame = frame.reformat(format=stream.pix_fmt)
        frame.pts, frame.time_base = round((moment + film.offset) / clock), clock
        packets += stream.encode(frame)
    return packets + stream.encode()


def _sound(file: av.container.OutputContainer, film: TimedFilm) -> list[av.Packet]:
    rate = film.rate
    track = file.add_stream(film.codecs[1], rate=rate, layout="mono")
    start, end = film.sound
    times = np.arange(round(start * rate), round(end * rate)) / rate
    tone = 9000 * np.sin(2 * np.pi * (300 + 200 * np.floor(times)) * times)
    pcm = tone.astype(np.int16)[None]
    packets, size = [], {"webm": 960, "avi": 576}.get(film.kind, 1024)
    for place in range(0, pcm.shape[1], size):
        if film.quiet[0] <= start + place / rate < film.quiet[1]:
            continue
        part = np.ascontiguousarray(pcm[:, place : place + size])
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round((start + film.offset) * rate) + place
        packets += track.encode(frame)
    return packets + track.encode()


def _copy(path: Path, film: TimedFilm) -> None:
    """The packets from second `copied` on, whether or not pictures before are needed for them."""
    whole = path.with_name(f"whole.{film.kind}")
    path.rename(whole)
    with av.open(str(whole)) as old, av.open(str(path), "w") as new:
        streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
        pictures = old.streams.video[0]
        first = film.copied + (pictures.start_time or 0) * pictures.time_base
        for packet in old.demux():
            if packet.dts is not None and packet.dts * packet.time_base >= first:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)


def _edited(data: bytes, seconds: tuple[float, float]) -> bytes:
    """An mp4 whose two tracks start at these seconds of them, by their edit lists."""
    made, place = bytearray(data), data.index(b"mvhd")
    movie, lasts = struct.unpack(">II", made[place + 16 : place + 24])
    made[place + 20 : place + 24] = struct.pack(">I", lasts - round(min(seconds) * movie))
    for second in seconds:
        entry = made.index(b"elst", place) + 12  # after its name, version and number of entries
        header = made.index(b"mdhd", entry)
        scale = int.from_bytes(made[header + 16 : header + 20], "big")
        length, begin = struct.unpack(">ii", made[entry : entry + 8])
        length -= round(second * movie)
        made[entry : entry + 8] = struct.pack(">ii", length, begin + round(second * scale))
        place = header
    return bytes(made)
