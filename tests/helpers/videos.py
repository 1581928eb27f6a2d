"""Small real videos for tests, made with PyAV."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


@dataclass(frozen=True)
class Movie:
    """A video to make: frame n is gray of `level(n)` with a white left upper corner."""

    frames: int = 20
    rate: int = 10
    height: int = 48
    width: int = 64
    sound: bool = True
    channels: int = 1
    sample_rate: int = 16_000
    seconds: float = 2.0
    rotation: int = 0
    sound_codec: str = "aac"
    picture_codec: str = "mpeg4"

    def frame(self, number: int) -> np.ndarray:
        out = np.full((self.height, self.width, 3), level(number), np.uint8)
        out[: self.height // 4, : self.width // 4] = 255
        return out

    def pcm(self) -> np.ndarray:
        """A tone of 400 Hz, half as loud in each further channel."""
        times = np.arange(round(self.seconds * self.sample_rate)) / self.sample_rate
        tone = np.sin(2 * np.pi * 400 * times) * 8000
        return np.stack([tone / 2**c for c in range(self.channels)]).astype(np.int16)


def level(number: int) -> int:
    """The gray of frame `number`; tells 20 frames apart through a codec."""
    return 10 + 10 * (number % 20)


def make_video(path: Path, movie: Movie = Movie()) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        picture = (
            container.add_stream(movie.picture_codec, rate=movie.rate) if movie.frames else None
        )
        sound = (
            container.add_stream(movie.sound_codec, rate=movie.sample_rate) if movie.sound else None
        )
        if picture:
            picture.width, picture.height, picture.pix_fmt = movie.width, movie.height, "yuv420p"
            picture.bit_rate = 2_000_000
            if movie.rotation:
                picture.set_display_rotation(movie.rotation)
        if sound:
            sound.layout = "mono" if movie.channels == 1 else "stereo"
        for number in range(movie.frames if picture else 0):
            frame = av.VideoFrame.from_ndarray(movie.frame(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, movie.rate)
            container.mux(picture.encode(frame))
        if picture:
            container.mux(picture.encode())
        if sound:
            _write_sound(container, sound, movie)
    return path


def _write_sound(
    container: av.container.OutputContainer, stream: av.AudioStream, movie: Movie
) -> None:
    pcm = movie.pcm()
    block = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(pcm.T.reshape(1, -1)),
        format="s16",
        layout="mono" if movie.channels == 1 else "stereo",
    )
    block.sample_rate = movie.sample_rate
    block.pts, block.time_base = 0, Fraction(1, movie.sample_rate)
    resampler = av.AudioResampler(
        stream.format.name, stream.layout.name, movie.sample_rate, stream.frame_size or 1024
    )
    for frame in [*resampler.resample(block), *resampler.resample(None)]:
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
