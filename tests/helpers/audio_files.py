"""Sound files of all kinds, made by code: as other programs write them, whole and cut off."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable

import golden
import numpy as np
import soundfile

RATE = 16_000
PCM = golden.make_sound(2, 3000)
Chunks = Iterable[tuple[bytes, bytes]]


def coded(
    subtype: str, kind: str = "WAV", samples: np.ndarray | None = None, endian: str = "FILE"
) -> bytes:
    """A file by libsndfile."""
    out = io.BytesIO()
    sound = PCM.T if samples is None else samples
    soundfile.write(out, sound, RATE, subtype=subtype, format=kind, endian=endian)
    return out.getvalue()


def fmt(
    code: int = 1, channels: int = 2, rate: int = RATE, bits: int = 16, align: int | None = None
) -> bytes:
    """The content of a fmt chunk."""
    align = channels * -(-bits // 8) if align is None else align
    return struct.pack(
        "<HHIIHH", code, channels, rate, rate * align & 0xFFFFFFFF, align & 0xFFFF, bits
    )


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    """A chunk with its padding; `size` in place of its true one."""
    said = len(content) if size is None else size
    return name + struct.pack("<I", said) + content + bytes(len(content) % 2)


def wave(
    content: bytes,
    format_chunk: bytes | None = None,
    *,
    size: int | None = None,
    riff: int | None = None,
    before: Chunks = (),
    after: Chunks = (),
) -> bytes:
    """A WAV.  size, riff: what it says in place of the true lengths of its samples and itself."""
    body = chunk(b"fmt ", fmt() if format_chunk is None else format_chunk)
    body += b"".join(chunk(name, data) for name, data in before)
    body += chunk(b"data", content, size)
    body += b"".join(chunk(name, data) for name, data in after)
    return b"RIFF" + struct.pack("<I", len(body) + 4 if riff is None else riff) + b"WAVE" + body


def field(data: bytes, name: bytes) -> int:
    """Where the size of the chunk called `name` stands."""
    return data.index(name) + 4
