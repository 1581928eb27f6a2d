"""MP3 that libsndfile reads whole: it believes a Xing header, and guesses where there is none.

References: ISO/IEC 11172-3 and 13818-3 (frame headers); the Xing header as LAME documents it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from ..errors import DataError
from .faults import Memory

# kbit/s by (whether MPEG-1, layer), from index 1 to 14.
RATES = {
    (True, 1): range(32, 449, 32),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
HZ = (44_100, 48_000, 32_000)  # of MPEG-1; half of it in MPEG-2, a quarter in MPEG-2.5
TAIL = (b"TAG", b"APET", b"LYRI", b"3DI", b"ID3")  # what may come after the sound
LARGEST_FRAME = 1441  # of layer III
MOST_JUNK = 1 << 16  # between frames; libmpg123 looks no further either
# What all headers of one sound have in common: sync, version, layer, sample rate.
SAME = 0xFFFE0C00
XING = struct.Struct(">4sIII")  # name, flags, frames, bytes


@dataclass(frozen=True)
class Header:
    """A frame's header.  size: of the frame in bytes.  side: of what comes before its sound."""

    bits: int
    layer: int
    size: int
    side: int


def is_mpeg(data: bytes | memoryview) -> bool:
    """Whether libsndfile would take `data` for MPEG audio."""
    at = _after_tag(data)
    return bytes(data[at : at + 4]) != b"fLaC" and _header(data, at) is not None


def open_mpeg(data: bytes | memoryview) -> Memory:
    """MPEG audio as a file of which libsndfile reads all frames.

    Raises DataError where it is cut off: where there are fewer frames than a Xing header says, or
    the last one is not whole.
    """
    start = _after_tag(data)
    first = _header(data, start)
    if first is None or first.layer != 3:
        return Memory(data)  # of one bit rate, and guessed right
    frames, end = _count(data, start, first)
    info = start + 4 + first.side
    name, flags, announced, size = XING.unpack_from(bytes(data[info : info + XING.size]).ljust(16))
    if name not in (b"Xing", b"Info") or not flags & 1:
        return _Longer(data[start:end], frames * LARGEST_FRAME)
    frames -= 1  # the header is one
    if frames < announced - 1:
        raise DataError(
            f"the sound is cut off: it announces {announced} frames of MP3 and holds {frames}."
        )
    changed = bytearray(data[start:end])
    if frames > announced + 1:  # files put one after another
        struct.pack_into(">I", changed, info - start + 8, frames)
    if flags & 2 and not 0.99 < size / (end - start) < 1.01:  # else there is a note about it
        struct.pack_into(">I", changed, info - start + 12, end - start)
    return Memory(changed)


class _Longer(Memory):
    """A file that seems `length` bytes long to who seeks its end, for a tag of 128 bytes there.

    Without a header libmpg123 guesses the number of frames from this and the first bit rate, and
    libsndfile reads no more of them than that.  A header put before them would shift the sound.
    """

    def __init__(self, data: bytes | memoryview, length: int) -> None:
        super().__init__(data)
        self._length = length

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return super().seek(offset + self._length) if whence == 2 else super().seek(offset, whence)

    def readinto(self, buffer: Any, /) -> int:
        found = super().readinto(buffer)
        return found or (len(buffer) if self.tell() >= self._length - 128 else 0)


def _after_tag(data: bytes | memoryview) -> int:
    """Where the sound starts: after an ID3 tag, if there is one."""
    if bytes(data[:3]) != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for seven in data[6:10]:
        size = size << 7 | seven & 0x7F
    at = 10 + size + (10 if data[5] & 0x10 else 0)
    while at < len(data) and data[at] == 0:  # padding beyond what the tag says
        at += 1
    return at


def _header(data: bytes | memoryview, at: int) -> Header | None:
    if at + 4 > len(data):
        return None
    (bits,) = struct.unpack_from(">I", data, at)
    version, layer, index, hz = (
        bits >> 19 & 3,
        4 - (bits >> 17 & 3),
        bits >> 12 & 15,
        bits >> 10 & 3,
    )
    if bits >> 21 != 0x7FF or version == 1 or layer == 4 or index in (0, 15) or hz == 3:
        return None
    first = version == 3
    rate = HZ[hz] >> (0 if first else 1 if version == 2 else 2)
    bit_rate, padding = 1000 * RATES[first, layer][index - 1], bits >> 9 & 1
    if layer == 1:
        size = (12 * bit_rate // rate + padding) * 4
    else:
        size = (72 if layer == 3 and not first else 144) * bit_rate // rate + padding
    mono = bits >> 6 & 3 == 3
    return Header(bits, layer, size, (17 if mono else 32) if first else (9 if mono else 17))


def _count(data: bytes | memoryview, start: int, first: Header) -> tuple[int, int]:
    """(frames, the end of the last one); what is no frame is skipped."""
    frames, at, end = 0, start, start
    view = bytes(data)
    while not view.startswith(TAIL, end) and 0 <= (at := view.find(b"\xff", at)) <= len(view) - 4:
        header = _header(view, at)
        if at - end > MOST_JUNK:
            raise DataError(f"the sound has {at - end} bytes that are no MP3 after frame {frames}.")
        if header is None or (header.bits ^ first.bits) & SAME:
            at += 1
            continue
        after = at + header.size
        if after > len(view):
            if at != end:  # no frame that came after another: by chance
                break
            raise DataError(
                f"the sound is cut off: {len(view) - at} of the {header.size} bytes of frame "
                f"{frames + 1} of MP3 are there."
            )
        if at != end and not _goes_on(view, after, first):
            at += 1
            continue
        frames, at, end = frames + 1, after, after
    return frames, end


def _goes_on(data: bytes, at: int, first: Header) -> bool:
    """Whether a frame, a tag or the end comes at `at`, after bytes that were none of these."""
    following = _header(data, at)
    same = following is not None and not (following.bits ^ first.bits) & SAME
    return same or at == len(data) or data.startswith(TAIL, at)
