"""A video corrupted as it streams: decoded, corrupted and encoded at once, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import chain, takewhile
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ..av.audio_track import AudioTrack, find_audio_track
from ..av.container import naming_file, require_pyav
from ..av.display import is_turned, to_rgb_upright
from ..av.mp4_writer import LAYOUTS, AudioFormat, Mp4Writer, VideoFormat, to_yuv420p
from ..av.video_frames import VideoFrame, VideoInfo, read_video_frames, read_video_info
from ..concurrency import default_workers, ordered_map, prefetch
from ..corrupter import Corrupter
from ..corruptions import Pcm
from ..errors import DataError, UsageError, reason
from ..progress import Progress

DECODED_AHEAD = 4  # frames


def corrupt_video(
    path: Path,
    out: BinaryIO,
    corrupter: Corrupter,
    key: str,
    *,
    duration: float | None = None,
    progress: Progress | None = None,
) -> None:
    """Write the video at `path`, corrupted, into `out` as an mp4 (H.264, AAC).

    out: open for writing and seeking.  key: of the clip, for the draws; frame f draws by its
    number f.  duration: seconds from the start; None for all.  progress: called with (frames done,
    frames expected).  Raises DataError, naming the file and the cause, where it is damaged, cut
    off, or holds no frame.
    """
    limit = _parse_duration(duration)
    info = read_video_info(path)
    with closing(prefetch(read_video_frames(path, info), DECODED_AHEAD)) as decoded:
        first = next(decoded)
        track = _find_track(path, info, first.time + limit if limit else None)
        start = min(first.time, track.start) if track else first.time
        shown: Iterator[VideoFrame] = chain((first,), decoded)
        if limit:
            end = start + limit
            shown = takewhile(lambda frame: frame.time < end, shown)
            track = track.until(end) if track else None
        if first.time - start >= (limit or math.inf):
            raise DataError(f"{path} shows no frame in its first {duration} s.")
        expected = _expected_frames(info, limit)
        formats = _video_format(info, first), _audio_format(track)
        with _naming_encoded(path), Mp4Writer(out, *formats) as file:
            feed = _Muxer(file, start, track, corrupter, key)
            for done, made in enumerate(_corrupt_frames(path, shown, first, corrupter, key), 1):
                feed.add(made)
                if progress:
                    progress(done, max(done, expected))
            feed.finish()


@contextmanager
def _naming_encoded(path: Path) -> Iterator[None]:
    """Make a DataError, naming the file, of what an encoder refuses; what the disk says passes."""
    try:
        yield
    except require_pyav().error.FFmpegError as error:
        raise DataError(f"{path} cannot be encoded as an mp4: {reason(error)}.") from error


def _find_track(path: Path, info: VideoInfo, end: Fraction | None) -> AudioTrack | None:
    """The sound, up to `end` seconds; its mean where an mp4 cannot hold so many channels."""
    track = find_audio_track(path, end) if info.has_audio else None
    if track and track.channels not in LAYOUTS:  # AAC has no way with them
        track = replace(track, mixing="mono")
    return track


def _parse_duration(duration: float | None) -> Fraction | None:
    if duration is None:
        return None
    if not 0 < duration < math.inf:
        raise UsageError(f"duration {duration!r} is not a number above 0; give one in seconds.")
    return Fraction(duration)


class _YuvFrame(NamedTuple):
    """A corrupted frame ready to be encoded, when it shows and how long, in seconds."""

    frame: Any
    time: Fraction
    duration: Fraction


def _corrupt_frames(
    path: Path, shown: Iterator[VideoFrame], first: VideoFrame, corrupter: Corrupter, key: str
) -> Iterator[_YuvFrame]:
    """The frames corrupted, in order, on all cores."""
    size = (first.frame.width, first.frame.height)
    make = partial(_corrupt_frame, path=path, size=size, corrupter=corrupter, key=key)
    workers = default_workers() + 1  # one more than cores: none waits while a frame is encoded
    return ordered_map(make, shown, workers, max_pending=workers)


def _corrupt_frame(
    source: VideoFrame, path: Path, size: tuple[int, int], corrupter: Corrupter, key: str
) -> _YuvFrame:
    frame = source.frame
    if (frame.width, frame.height) != size:  # the mp4 is of one size, that of the first frame
        with naming_file(path):
            frame = frame.reformat(width=size[0], height=size[1], threads=1)
    corrupted = corrupter.frame(to_rgb_upright(frame, path), key, source.number)
    return _YuvFrame(to_yuv420p(corrupted), source.time, source.duration)


def _video_format(info: VideoInfo, first: VideoFrame) -> VideoFormat:
    """As the frame is shown, its sides even."""
    frame = first.frame
    width, height, aspect = frame.width, frame.height, info.aspect
    if is_turned(frame):
        width, height, aspect = height, width, 1 / aspect
    return VideoFormat(
        height + height % 2,
        width + width % 2,
        info.unit,
        info.rate,
        aspect,
        int(frame.color_primaries),
        int(frame.color_trc),
    )


def _audio_format(track: AudioTrack | None) -> AudioFormat | None:
    return AudioFormat(track.shape[0], track.sample_rate) if track else None


def _expected_frames(info: VideoInfo, limit: Fraction | None) -> int:
    """Frames there may be; only the progress bar goes by it."""
    seconds = min(info.seconds or limit or Fraction(0), limit or info.seconds or Fraction(0))
    return round(seconds * info.rate)


class _Muxer:
    """Frames and sound into the file in step, on a clock that starts at `start`."""

    def __init__(
        self,
        file: Mp4Writer,
        start: Fraction,
        track: AudioTrack | None,
        corrupter: Corrupter,
        key: str,
    ) -> None:
        self._file, self._start, self._track = file, start, track
        self._pieces = corrupter.stream(track, key, track.sample_rate) if track else iter(())
        self._piece: Pcm | None = None  # what is left of the last one
        self._written = 0  # samples

    def add(self, made: _YuvFrame) -> None:
        self._write_audio_until(made.time + made.duration)
        self._file.write_frame(made.frame, made.time - self._start, made.duration)

    def finish(self) -> None:
        if self._track:
            self._write_audio_until(self._track.end)

    def _write_audio_until(self, time: Fraction) -> None:
        if not self._track:
            return
        rate, samples = self._track.sample_rate, self._track.samples
        upto = min(samples, math.floor((time - self._track.start) * rate))
        first = round((self._track.start - self._start) * rate)
        while self._written < upto:
            if self._piece is None or not self._piece.shape[1]:
                self._piece = next(self._pieces)
            part = self._piece[:, : upto - self._written]
            self._file.write_audio(part, first + self._written)
            self._piece = self._piece[:, part.shape[1] :]
            self._written += part.shape[1]
