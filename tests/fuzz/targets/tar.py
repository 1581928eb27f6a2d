"""Tars: scanned, and their clips cut out."""

from __future__ import annotations

import io
import tarfile
from contextlib import suppress
from random import Random

from helpers.shards import Made, members

from avrb_wds.shards import ShardSet, decode_clip, verify_shards

from ..jsons import mutate_json
from ..mutators import mutate_bytes, one_of
from ..target import Target, written

BLOCK = 512
NUMBERS = (
    b"-0000000001\0",
    b"\xff" * 12,
    b"\x80" + b"\xff" * 11,
    b" " * 12,
    b"777777777777",
    b"0o17",
)
RECORDS = (
    b"size=-1", b"size=3", b"size=" + b"9" * 5000, b"path=../../x", b"path=a.txt", b"path=",
    b"hdrcharset=BINARY", b"hdrcharset=x", b"GNU.sparse.map=0,1,2", b"GNU.sparse.major=1",
    b"GNU.sparse.realsize=-1", b"path=\xff\xfe.txt", b"path=" + b"x" * 3000 + b".wav", b"=", b"a",
)  # fmt: skip
NAMES = (b"", b"a.wav", b"b.json", b"../a.wav", b"/etc/x", b"__a.txt", b"__meta__", b"._a.wav",
         b"\xe9.wav", b"d/a.wav", b"a", b".", b"a.", b"x" * 100)  # fmt: skip


def tars() -> list[bytes]:
    """Two clips each, in every format, with names that need extended headers."""
    made = []
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=form) as tar:
            for name in ("a.json", "a.wav", "d/", "long/" * 25 + "b.jpg", "é.txt", "README"):
                info = tarfile.TarInfo(name)
                info.size = 0 if name.endswith("/") else 3 * len(name)
                info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
                tar.addfile(info, io.BytesIO(b"abc" * len(name)))
        made.append(file.getvalue())
    return made


def mutate_header(rng: Random, data: bytes) -> bytes:
    """A field of a header changed, and the checksum put right."""
    blocks = [
        at for at in range(0, len(data) - BLOCK + 1, BLOCK) if data[at + 257 : at + 262] == b"ustar"
    ]
    if not blocks:
        return mutate_bytes(rng, data)
    at = rng.choice(blocks)
    header = bytearray(data[at : at + BLOCK])
    what = rng.randrange(6)
    if what == 0:
        header[124:136] = rng.choice((*NUMBERS, f"{rng.randrange(4000):011o}\0".encode())).ljust(
            12
        )[:12]
    elif what == 1:
        header[156] = rng.choice(b"\001234567xgXLKSDVMNA")
    elif what == 2:
        header[:100] = rng.choice(NAMES).ljust(100, b"\0")
    elif what == 3:
        header[345:500] = rng.choice(NAMES).ljust(155, b"\0")
    elif what == 4:
        header[257:265] = rng.choice((b"ustar  \0", b"ustar\x0000", bytes(8)))
    else:
        header = bytearray(mutate_bytes(rng, bytes(header))[:BLOCK].ljust(BLOCK, b"\0"))
    header[148:156] = f"{sum(header[:148]) + 256 + sum(header[156:]):06o}\0 ".encode()
    return data[:at] + bytes(header) + data[at + BLOCK :]


def insert_pax(rng: Random, data: bytes) -> bytes:
    """An extended header put before a block."""
    records = b""
    for record in rng.choices(RECORDS, k=rng.choice((1, 1, 2, 5))):
        length = len(record) + 2 + len(str(len(record) + 4))
        records += f"{rng.choice((length, length, length, 0, 10**9))} ".encode() + record + b"\n"
    info = tarfile.TarInfo("pax")
    info.size, info.type = len(records), rng.choice((tarfile.XHDTYPE, tarfile.XGLTYPE, b"L", b"K"))
    at = rng.randrange(len(data) // BLOCK + 1) * BLOCK
    return (
        data[:at]
        + info.tobuf(tarfile.USTAR_FORMAT)
        + records
        + bytes(-len(records) % BLOCK)
        + data[at:]
    )


def move_blocks(rng: Random, data: bytes) -> bytes:
    """Whole blocks cut out, repeated or made zeros."""
    count = len(data) // BLOCK
    start = rng.randrange(count + 1) * BLOCK
    end = start + rng.choice((1, 1, 2, 4)) * BLOCK
    return data[:start] + rng.choice((b"", bytes(end - start), data[start:end] * 2)) + data[end:]


def read_tar(data: bytes) -> dict[str, dict[str, bytes]]:
    """The members of every clip, by key and extension."""
    path = written(data, "a.tar")
    held: dict[str, dict[str, bytes]] = {}
    with ShardSet.open(str(path)) as shards:
        for number in range(len(shards)):
            raw = shards.read(number)
            held[f"{number} {raw.key}"] = {
                name: bytes(value) for name, value in raw.members.items()
            }
    return held


def as_tarfile_reads(data: bytes, held: dict[str, dict[str, bytes]]) -> None:
    """A member that the standard library finds too has the contents that it finds.

    It finds fewer where a header's owner or date is wrong, and ends there.
    """
    plain: dict[str, set[bytes]] = {}
    with suppress(tarfile.TarError), tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        for info in tar:
            if info.isreg() and (contents := tar.extractfile(info)):
                plain.setdefault(info.name.lower(), set()).add(contents.read())
    for key, clip in held.items():
        for extension, value in clip.items():
            name = f"{key.partition(' ')[2]}.{extension}".lower()
            assert name not in plain or value in plain[name], name


def clip_tars() -> list[bytes]:
    """One clip as this project packs it, and one of others with a sound alone."""
    held = members(Made("a", frames=2, height=8, width=8, samples=80))
    made = []
    for names in (held, ("wav", "json")):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name in names:
                info = tarfile.TarInfo(f"a.{name}")
                info.size = len(held[name])
                tar.addfile(info, io.BytesIO(held[name]))
        made.append(file.getvalue())
    return made


def mutate_contents(rng: Random, data: bytes) -> bytes:
    """A member's contents changed, and as long as before."""
    starts = range(0, len(data) - BLOCK + 1, BLOCK)
    headers = [at for at in starts if data[at + 257 : at + 262] == b"ustar"]
    if not headers:
        return mutate_bytes(rng, data)
    start = rng.choice(headers) + BLOCK
    end = min([at for at in headers if at >= start], default=len(data))
    changed = rng.choice((mutate_bytes, mutate_json))(rng, data[start:end].rstrip(b"\0"))
    return data[:start] + changed[: end - start].ljust(end - start, b"\0") + data[end:]


def verify_tar(data: bytes) -> list[str]:
    """The faults of a tar, each a sentence; what has none decodes."""
    path = written(data, "v.tar")
    faults = [fault.problem for fault in verify_shards([str(path)], deep=True)]
    assert all(fault.endswith(".") and "\n" not in fault for fault in faults), faults
    if not faults:
        with ShardSet.open(str(path)) as shards:
            for number in range(len(shards)):
                decode_clip(shards.read(number))
    return faults


TARGETS = (
    Target(
        "tar",
        tars,
        one_of(mutate_header, mutate_header, insert_pax, move_blocks, mutate_bytes),
        read_tar,
        as_tarfile_reads,
    ),
    Target(
        "clip in a tar",
        clip_tars,
        one_of(mutate_contents, mutate_contents, mutate_header, move_blocks),
        verify_tar,
    ),
)
