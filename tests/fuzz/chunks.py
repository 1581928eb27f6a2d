"""Mutators of files made of chunks with a length each: PNG, RIFF (WAV, WebP, AVI) and MP4."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from random import Random

from .mutators import mutate_bytes
from .target import Mutator

__all__ = ["MP4", "PNG", "RIFF", "ChunkLayout", "mutate_chunks"]


@dataclass(frozen=True)
class ChunkLayout:
    """How chunks lie in a file.

    prefix: bytes before the first.  little: whether lengths are little-endian.  name_first: whether
    the name stands before the length.  inclusive: whether a length counts its own header.  crc: a
    checksum follows.  even: padded to an even length.  nested: names of chunks made of chunks.
    whole: where in the prefix the length of all that follows stands, 0 for nowhere.
    """

    prefix: int
    little: bool = False
    name_first: bool = False
    inclusive: bool = False
    crc: bool = False
    even: bool = False
    nested: frozenset[bytes] = frozenset()
    whole: int = 0


PNG = ChunkLayout(8, crc=True)
RIFF = ChunkLayout(12, little=True, name_first=True, even=True, whole=4)
MP4 = ChunkLayout(
    0, inclusive=True, nested=frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"))
)
Chunk = tuple[bytes, bytes]


def mutate_chunks(layout: ChunkLayout, keep: float = 0.8) -> Mutator:
    """A mutator that changes chunks and mends lengths and checksums; `keep`: how often it does.

    Otherwise it changes bytes wherever they stand.
    """

    def mutate(rng: Random, data: bytes) -> bytes:
        chunks, rest = _split(layout, data[layout.prefix :])
        if not chunks or rng.random() > keep:
            return mutate_bytes(rng, data)
        wrong = rng.random() < 0.15  # one length or checksum that is not mended
        body = _joined(rng, layout, _changed(rng, layout, chunks), wrong) + rest
        prefix = bytearray(data[: layout.prefix])
        if layout.whole and rng.random() < 0.7:
            length = len(body) + layout.prefix - layout.whole - 4
            prefix[layout.whole : layout.whole + 4] = length.to_bytes(4, _order(layout))
        return bytes(prefix) + body

    return mutate


def _order(layout: ChunkLayout) -> str:
    return "little" if layout.little else "big"


def _split(layout: ChunkLayout, data: bytes) -> tuple[list[Chunk], bytes]:
    """The chunks, and what follows the last whole one."""
    chunks: list[Chunk] = []
    at = 0
    while at + 8 <= len(data):
        name, length = data[at + 4 : at + 8], data[at : at + 4]
        if layout.name_first:
            name, length = length, name
        size = int.from_bytes(length, _order(layout)) - (8 if layout.inclusive else 0)
        end = at + 8 + size + (4 if layout.crc else 0)
        if size < 0 or end > len(data):
            break
        chunks.append((name, data[at + 8 : at + 8 + size]))
        at = end + (end % 2 if layout.even else 0)
    return chunks, data[at:]


def _joined(rng: Random, layout: ChunkLayout, chunks: list[Chunk], wrong: bool) -> bytes:
    spoilt = rng.randrange(len(chunks)) if wrong and chunks else -1
    parts = []
    for number, (name, held) in enumerate(chunks):
        size = len(held) + (8 if layout.inclusive else 0)
        if number == spoilt:
            size = rng.choice((0, 1, 7, size - 1, size + 1, 2**31, 2**32 - 1)) % 2**32
        length = size.to_bytes(4, _order(layout))
        parts += [name, length, held] if layout.name_first else [length, name, held]
        if layout.crc:
            crc = zlib.crc32(name + held) ^ (number == spoilt)
            parts.append(crc.to_bytes(4, "big"))
        if layout.even and len(held) % 2:
            parts.append(b"\0")
    return b"".join(parts)


def _changed(rng: Random, layout: ChunkLayout, chunks: list[Chunk]) -> list[Chunk]:
    at, what = rng.randrange(len(chunks)), rng.randrange(10)
    name, held = chunks[at]
    if what == 0:
        del chunks[at]
    elif what == 1:
        chunks.insert(rng.randrange(len(chunks) + 1), chunks[at])
    elif what == 2:
        other = rng.randrange(len(chunks))
        chunks[at], chunks[other] = chunks[other], chunks[at]
    elif what == 3:
        chunks.insert(
            at, (rng.choice((rng.randbytes(4), name)), rng.randbytes(rng.choice((0, 20))))
        )
    elif what == 4:
        chunks[at] = (mutate_bytes(rng, name)[:4].ljust(4), held)
    else:
        chunks[at] = (name, _inner(rng, layout, name, held))
    return chunks


def _inner(rng: Random, layout: ChunkLayout, name: bytes, held: bytes) -> bytes:
    inside, rest = _split(layout, held) if name in layout.nested else ([], held)
    if not inside:
        return mutate_bytes(rng, held)
    return _joined(rng, layout, _changed(rng, layout, inside), rng.random() < 0.1) + rest
