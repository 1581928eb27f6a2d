"""The window that a clip takes of a video, by the clock of the file, and the frames in it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..av.audio_track import AudioTrack, find_audio_track
from ..av.display import to_rgb_upright
from ..av.video_frames import FrameTimes, read_video_frames, scan_video_frames
from ..corruptions import Frame
from ..errors import DataError
from .options import PackOptions
from .sampling import Span, choose_frames, choose_window, exact_seconds, find_span

T = TypeVar("T")


@dataclass(frozen=True)
class VideoWindow:
    """What a clip takes of the video at `path`.

    track: its sound; None where it has none, or where the clip's sound is elsewhere.
    """

    path: Path
    frame_times: FrameTimes
    track: AudioTrack | None
    window: Span
    options: PackOptions

    @classmethod
    def of(cls, path: Path, options: PackOptions, with_audio: bool) -> VideoWindow:
        """The window that settled options take; raises DataError, naming the file and the cause."""
        seconds = exact_seconds(options) if options.window == "start" else None
        frame_times = scan_video_frames(path, seconds)
        track = None
        if with_audio and frame_times.info.has_audio:
            end = None if seconds is None else frame_times.times[0] + seconds
            # The start is held, to be decoded once; of a long file the middle is decoded twice.
            track = find_audio_track(path, end, hold=options.window == "start")
        frame_span = find_span(frame_times.times, frame_times.info.rate, frame_times.end)
        audio_span = Span(track.start, track.end) if track else None
        window = choose_window(frame_span, audio_span, options)
        if frame_span.start >= window.end:
            raise DataError(f"{path} shows no frame in the {options.duration} s taken of it.")
        return cls(path, frame_times, track, window, options)

    def frames(self, convert: Callable[[Frame], T]) -> list[T]:
        """What `convert` makes of the frames, (h, w, 3) uint8 and upright, each converted once.

        Raises DataError with the cause where they cannot be decoded.
        """
        times, rate = self.frame_times.times, self.frame_times.info.rate
        choose = partial(
            choose_frames,
            rate=rate,
            options=self.options,
            end=self.frame_times.end,
            window=self.window,
        )
        wanted = [times[number] for number in choose(times)]
        taken, decoded = self._take(frozenset(wanted), convert)
        if len(taken) < len(set(wanted)):
            # Some packets have other times than what comes of them: the frames say what there is.
            wanted = [decoded[number] for number in choose(decoded)]
            taken, _ = self._take(frozenset(wanted), convert)
        return [taken[time] for time in wanted]

    def _take(
        self, wanted: frozenset[Fraction], convert: Callable[[Frame], T]
    ) -> tuple[dict[Fraction, T], tuple[Fraction, ...]]:
        """The frames of the wanted times, and when all show that were decoded for it."""
        taken: dict[Fraction, T] = {}
        times: list[Fraction] = []
        with closing(read_video_frames(self.path, self.frame_times.info)) as frames:
            for frame in frames:
                times.append(frame.time)
                if frame.time in wanted:
                    taken[frame.time] = convert(to_rgb_upright(frame.frame, self.path))
                if len(taken) == len(wanted) or frame.time > self.frame_times.times[-1]:
                    break
        return taken, tuple(times)
