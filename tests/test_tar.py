"""Tars that are damaged or lie: the end of each is known, and what is wrong is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.shards import Made, clips, members, write_shards
from helpers.tars import BLOCK, END, header, member, pax

import avrb_wds as avrb
from avrb_wds.shards import ShardSet, scan_index
from avrb_wds.shards.index import COMPRESSED
from avrb_wds.shards.tar import clip_members

A = member(b"a.txt", b"abc")
B = member(b"b.txt", b"x" * 600)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


BAD: dict[str, tuple[bytes, str]] = {
    "a flipped byte of the first header": (
        flipped(A, 3) + END,
        "has a damaged tar header at byte 0",
    ),
    "a flipped byte of a later header": (
        A + flipped(B, 130) + END,
        "damaged tar header at byte 1024",
    ),
    "a flipped byte of an end mark": (
        A + flipped(END, 700),
        "end mark at byte 1024, .* at byte 1724",
    ),
    "a block of zeros between clips": (
        A + bytes(BLOCK) + B + END,
        "end mark at byte 1024, but goes",
    ),
    "a tar behind another": (A + END + B + END, "end mark at byte 1024, but goes on at byte 2048"),
    "text behind the end": (A + END + b"\n", "end mark at byte 1024, but goes on at byte 2048"),
    "cut off between clips": (A, "is cut off at byte 1024, before its end mark"),
    "cut off within a header": (A + B[:100], "is cut off at byte 1124, before its end mark"),
    "cut off within contents": (A + B[:900], "is cut off at byte 1924, within 'b.txt', which ends"),
    "cut off within padding": (A + B[:1200], "is cut off at byte 2224, within 'b.txt'"),
    "cut off within the end mark": (
        A + END[:BLOCK],
        "is cut off at byte 1536, within its end mark",
    ),
    "nothing": (b"", "is cut off at byte 0, before its end mark"),
    "a checksum of letters": (
        A[:148] + b"abcdefgh" + A[156:] + END,
        "damaged tar header at byte 0",
    ),
    "a size of letters": (
        header(b"a.txt", b"zzzzzzzzzzzz") + END,
        "tar header without a size at byte",
    ),
    "a negative size": (
        header(b"a.txt", b"-0000000003\0") + END,
        "tar header without a size at byte",
    ),
    "a negative size in base 256": (header(b"a.txt", b"\xff" * 12) + END, "header without a size"),
    "a huge size in base 256": (
        header(b"a.txt", b"\x80" + b"\xff" * 11) + END,
        "is cut off at byte",
    ),
    "a negative size by pax": (
        pax(size="-3") + A + END,
        "a pax header with a wrong size at byte 512",
    ),
    "a size of 5,000 digits": (pax(size="9" * 5000) + A + END, "a pax header with a wrong size"),
    "a huge size by pax": (pax(size="9" * 18) + A + END, "is cut off at byte .*, within 'a.txt'"),
    "no record of pax": (
        member(b"p", b"hello", b"x") + A + END,
        "a damaged pax header at byte 512",
    ),
    "a record of no end": (member(b"p", b"99 a=b\n", b"x") + A + END, "damaged pax header at byte"),
    "a record of length 0": (
        member(b"p", b"0 a=b\n", b"x") + A + END,
        "damaged pax header at byte",
    ),
    "a length of 5,000 digits": (
        member(b"p", b"9" * 5000 + b" a=b\n", b"x") + A,
        "damaged pax header",
    ),
    "a name for all": (
        member(b"p", b"10 path=a\n", b"g") + A + END,
        "that names every file the same",
    ),
    "an extended header at the end": (pax(path="a.txt") + END, "a damaged tar header at byte 1024"),
    "extended headers without end": (
        pax(comment="a") * 50,
        "is cut off at byte 51200, before its end",
    ),
    "a sparse file by GNU": (member(b"a.txt", b"abc", b"S") + END, "has a sparse file at byte 0"),
    "a sparse file by pax": (
        pax(GNU__sparse__major="1") + A + END,
        "has a sparse file at byte 512",
    ),
    "a link": (
        member(b"a.txt", b"", b"2") + END,
        "holds 'a.txt' at byte 0, which is a link, a device",
    ),
    "a FIFO": (member(b"a.txt", b"", b"6") + END, "which is a link, a device"),
    "a kind that is not known": (member(b"a.txt", b"", b"Q") + END, "which is a link, a device"),
    "a name that leads out": (member(b"../a.txt", b"") + END, "a name that leads elsewhere"),
    "a long name that leads out": (member(b"L", b"/a.txt\0", b"L") + A + END, "leads elsewhere"),
    "a name that leads out by pax": (pax(path="x/../../a.txt") + A + END, "leads elsewhere"),
    **{
        f"compressed, {magic!r}": (magic + A, "is compressed; unpack it to a plain tar")
        for magic in COMPRESSED
    },
}


@pytest.mark.parametrize("name", BAD)
def test_a_sentence_and_no_end(tmp_path: Path, name: str) -> None:
    data, fault = BAD[name]
    (tmp_path / "a.tar").write_bytes(data)
    with pytest.raises(avrb.DataError, match=rf"^shard \S+a\.tar .*{fault}.*\.$"):
        scan_index(tmp_path / "a.tar")
    faults = avrb.verify_shards([tmp_path / "a.tar"])
    assert any(fault.key is None for fault in faults)


def test_every_flipped_byte_of_a_header_is_noticed(tmp_path: Path) -> None:
    whole = A + B + END
    for at in {*range(len(A), len(A) + BLOCK)} - {len(A) + 155}:  # behind the checksum's own end
        (tmp_path / "a.tar").write_bytes(flipped(whole, at))
        with pytest.raises(avrb.DataError, match="damaged tar header at byte 1024"):
            scan_index(tmp_path / "a.tar")


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    whole = A + B + END
    for size in range(0, len(whole), 100):
        (tmp_path / "a.tar").write_bytes(whole[:size])
        with pytest.raises(avrb.DataError, match="is cut off at byte"):
            scan_index(tmp_path / "a.tar")


def test_damage_is_noticed_by_load(tmp_path: Path) -> None:
    folder = write_shards(tmp_path / "s", clips(3))
    tar = folder / "t-000000.tar"
    index = scan_index(tar)
    (folder / "manifest.json").unlink()
    (folder / "t-000000.index.jsonl").unlink()
    tar.write_bytes(flipped(tar.read_bytes(), index[1].offset + 1))
    with pytest.raises(avrb.DataError, match=f"damaged tar header at byte {index[1].offset}"):
        avrb.load(tar, "impulse", 1)
    with pytest.raises(avrb.DataError, match=f"damaged tar header at byte {index[1].offset}"):
        ShardSet.open(tar)


RANGES: dict[str, tuple[bytes, str]] = {
    "another's member": (
        A + B,
        "byte 1024 of the clip begins 'b.txt', which is not a file of this",
    ),
    "a member twice": (A + A, "member 'txt', at byte 1024 of the clip, occurs twice"),
    "a member twice, by case": (A + member(b"a.TXT"), "member 'txt', .* occurs twice"),
    "a size past the end": (header(b"a.txt", 4096), "member 'txt', .* runs past the clip's end"),
    "a negative size": (
        header(b"a.txt", b"-0000000003\0"),
        "a tar header without a size at byte 0",
    ),
    "zeros": (A + bytes(BLOCK), "byte 1024 of the clip begins a block of zeros"),
    "no header": (A + b"hello".ljust(BLOCK), "a damaged tar header at byte 1024"),
    "a link": (A + member(b"a.b", b"", b"1"), "begins 'a.b', which is not a file of this clip"),
}


@pytest.mark.parametrize("name", RANGES)
def test_a_byte_range_that_is_no_clip(name: str) -> None:
    data, fault = RANGES[name]
    with pytest.raises(avrb.DataError, match=fault):
        clip_members(data, "a")


def test_what_stands_between_members_is_passed_over() -> None:
    held = members(Made("a"))
    data = b"".join(
        member(b"._a.wav", b"x") + member(b"d/", b"", b"5") + member(f"a.{name}".encode(), value)
        for name, value in held.items()
    )
    assert {name: bytes(value) for name, value in clip_members(data, "a").items()} == held
