"""What is shown of a clip under one condition: a frame, a spectrogram, a film with its sound."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from PIL import Image

from ..av.mp4_writer import LAYOUTS, AudioFormat, Mp4Writer, VideoFormat
from ..codecs import encode_audio
from ..concurrency import ordered_map
from ..condition import Condition
from ..corrupter import Corrupter
from ..corruptions import Frame, Pcm
from ..reports.spectrogram import spectrogram
from ..signals import mix
from .clip import PreviewClip

FRAME_QUALITY, SPECTRUM_QUALITY = 80, 75  # JPEG
FILM_QUALITY = "34"  # of x264: noise is most of the page
AUDIO_BITS = 64_000  # a second and channel
SPECTRUM = (360, 120)  # pixels
UNSPECIFIED = 2  # primaries and transfer of colors, as FFmpeg numbers them
CLOCK = 90_000


@dataclass(frozen=True)
class Panel:
    """condition: what the clip is under.  frame: JPEG of its middle frame.  spectrum: JPEG.

    film: an mp4 of its frames and sound, or a FLAC file where there is sound alone.  What the clip
    has none of is None.  image: the middle frame as it is, for sheets.
    """

    condition: Condition
    frame: bytes | None
    spectrum: bytes | None
    film: bytes | None
    image: Frame | None
    pcm: Pcm | None


def make_panels(
    clip: PreviewClip, wanted: Sequence[tuple[Condition, Corrupter | None]]
) -> Iterator[Panel]:
    """The panel of each condition in order, made on all cores."""
    return ordered_map(lambda one: _panel(clip, *one), wanted)


def _panel(clip: PreviewClip, condition: Condition, corrupter: Corrupter | None) -> Panel:
    frames, pcm = clip.frames, clip.pcm
    if corrupter is not None:
        frames = None if frames is None else corrupter.frames(frames, clip.key)
        pcm = None if pcm is None else corrupter.pcm(pcm, clip.key, clip.sample_rate)
    middle = None if frames is None else frames[len(frames) // 2]
    return Panel(
        condition,
        None if middle is None else _jpeg(Image.fromarray(middle), FRAME_QUALITY),
        None if pcm is None else _spectrum(pcm, clip.sample_rate),
        _film(frames, pcm, clip),
        middle,
        pcm,
    )


def _spectrum(pcm: Pcm, sample_rate: int) -> bytes:
    image = Image.fromarray(spectrogram(pcm.mean(axis=0), sample_rate))
    return _jpeg(image.resize(SPECTRUM, Image.Resampling.BOX), SPECTRUM_QUALITY)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    coded = io.BytesIO()
    image.save(coded, "JPEG", quality=quality, optimize=True)
    return coded.getvalue()


def _film(frames: Frame | None, pcm: Pcm | None, clip: PreviewClip) -> bytes | None:
    """The frames evenly over the clip's seconds, and its sound in step with them."""
    if frames is None:
        return None if pcm is None else encode_audio(pcm, clip.sample_rate, "flac")
    if not clip.seconds:
        return None
    if pcm is not None and len(pcm) not in LAYOUTS:  # AAC has no way with them
        pcm = mix(pcm, "mono")
    height, width = (side + side % 2 for side in frames.shape[1:3])
    each = Fraction(clip.seconds).limit_denominator(CLOCK) / len(frames)
    form = VideoFormat(
        height, width, Fraction(1, CLOCK), 1 / each, Fraction(1), UNSPECIFIED, UNSPECIFIED,
        FILM_QUALITY,
    )  # fmt: skip
    sound = None if pcm is None else AudioFormat(len(pcm), clip.sample_rate, AUDIO_BITS)
    made = io.BytesIO()
    with Mp4Writer(made, form, sound) as file:
        file.write_clip(frames, each, pcm)
    return made.getvalue()
