"""An mp4 written as it comes: H.264 and AAC, in the order of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from ..corruptions import Frame, Pcm
from .container import require_pyav

# At 540 x 360 superfast takes 5 to 13 ms of a core a frame, ultrafast half of it for files a half
# larger, veryfast half as much again for files no smaller.
PRESET, QUALITY = "superfast", "23"
THREADS = "4"  # the same everywhere, as what comes out depends on it
BT709, LIMITED = 1, 1
RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1"}
CHANNEL_BITS = 96_000  # a second
# At the same size nearer to what is encoded by 1 to 5 dB than the usual "twoloop", in a fifth to
# half of its time: that one leaves out what nobody hears, and a corruption is to stay as it is.
CODER = "fast"
PIECE = 1 << 12  # samples handed to the encoder at a time


@dataclass(frozen=True)
class VideoFormat:
    """height, width: both even.  unit: of times, in seconds.  rate: frames a second, on average.

    aspect: of a pixel, width to height.  primaries, transfer: of colors, as FFmpeg numbers them.
    quality: x264's rate factor, lower is better.
    """

    height: int
    width: int
    unit: Fraction
    rate: Fraction
    aspect: Fraction
    primaries: int
    transfer: int
    quality: str = QUALITY


@dataclass(frozen=True)
class AudioFormat:
    """channels: 1 to 6, or 8.  sample_rate: in Hz; AAC takes the nearest above that it knows.

    channel_bits: a second, of each channel.
    """

    channels: int
    sample_rate: int
    channel_bits: int = CHANNEL_BITS


def to_yuv420p(frame: Frame) -> Any:
    """A frame (h, w, 3) uint8 as the encoder takes it; odd sides grow by their last pixel.

    Safe in any thread, and works without the interpreter lock.
    """
    av = require_pyav()
    height, width = frame.shape[:2]
    if height % 2 or width % 2:
        frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
    return rgb.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=LIMITED, threads=1)


class Mp4Writer:
    """An mp4 in the making; a context manager that finishes it, or leaves it if an error came.

    out: open for writing and seeking.  Frames and audio are to be given in step, so that only
    little waits for the other.
    """

    def __init__(self, out: BinaryIO, video: VideoFormat, audio: AudioFormat | None) -> None:
        self._av = require_pyav()
        self._sink = _Sink(out)
        self._file = self._av.open(self._sink, "w", format="mp4")
        self._unit = video.unit
        self._video = _add_video_stream(self._file, video)
        self._audio = _add_audio_stream(self._file, audio) if audio else None
        self._format = audio

    def write_frame(self, frame: Any, time: Fraction, duration: Fraction) -> None:
        """Add a frame of `to_yuv420p`, shown from `time` on; times rise."""
        frame.time_base = self._unit
        frame.pts, frame.duration = round(time / self._unit), round(duration / self._unit)
        self._file.mux(self._video.encode(frame))

    def write_audio(self, pcm: Pcm, position: int) -> None:
        """Add (channels, samples) int16, the first of them at sample `position` of the clock."""
        assert self._audio is not None
        assert self._format is not None
        for start in range(0, pcm.shape[1], PIECE):
            piece = np.ascontiguousarray(pcm[:, start : start + PIECE].T).reshape(1, -1)
            layout = LAYOUTS[self._format.channels]
            frame = self._av.AudioFrame.from_ndarray(piece, format="s16", layout=layout)
            frame.sample_rate = self._format.sample_rate
            frame.time_base = Fraction(1, self._format.sample_rate)
            frame.pts = position + start
            self._file.mux(self._audio.encode(frame))

    def write_clip(self, frames: Iterable[Frame], each: Fraction, pcm: Pcm | None) -> None:
        """Add all frames, each shown for `each` seconds, and what sounds meanwhile, in step."""
        heard = 0
        for number, frame in enumerate(frames):
            if pcm is not None:
                assert self._format is not None
                until = round((number + 1) * each * self._format.sample_rate)
                self.write_audio(pcm[:, heard:until], heard)
                heard = min(until, pcm.shape[1])
            self.write_frame(to_yuv420p(frame), number * each, each)

    def __enter__(self) -> Mp4Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            try:
                if kind is None:
                    self._flush()
            finally:
                self._file.close()
        except self._av.error.FFmpegError:
            if kind is None and self._sink.error is None:
                raise
        if self._sink.error is not None:
            raise self._sink.error

    def _flush(self) -> None:
        self._file.mux(self._video.encode())
        if self._audio is not None:
            self._file.mux(self._audio.encode())


class _Sink:
    """A file, and the first error of writing to it, of which FFmpeg makes one without a cause."""

    def __init__(self, file: BinaryIO) -> None:
        self.error: OSError | None = None
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = self.error or error
            raise


def _add_video_stream(file: Any, form: VideoFormat) -> Any:
    options = {"preset": PRESET, "crf": form.quality, "threads": THREADS}
    stream = file.add_stream("libx264", rate=form.rate.limit_denominator(1 << 16), options=options)
    stream.width, stream.height, stream.pix_fmt = form.width, form.height, "yuv420p"
    context = stream.codec_context
    context.time_base = form.unit
    context.sample_aspect_ratio = form.aspect
    context.colorspace, context.color_range = BT709, LIMITED
    context.color_primaries, context.color_trc = form.primaries, form.transfer
    return stream


def _add_audio_stream(file: Any, form: AudioFormat) -> Any:
    above = [rate for rate in RATES if rate >= form.sample_rate]
    rate = min(above) if above else RATES[0]
    stream = file.add_stream("aac", rate=rate, options={"aac_coder": CODER})
    stream.layout = LAYOUTS[form.channels]
    stream.bit_rate = form.channel_bits * form.channels
    return stream
