"""Which frames and samples of a longer recording a clip takes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, inf

from ..corruptions import Pcm
from .options import PackOptions

# Of a frame, as times are rounded; a little less than the thousandth by which the frames of a rate
# of 30000/1001 come later than whole parts of a second.
FORGIVEN = Fraction(999, 1_000_000)
# Seconds by which tracks may end apart and still end together: encoders fill up the last packet.
TOGETHER = Fraction(1, 10)
# Of a frame, by which the rate that times give may be mistaken: they are whole milliseconds.
MEASURED = Fraction(1, 20)


@dataclass(frozen=True)
class Span:
    """From `start` to before `end`, in seconds on the clock of a file."""

    start: Fraction
    end: Fraction


def choose_window(frames: Span, audio: Span | None, options: PackOptions) -> Span:
    """The part of a file that a clip takes: `duration` seconds, of a shorter file all.

    The file starts when the first of its frames and its audio does and ends when the last of
    them does, by the frames if both end within a tenth of a second.

    >>> choose_window(Span(Fraction(2), Fraction(9)), Span(Fraction(0), Fraction(7)),
    ...               PackOptions(duration=5, window="center"))
    Span(start=Fraction(2, 1), end=Fraction(7, 1))
    """
    start, end = frames.start, frames.end
    if audio is not None:
        start = min(start, audio.start)
        if audio.end - end > TOGETHER:
            end = audio.end
    seconds = exact_seconds(options)
    if seconds is None or seconds >= end - start:
        return Span(start, end)
    if options.window == "center":
        start += (end - start - seconds) / 2
    return Span(start, start + seconds)


def exact_seconds(options: PackOptions) -> Fraction | None:
    """`duration` as it was written, 0.3 as 3/10; None for all there is."""
    if options.duration is None or options.duration == inf:
        return None
    return Fraction(str(options.duration))


def choose_frames(
    times: Sequence[float | Fraction],
    rate: float | Fraction,
    options: PackOptions,
    end: Fraction | None = None,
    window: Span | None = None,
) -> list[int]:
    """The numbers of the frames taken, in order; a number repeats where frames are too few.

    times: when each frame shows, in seconds, ascending, at least one.  rate: frames a second.
    end: of the last frame, where it is known.  window: on the same clock; None for the one that
    `options` give where there is nothing but these frames.

    The i-th of k taken is the frame that shows when i / k of the window is over, and with `fps`
    after i / fps seconds of it; before the first frame that is the first.  Where frames are evenly
    spaced and there are n in the window, it is the int(i n / k)-th of them, as CAV-MAE has it.

    >>> choose_frames([n / 30 for n in range(400)], 30, PackOptions(frames=10, duration=10))
    [0, 30, 60, 90, 120, 150, 180, 210, 240, 270]
    >>> choose_frames([0.0, 0.5, 1.0, 1.5], 2, PackOptions(fps=1, duration=1.5))
    [0, 2]
    """
    shown = _FrameClock.of(times, rate, end)
    window = window or choose_window(shown.span, None, options)
    length = window.end - window.start
    if 0 < window.end - shown.span.end <= TOGETHER:
        length = shown.span.end - window.start
    if options.fps is not None:
        fps = Fraction(str(options.fps))
        count = max(1, ceil(length * fps - FORGIVEN))
        return [shown.at(window.start + (i + FORGIVEN) / fps) for i in range(count)]
    if shown.step is None:
        count = options.frames or len(times)
        return [shown.at(window.start + i * length / count) for i in range(count)]
    n = max(1, floor(length / shown.step + shown.slack))
    count = options.frames or n
    first = ceil((window.start - shown.span.start) / shown.step - Fraction(1, 2))  # the nearest
    return [shown.clip(first + i * n // count) for i in range(count)]


def find_span(
    times: Sequence[float | Fraction], rate: float | Fraction, end: Fraction | None
) -> Span:
    """From the first frame to the end of the last; arguments as in `choose_frames`."""
    return _FrameClock.of(times, rate, end).span


@dataclass(frozen=True)
class _FrameClock:
    """When frames show: `times`, or one every `step` seconds where that is near enough.

    slack: of a frame, by which `step` may be mistaken over all frames.
    """

    times: Sequence[Fraction]
    span: Span
    step: Fraction | None
    slack: Fraction = Fraction(0)

    @classmethod
    def of(
        cls, seconds: Sequence[float | Fraction], rate: float | Fraction, end: Fraction | None
    ) -> _FrameClock:
        """By the rate that a file announces; by that of its times where it announces another."""
        times = [Fraction(time) for time in seconds]
        start, last, n = times[0], times[-1], len(times)
        steps = [(1 / Fraction(rate), Fraction(0))]
        if n > 2:
            steps.append(((last - start) / (n - 1), MEASURED))
        for step, slack in steps:
            if _are_even(times, step):
                until = start + n * step
                if end is not None and end - until > TOGETHER:  # the last one is held
                    until = end
                return cls(times, Span(start, until), step, slack)
        return cls(times, Span(start, end or last + steps[0][0]), None)

    def at(self, time: Fraction) -> int:
        """The number of the frame that shows at `time`; the first where none does yet."""
        if self.step is not None:
            return self.clip(floor((time - self.span.start) / self.step))
        return self.clip(bisect_right(self.times, time) - 1)

    def clip(self, number: int) -> int:
        """The number of the frame nearest to `number` that there is."""
        return max(0, min(number, len(self.times) - 1))


def _are_even(times: Sequence[Fraction], step: Fraction) -> bool:
    """Whether frames lie less than half of `step` from where they would be `step` apart."""
    first = times[0]
    return all(abs(time - first - n * step) * 2 < step for n, time in enumerate(times))


def choose_samples(pcm: Pcm, sample_rate: int, options: PackOptions) -> Pcm:
    """The samples in the window of a sound that has a clock of its own."""
    n, seconds = pcm.shape[1], exact_seconds(options)
    if seconds is not None and seconds * sample_rate < n:
        n = max(1, round(seconds * sample_rate))
    first = (pcm.shape[1] - n) // 2 if options.window == "center" else 0
    return pcm[:, first : first + n]


def count_samples(sound: Span, sample_rate: int, window: Span, options: PackOptions) -> int:
    """How many samples a clip has of a sound that is on the clock of its window.

    They fill the window.  Of sound that ends with it, within a tenth of a second, as many as there
    are, and not more than last `duration`.
    """
    seconds, end = exact_seconds(options), window.end
    if abs(window.end - sound.end) <= TOGETHER:
        end = sound.end
    if seconds is not None:
        end = min(end, window.start + seconds)
    return max(1, round((end - window.start) * sample_rate))
