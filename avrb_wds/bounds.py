"""How much a stored clip may ask for: a few bytes can announce far more than any memory holds."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import check_int

__all__ = ["DEFAULT", "MAX_SAMPLE_RATE", "Bounds", "check_sample_rate"]

MAX_SAMPLE_RATE = (1 << 20) - 1
"""In Hz: the most that a FLAC can state.  Noise and banks are made at the rate of the sound."""


@dataclass(frozen=True)
class Bounds:
    """Limits of one clip; what goes beyond is a DataError before memory is taken for it.

    clip: its bytes as stored.  pixels: of a frame.  frames: bytes of all its frames decoded.
    sound: bytes of its sound decoded, two a sample.  text: bytes of its JSON, and of whatever a
    tar header holds.
    """

    clip: int = 4 << 30
    pixels: int = 64 << 20
    frames: int = 8 << 30
    sound: int = 1 << 30
    text: int = 1 << 20


DEFAULT = Bounds()


def check_sample_rate(sample_rate: object) -> int:
    """A sample rate in Hz as an int; raises UsageError for anything else, and above the most."""
    return check_int("sample_rate", sample_rate, 1, MAX_SAMPLE_RATE)
