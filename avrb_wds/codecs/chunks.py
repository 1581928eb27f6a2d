"""Where the samples of a sound file in chunks lie: WAV of every kind, AIFF, CAF.

libsndfile takes a file that is cut off for a short one, and refuses some whose writer could not
know the length.  So the chunks are read here; what is in them is decoded elsewhere.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import DataError

W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")  # of all GUIDs of Sony Wave64 but the first
W64 = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
MOST_CHUNKS = 4096  # before the samples
# Some writers leave the padding after an odd chunk out; then one of these follows at once.
KNOWN = {b"data", b"fmt ", b"fact", b"LIST", b"JUNK", b"bext", b"PEAK", b"SSND", b"COMM"}

CUT_OFF = "the sound is cut off: it ends within its header."

PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE  # codes of encodings


@dataclass(frozen=True)
class Layout:
    """How a family of files writes its chunks.

    head: id and size.  start: the first chunk.  samples: the id of the chunk that has them.
    inner: bytes of it before the first sample.  align: to which chunks are padded.  whole: whether
    a size counts the chunk's own head.
    """

    head: struct.Struct
    start: int
    samples: bytes = b"data"
    inner: int = 0
    align: int = 2
    whole: bool = False


RIFF = Layout(struct.Struct("<4sI"), 12)
LAYOUTS = {
    b"RIFF": RIFF,
    b"RF64": RIFF,
    b"BW64": RIFF,
    b"RIFX": Layout(struct.Struct(">4sI"), 12),
    b"riff": Layout(struct.Struct("<16sQ"), 40, b"data" + W64_TAIL, align=8, whole=True),
    b"FORM": Layout(struct.Struct(">4sI"), 12, b"SSND", inner=8),
    b"caff": Layout(struct.Struct(">4sQ"), 8, inner=4, align=1),
}


@dataclass(frozen=True)
class Chunk:
    """A chunk: its id, where its content starts and how long it says that it is."""

    name: bytes
    start: int
    size: int


@dataclass(frozen=True)
class WaveFormat:
    """The fmt chunk of a WAV.  code: of the encoding, that within an extensible one."""

    code: int
    channels: int
    sample_rate: int
    block_align: int
    bits: int

    @property
    def is_plain(self) -> bool:
        """Whether a block is a sample of each channel."""
        return self.code in (PCM, FLOAT, ALAW, MULAW)

    def check(self) -> None:
        """Raise DataError for a header that no sound can have."""
        expected = self.channels * -(-self.bits // 8)
        cool_edit = (self.bits, self.block_align) == (24, 4 * self.channels)  # libsndfile knows it
        if not (self.channels and self.sample_rate and self.block_align) or (
            self.is_plain and self.block_align != expected and not cool_edit
        ):
            raise DataError(
                f"the sound has an impossible header: {self.channels} channels of {self.bits} bits "
                f"in blocks of {self.block_align} bytes at {self.sample_rate} Hz."
            )


@dataclass(frozen=True)
class SizeField:
    """Where a file says how long its samples are.  overhead: what it counts beside them."""

    at: int
    format: str
    overhead: int


@dataclass(frozen=True)
class AudioChunk:
    """The samples of a file, as stored.

    start, length: of what is there, in bytes.  field: what says so.  is_open: whether it does not,
    and the sound goes to the end of the file.  wave: of a WAV.
    """

    start: int
    length: int
    field: SizeField
    is_open: bool
    wave: WaveFormat | None

    def with_length(self, data: bytes | memoryview) -> bytes:
        """`data` with the length that its header leaves open, for libsndfile."""
        whole = bytearray(data[: self.start + self.length])
        struct.pack_into(self.field.format, whole, self.field.at, self.length + self.field.overhead)
        return bytes(whole)


def find_samples(data: bytes | memoryview) -> AudioChunk | None:
    """Where the samples of a WAV, AIFF or CAF lie; None for other files.

    Raises DataError where the file is cut off, or its header is impossible.
    """
    layout = _layout(data)
    if layout is None:
        return None
    wave, long = None, None
    for count, chunk in enumerate(_chunks(data, layout)):
        if chunk.name[:4] == b"fmt " and wave is None:
            wave = _wave_format(data, chunk, layout)
        elif chunk.name == b"ds64" and chunk.size >= 16:
            long = SizeField(chunk.start + 8, "<Q", 0)
        elif chunk.name == layout.samples:
            return _samples(data, layout, chunk, wave, long)
        if chunk.start + chunk.size > len(data):
            break
        if count == MOST_CHUNKS:
            raise DataError(f"the sound has more than {MOST_CHUNKS} chunks before its samples.")
    raise DataError(CUT_OFF)


def _layout(data: bytes | memoryview) -> Layout | None:
    kind, form = bytes(data[:4]), bytes(data[8:12])
    if kind == b"riff":
        return LAYOUTS[kind] if data[:16] == W64 else None
    if kind == b"caff" or len(data) < 12:
        return LAYOUTS.get(kind)
    return LAYOUTS.get(kind) if form in (b"WAVE", b"AIFF", b"AIFC") else None


def _chunks(data: bytes | memoryview, layout: Layout) -> Iterator[Chunk]:
    """The chunks in turn; the last one may say that it is longer than the file."""
    at, head = layout.start, layout.head
    while at + head.size <= len(data):
        name, size = head.unpack_from(data, at)
        size -= head.size if layout.whole else 0
        yield Chunk(name, at + head.size, size)
        end = at + head.size + max(0, size)
        at = end + -end % layout.align
        if at > end and _is_unpadded(data, at, end):
            at = end


def _is_unpadded(data: bytes | memoryview, at: int, end: int) -> bool:
    """Whether a chunk of odd length is followed by the next one at once, as some writers do."""
    return bytes(data[at : at + 4]) not in KNOWN and bytes(data[end : end + 4]) in KNOWN


def _wave_format(data: bytes | memoryview, chunk: Chunk, layout: Layout) -> WaveFormat:
    if chunk.start + chunk.size > len(data):
        raise DataError(CUT_OFF)
    if chunk.size < 16:
        raise DataError(f"the sound has an impossible header: a fmt chunk of {chunk.size} bytes.")
    order = layout.head.format[0]
    code, channels, rate, _, align, bits = struct.unpack_from(f"{order}HHIIHH", data, chunk.start)
    if code == EXTENSIBLE and chunk.size >= 40:
        (code,) = struct.unpack_from(f"{order}H", data, chunk.start + 24)
    wave = WaveFormat(code, channels, rate, align, bits)
    wave.check()
    return wave


def _samples(
    data: bytes | memoryview,
    layout: Layout,
    chunk: Chunk,
    wave: WaveFormat | None,
    long: SizeField | None,
) -> AudioChunk:
    if wave is None and data[8:12] == b"WAVE":
        raise DataError("the sound has an impossible header: its format comes after its samples.")
    order, number = layout.head.format[0], layout.head.format[-1]
    width, overhead = struct.calcsize(order + number), layout.inner
    field = SizeField(chunk.start - width, order + number, overhead)
    size = chunk.size - layout.inner
    if layout.whole:
        field = SizeField(chunk.start - width, order + number, layout.head.size)
    elif chunk.size == 0xFFFFFFFF and long is not None:
        (size,), field = struct.unpack_from(long.format, data, long.at), long
    start = chunk.start + layout.inner
    found = max(0, len(data) - start)
    is_open = _is_unknown(size) or (size <= 0 and not _ends_in_chunks(data, layout, start))
    if size > found and not is_open:
        width = wave.block_align if wave and wave.is_plain else 1
        unit = "samples" if wave and wave.is_plain else "bytes of sound"
        raise DataError(
            f"the sound is cut off: it announces {size // width} {unit} and holds {found // width}."
        )
    return AudioChunk(start, found if is_open else max(0, size), field, is_open, wave)


def _is_unknown(size: int) -> bool:
    """Whether a size is what a writer into a pipe puts down: the most that fits, less some headers.

    ffmpeg writes 0xFFFFFFFF, sox 0x7FFFF000 or 0x7F000000, arecord 0x80000000 or a header less.
    """
    most = (0x7F000000, 0x80000000, 0x100000000, 1 << 63, 1 << 64)
    return any(abs(size - limit) <= 0x10000 for limit in most)


def _ends_in_chunks(data: bytes | memoryview, layout: Layout, at: int) -> bool:
    """Whether nothing but chunks comes from `at` on: then a sound of length 0 is an empty one."""
    for _ in range(MOST_CHUNKS):
        if at + 1 >= len(data):
            return at <= len(data) + 1
        if at + layout.head.size > len(data):
            return False
        name, size = layout.head.unpack_from(data, at)
        if not all(32 <= letter < 127 for letter in name[:4]):
            return False
        end = at + max(layout.head.size, size + (0 if layout.whole else layout.head.size))
        at = end + -end % layout.align
    return False
