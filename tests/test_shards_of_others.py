"""Shards of others' making: what plain webdataset reads is read here, to the same clips."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import webdataset as wds
from helpers.shards import Made, members
from helpers.tars import END, checked, header, member, pax, written

import avrb_wds as avrb
from avrb_wds.shards import ShardSet, decode_clip, verify_shards

Members = list[tuple[str, bytes]]
LATIN_1 = "caf\udce9"  # as Python has the bytes b"caf\xe9" of a name


def stored(key: str, **more: bytes) -> Members:
    """A small clip of image and sound under any key, with more members."""
    held = {k: v for k, v in members(Made("a", frames=1)).items() if k != "json"}
    return [(f"{key}.{name}", data) for name, data in {**held, **more}.items()]


def python(form: int) -> Callable[[Path, Members], object]:
    return lambda path, held: written(path, held, form)


def tar_writer(path: Path, held: Members) -> None:
    """As webdataset writes, a sample at a time."""
    samples: dict[str, dict[str, bytes]] = {}
    for name, data in held:
        key, _, extension = name.partition(".")
        samples.setdefault(key, {})[extension] = data
    with wds.TarWriter(str(path)) as sink:
        for key, sample in samples.items():
            sink.write({"__key__": key, **sample})


def by_hand(path: Path, held: Members, end: bytes = END) -> None:
    made = (member(name.encode(errors="surrogateescape"), data) for name, data in held)
    path.write_bytes(b"".join(made) + end)


WRITERS: dict[str, Callable[[Path, Members], object]] = {
    "ustar": python(tarfile.USTAR_FORMAT),
    "gnu": python(tarfile.GNU_FORMAT),
    "pax": python(tarfile.PAX_FORMAT),
}
LONG = "a folder/" * 15  # in ustar's prefix, or in an extended header
HELD: dict[str, Members] = {
    "two clips": stored("a") + stored("b"),
    "folders": [("x/", b""), *stored("x/a"), ("x/y/", b""), *stored("x/y/a")],
    "a dot and a slash": [("./", b""), *stored("./a"), *stored("./b")],
    "long names": stored(LONG + "a") + stored(LONG + "b"),
    "Latin-1": stored(LATIN_1) + stored("x/" + LATIN_1) + stored("b"),
    "other members": stored("a", txt=b"hello", cls=b"3", mp4=b"\0\0\0\x18ftyp", **{"x.y.npy": b""}),
    "upper case": [(name.replace("wav", "WAV"), data) for name, data in stored("a")],
    "two underscores": stored("__a") + stored("__b__") + stored("x/__c__"),
    "about the shard": [("__meta__/a.json", b"{}"), *stored("a"), ("__info__", b"x")],
    "no key": [("README", b"x"), *stored("a")[:1], ("LICENSE", b"y"), *stored("a")[1:]],
    "Finder": [pair for name, data in stored("a") for pair in ((f"._{name}", b"x"), (name, data))],
}


def same_as_webdataset(path: Path) -> None:
    plain = list(wds.WebDataset(str(path), shardshuffle=False))
    with ShardSet.open([path]) as shards:
        raws = [shards.read(number) for number in range(len(shards))]
    assert [raw.key for raw in raws] == [sample["__key__"] for sample in plain]
    for raw, sample in zip(raws, plain, strict=True):
        held = {name: data for name, data in sample.items() if not name.startswith("__")}
        assert {name: bytes(data) for name, data in raw.members.items()} == held
        assert decode_clip(raw).frames is not None
    assert verify_shards([path], deep=True) == []


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("name", HELD)
def test_what_others_write(tmp_path: Path, name: str, writer: str) -> None:
    WRITERS[writer](tmp_path / "a.tar", HELD[name])
    same_as_webdataset(tmp_path / "a.tar")


SIZE = (3).to_bytes(12, "big")
ODD: dict[str, bytes] = {
    "no magic": checked(header(b"a.txt", 0, magic=b"\0" * 8)),
    "a byte of no kind": header(b"a.txt", 0, b"\0"),
    "contiguous": header(b"a.txt", 0, b"7"),
    "a size in base 256": header(b"a.txt", b"\x80" + SIZE[1:]) + b"abc" + bytes(509),
    "a size of spaces and digits": header(b"a.txt", b"          3 ") + b"abc" + bytes(509),
    "a checksum of signed bytes": checked(
        header(b"a.txt", 0)[:265] + b"caf\xe9".ljust(247, b"\0"), signed=True
    ),
    "times where the prefix is": checked(
        header(b"a.txt", 0, magic=b"ustar  \0")[:345] + b"14000000000\0" + bytes(155)
    ),
    "a size by pax": pax(size="3", mtime="1.5") + header(b"a.txt", 0) + b"abc" + bytes(509),
    "names by GNU and by pax": (
        member(b"././@LongLink", b"a.txt\0", b"L") + pax(path="b.txt") + header(b"b", 0)
    ),
    "attributes": pax(LIBARCHIVE__xattr__x="AAA=", comment="é") + header(b"a.txt", 0),
    "a volume's label": header(b"backup", 0, b"V") + header(b"a.txt", 0),
    "a comment on all": member(b"pax_global_header", b"14 comment=ab\n", b"g"),
}


@pytest.mark.parametrize("name", ODD)
def test_headers_that_are_rare(tmp_path: Path, name: str) -> None:
    made = [member(name.encode(), data) for name, data in stored("a")]
    (tmp_path / "a.tar").write_bytes(b"".join([made[0], ODD[name], *made[1:]]) + END)
    with ShardSet.open([tmp_path / "a.tar"]) as shards:
        assert len(shards) == 1
        held = shards.read(0).members
    assert {"frame_0000.jpg", "wav"} <= set(held)
    if b"abc" in ODD[name]:
        assert bytes(held["txt"]) == b"abc"


@pytest.mark.parametrize("end", [2, 20, 2048])
def test_any_blocking(tmp_path: Path, end: int) -> None:
    by_hand(tmp_path / "a.tar", stored("a"), bytes(512 * end))
    same_as_webdataset(tmp_path / "a.tar")


def test_tar_writer(tmp_path: Path) -> None:
    tar_writer(tmp_path / "a.tar", stored("a", txt=b"hello") + stored("__b") + stored("c"))
    same_as_webdataset(tmp_path / "a.tar")


def test_finder_files_in_folders(tmp_path: Path) -> None:
    """Which webdataset itself takes for members of a clip "x/"."""
    held = [("x/" + name, data) for name, data in HELD["Finder"]]
    written(tmp_path / "a.tar", held, tarfile.PAX_FORMAT)
    with ShardSet.open([tmp_path / "a.tar"]) as shards:
        assert [shards.read(n).key for n in range(len(shards))] == ["x/a"]
        assert set(shards.read(0).members) == {"frame_0000.jpg", "wav"}


JSONS: dict[str, object] = {
    "a number": {"video_id": 17, "labels": "dog", "target": "n01440764"},
    "another meaning": {"video_id": {"channel": 3}, "source": None},
    "all our names and more": {
        "video_id": 1, "labels": 2, "target": 3, "source": 4, "duration_s": 5, "fps": 25,
    },
    "not a number": {"video_id": "a", "score": float("nan")},
    "a list": ["video_id"],
    "only text": "video_id",
}  # fmt: skip


@pytest.mark.parametrize("name", JSONS)
def test_a_json_with_a_video_id_of_its_own(tmp_path: Path, name: str) -> None:
    held = stored("a", json=json.dumps(JSONS[name]).encode(), cls=b"2")
    written(tmp_path / "a.tar", held, tarfile.USTAR_FORMAT)
    [batch] = avrb.load(tmp_path / "a.tar", "impulse", 1, batch_size=1, num_workers=1)
    assert (batch["key"], batch["target"].tolist()) == (["a"], [2])
    plain = wds.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False).compose(avrb.Decode())
    [sample] = list(plain)
    assert (sample["target"], sample["labels"], sample["video_id"]) == (2, (), "a")


@pytest.mark.parametrize(("cls", "target"), [
    (b"7", 7), (b" 12\n", 12), (b"dog", None), (b"-1", None), (b"9" * 18, 10**18 - 1),
    (b"1" * 30, None), (b"1" * 5000, None), (b"", None), (b"\xff", None),
])  # fmt: skip
def test_class_numbers_of_others(tmp_path: Path, cls: bytes, target: int | None) -> None:
    written(tmp_path / "a.tar", stored("a", cls=cls), tarfile.USTAR_FORMAT)
    with ShardSet.open([tmp_path / "a.tar"]) as shards:
        assert decode_clip(shards.read(0)).record.target == target


def test_members_that_are_no_clip_are_a_sentence(tmp_path: Path) -> None:
    written(tmp_path / "a.tar", [*stored("a"), ("__b.txt", b"x")], tarfile.USTAR_FORMAT)
    with ShardSet.open([tmp_path / "a.tar"]) as shards:
        assert [shards.read(n).key for n in range(2)] == ["a", "__b"]
        with pytest.raises(avrb.DataError, match=r"clip '__b' in .* neither frames nor audio"):
            decode_clip(shards.read(1))
    assert [fault.key for fault in verify_shards([tmp_path / "a.tar"])] == ["__b"]


def test_notes_on_the_shard_are_no_clip(tmp_path: Path) -> None:
    held = [("__meta__.json", b"{}"), *stored("a"), ("__index__.txt", b"x")]
    written(tmp_path / "a.tar", held, tarfile.USTAR_FORMAT)
    with ShardSet.open([tmp_path / "a.tar"]) as shards:
        assert [shards.read(n).key for n in range(len(shards))] == ["a"]
