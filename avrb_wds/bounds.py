"""How much a stored clip may ask for: a few bytes can announce far more than any memory holds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT", "Bounds"]


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
