"""Mutators that know no format, or only text: bits, pieces, numbers, lines and cells."""

from __future__ import annotations

import re
from random import Random

from .target import Mutator

__all__ = [
    "NUMBERS",
    "TEXTS",
    "mutate_bytes",
    "mutate_csv",
    "mutate_text",
    "one_of",
    "tweak_number",
]

NUMBERS = [
    "0", "-0", "1", "-1", "2", "7", "255", "256", "65535", "65536", "2147483647", "2147483648",
    "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616",
    "-9223372036854775809", "1e3", "1.5", "-0.5", "1e308", "1e400", "-1e400", "NaN", "nan",
    "Infinity", "-Infinity", "inf", "1_000", "0x10", "007", "+3", "٣", "½", "9" * 400, "1" * 5000,
]  # fmt: skip
TEXTS = [
    "", " ", "\t", "\0", "\n", "\r", "\r\n", '"', "'", ",", ";", "#", "..", "../../x", "~", "\\",
    "/etc/passwd", "%", "%00", "{}", "{0..9}", "{000000000..999999999}", "\ufeff", "\u202e",
    "\x1b[31m", "\x85", "\u2028", "é", "日本", "😀", "__init__", "._x", "-", "--out", "a" * 300,
    "x" * 70_000, "pipe:ls", "file:///etc/passwd", "s3://b/k", "http://[", "null", "true", "None",
]  # fmt: skip
_DIGITS = re.compile(rb"\d+")


def one_of(*mutators: Mutator) -> Mutator:
    """A mutator that is one of these each time."""
    return lambda rng, data: rng.choice(mutators)(rng, data)


def mutate_bytes(rng: Random, data: bytes) -> bytes:
    """Bits, pieces, or a number in 1 to 8 bytes, wherever they stand."""
    return rng.choice((_flip, _flip, _truncate, _cut_out, _repeat, _insert, _fill, _integer))(
        rng, data
    )


def _span(rng: Random, data: bytes, longest: int = 64) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randint(1, rng.choice((4, longest, len(data) + 1))))


def _flip(rng: Random, data: bytes) -> bytes:
    if not data:
        return data
    out = bytearray(data)
    # Headers are short and stand first: half of the changes go there.
    reach = len(out) if rng.random() < 0.5 else min(len(out), 64)
    for _ in range(rng.choice((1, 1, 2, 8))):
        out[rng.randrange(reach)] ^= 1 << rng.randrange(8)
    return bytes(out)


def _truncate(rng: Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _cut_out(rng: Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + data[end:]


def _repeat(rng: Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    at = rng.choice((end, rng.randrange(len(data) + 1)))
    return data[:at] + data[start:end] * rng.choice((1, 1, 2, 20)) + data[at:]


def _insert(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 4, 16, 600))) + data[at:]


def _fill(rng: Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + rng.choice((b"\0", b"\xff", b" ", b"0")) * (end - start) + data[end:]


def _integer(rng: Random, data: bytes) -> bytes:
    size = rng.choice((1, 2, 4, 8))
    value = rng.choice((0, 1, -1, 1 << 8 * size - 1, (1 << 8 * size - 1) - 1, rng.getrandbits(16)))
    at = rng.randrange(max(1, min(len(data), rng.choice((64, len(data) or 1)))))
    coded = (value % (1 << 8 * size)).to_bytes(size, rng.choice(("little", "big")))
    return data[:at] + coded + data[at + size :]


def tweak_number(rng: Random, data: bytes) -> bytes:
    """A number written in digits, replaced by one that is unlikely."""
    found = list(_DIGITS.finditer(data[: 1 << 16]))
    if not found:
        return mutate_bytes(rng, data)
    match = rng.choice(found)
    return data[: match.start()] + rng.choice(NUMBERS).encode() + data[match.end() :]


def mutate_text(rng: Random, data: bytes) -> bytes:
    """Lines, words and characters, numbers, and sometimes bytes that are no text."""
    return rng.choice((tweak_number, _lines, _lines, _put_text, _put_text, mutate_bytes))(rng, data)


def _put_text(rng: Random, data: bytes) -> bytes:
    start, end = _span(rng, data, 8) if rng.random() < 0.5 else (rng.randrange(len(data) + 1),) * 2
    coding = rng.choice(("utf-8", "utf-8", "utf-8", "latin-1", "utf-16"))
    return data[:start] + rng.choice(TEXTS).encode(coding, "replace") + data[end:]


def _lines(rng: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    what = rng.randrange(6)
    if what == 0:
        del lines[at]
    elif what == 1:
        lines.insert(other, lines[at])
    elif what == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif what == 3:
        lines.insert(at, rng.choice((b"\n", b"\r", b"# note\n", b"\xef\xbb\xbf", b",,,\n")))
    elif what == 4:
        return rng.choice((b"\r\n", b"\r", b"\0\n")).join(line.rstrip(b"\r\n") for line in lines)
    else:
        lines[at] = lines[at].rstrip(b"\r\n")
    return b"".join(lines)


def mutate_csv(rng: Random, data: bytes) -> bytes:
    """A cell or a column changed, removed, repeated or quoted; else as text."""
    if rng.random() < 0.5:
        return mutate_text(rng, data)
    separator = max(b",\t;", key=data.count).to_bytes(1, "big")
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    whole = rng.random() < 0.3  # a column
    place, what = rng.randrange(lines[at].count(separator) + 1), rng.randrange(5)
    text = rng.choice((*TEXTS, *NUMBERS)).encode()
    for number in range(len(lines)) if whole else (at,):
        cells = lines[number].split(separator)
        if place >= len(cells):
            continue
        if what == 0:
            del cells[place]
        elif what == 1:
            cells.insert(place, cells[place])
        elif what == 2:
            cells[place] = b'"' + cells[place] + rng.choice((b'"', b"", b'""', b'"x'))
        else:
            cells[place] = text
        lines[number] = separator.join(cells)
    return b"\n".join(lines)
