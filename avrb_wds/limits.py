"""Limits on the memory that a stored clip may ask for: a few bytes can announce any size."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import check_int

MAX_SAMPLE_RATE = (1 << 20) - 1
"""In Hz: the most that a FLAC can state.  Noise and banks are made at the rate of the sound."""


@dataclass(frozen=True)
class DecodeLimits:
    """Limits of one clip; what goes beyond is a DataError before memory is taken for it.

    max_clip_bytes: as stored.  max_pixels: of a frame.  max_frame_bytes: of all its frames decoded.
    max_audio_bytes: of its sound decoded, two a sample.  max_json_bytes: of its JSON, and of
    whatever a tar header holds.
    """

    max_clip_bytes: int = 4 << 30
    max_pixels: int = 64 << 20
    max_frame_bytes: int = 2 << 30
    max_audio_bytes: int = 1 << 30
    max_json_bytes: int = 1 << 20


DEFAULT_LIMITS = DecodeLimits()


def check_sample_rate(sample_rate: object) -> int:
    """A sample rate in Hz as an int; raises UsageError for anything else, and above the most."""
    return check_int("sample_rate", sample_rate, 1, MAX_SAMPLE_RATE)
