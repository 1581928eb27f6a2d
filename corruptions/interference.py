"""Interference: a tilted camera, and dropouts in the audio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from PIL import Image

from ._pillow import to_frame
from ._trig import PI, cos_sin
from .registry import AudioStream, Context, Corruption, Frame, Kernel, Pcm

SHORTEST = 0.1  # seconds of silence in one chunk, at least


class Dropout(NamedTuple):
    """share: the silent share of the clip.  chunks: number of silent chunks of equal length."""

    share: float
    chunks: int


def visual(frame: Frame, level: int, context: Context) -> Frame:
    """Rotation about the center by whole degrees within ±level, nearest neighbor, black fill."""
    degrees = context.draw.integer(-level, level + 1)
    height, width = frame.shape[:2]
    cos, sin = (float(x) for x in cos_sin(PI * degrees / 180))
    # Pillow asks where in the input each output pixel comes from: the turn backwards.
    x0 = width / 2 - cos * (width / 2) + sin * (height / 2)
    y0 = height / 2 - sin * (width / 2) - cos * (height / 2)
    turned = Image.fromarray(frame).transform(
        (width, height),
        Image.Transform.AFFINE,
        (cos, -sin, x0, sin, cos, y0),
        Image.Resampling.NEAREST,
    )
    return to_frame(turned)


def audio(pcm: Pcm, level: Dropout, context: Context) -> Pcm:
    """Silent chunks that never overlap; fewer of them where they would be shorter than .1 s."""
    return silenced(pcm, *_apart(pcm.shape[1], level, context))


def stream(sound: AudioStream, level: Dropout, context: Context) -> Iterator[Pcm]:
    """`audio`, piece by piece."""
    return _silenced_pieces(sound, *_apart(sound.shape[1], level, context))


def reference_audio(pcm: Pcm, level: Dropout, context: Context) -> Pcm:
    """Silent chunks at independent places, so that some overlap."""
    return silenced(pcm, *_anywhere(pcm.shape[1], level, context))


def reference_stream(sound: AudioStream, level: Dropout, context: Context) -> Iterator[Pcm]:
    """`reference_audio`, piece by piece."""
    return _silenced_pieces(sound, *_anywhere(sound.shape[1], level, context))


def _apart(samples: int, level: Dropout, context: Context) -> tuple[list[int], int]:
    """Where chunks start, and the samples of one."""
    silent, chunks = _dropout(samples, level, context.sample_rate)
    free = samples - chunks * silent
    # Sorted places in what is not silent, each moved on by the chunks before it.
    places = sorted(int(u * (free + 1)) for u in context.draw.uniforms(chunks))
    return [place + number * silent for number, place in enumerate(places)], silent


def _anywhere(samples: int, level: Dropout, context: Context) -> tuple[list[int], int]:
    silent, chunks = _dropout(samples, level, context.sample_rate)
    room = samples - silent + 1
    return [int(u * room) for u in context.draw.uniforms(chunks)], silent


def silenced(pcm: Pcm, starts: Iterable[int], silent: int) -> Pcm:
    """A copy of `pcm` with `silent` samples of silence from each of `starts` on."""
    out = pcm.copy()
    for start in starts:
        out[:, max(0, start) : max(0, start + silent)] = 0
    return out


def _silenced_pieces(sound: AudioStream, starts: list[int], silent: int) -> Iterator[Pcm]:
    begin = 0
    for piece in sound.pieces():
        yield silenced(piece, [start - begin for start in starts], silent)
        begin += piece.shape[1]


def _dropout(samples: int, level: Dropout, sample_rate: int) -> tuple[int, int]:
    """The samples of one chunk, and the number of chunks."""
    total = level.share * samples
    chunks = max(1, min(level.chunks, int(total / (SHORTEST * sample_rate))))
    return round(total / chunks), chunks


CORRUPTION = Corruption(
    name="interference",
    visual=Kernel(visual, levels=(11, 17, 23, 29, 35)),
    audio=Kernel(
        audio,
        levels=(
            Dropout(0.1, 2), Dropout(0.2, 4), Dropout(0.3, 6), Dropout(0.4, 8), Dropout(0.5, 10),
        ),
        stream=stream,
    ),
    reference_audio=Kernel(
        reference_audio,
        levels=(
            Dropout(0.1, 2), Dropout(0.2, 4), Dropout(0.3, 6), Dropout(0.4, 8), Dropout(0.5, 10),
        ),
        stream=reference_stream,
    ),
)  # fmt: skip
