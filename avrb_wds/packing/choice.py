"""Which frames and samples of a longer recording a clip takes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import ceil

from ..corruptions import Pcm
from .options import PackOptions

__all__ = ["choose_frames", "choose_samples"]

FORGIVEN = 0.001  # of a frame: times are rounded


def choose_frames(times: Sequence[float], rate: float, options: PackOptions) -> list[int]:
    """The numbers of the frames taken, in order; a number repeats where frames are too few.

    times: when each frame shows, in seconds, ascending, at least one.  rate: frames a second.  Of
    the n frames in the window, the i-th of k taken is number int(i n / k), as CAV-MAE has it; with
    `fps`, it is the frame that shows i / fps seconds into the window.

    >>> choose_frames([n / 30 for n in range(400)], 30, PackOptions(frames=10, duration=10))
    [0, 30, 60, 90, 120, 150, 180, 210, 240, 270]
    >>> choose_frames([0.0, 0.5, 1.0, 1.5], 2, PackOptions(fps=1, duration=1.5))
    [0, 2]
    """
    middle, seconds = options.window == "middle", options.duration
    if options.fps is None:
        n = len(times)
        if seconds is not None and seconds * rate < n:
            n = max(1, int(seconds * rate))
        first = (len(times) - n) // 2 if middle else 0
        count = options.frames or n
        return [first + i * n // count for i in range(count)]
    start, length = times[0], times[-1] - times[0] + 1 / rate
    if seconds is not None and seconds < length:
        start += (length - seconds) / 2 if middle else 0
        length = seconds
    count = max(1, ceil(length * options.fps - FORGIVEN))
    shown = (start + (i + FORGIVEN) / options.fps for i in range(count))
    return [max(0, bisect_right(times, time) - 1) for time in shown]


def choose_samples(pcm: Pcm, sample_rate: int, options: PackOptions) -> Pcm:
    """The samples in the window: the first `duration` seconds, or those in the middle."""
    n = pcm.shape[1]
    if options.duration is not None and options.duration * sample_rate < n:
        n = max(1, round(options.duration * sample_rate))
    first = (pcm.shape[1] - n) // 2 if options.window == "middle" else 0
    return pcm[:, first : first + n]
