"""Records, keys, manifests and indexes: what is spelt is read again, and nothing else is."""

import json
from dataclasses import replace

import pytest
from helpers.shards import clips, write_shards
from hypothesis import given, settings
from hypothesis import strategies as st
from webdataset.tariterators import base_plus_ext

from avrb_wds.errors import DataError
from avrb_wds.shards import (
    AudioLayout,
    ClipRecord,
    FrameLayout,
    IndexEntry,
    Manifest,
    ShardEntry,
    ShardIndex,
    escape_key,
    scan_index,
)

RECORD = ClipRecord("a.b", ("dog", "cat"), (0, 3), "x/a.b.mp4", 1.5)
texts = st.text(max_size=120)
NUMBERS = st.integers(0, 2**63 - 1)


@settings(deadline=None)
@given(texts, st.lists(texts).map(tuple), st.none() | NUMBERS | st.tuples(NUMBERS))
def test_record_round_trip(video_id, labels, target) -> None:
    record = ClipRecord(video_id, labels, target, "s", 0.25)
    assert ClipRecord.from_bytes(record.to_bytes()) == record


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"target": -1}, "target -1"),
        ({"target": True}, "target True"),
        ({"target": ["0"]}, "target"),
        ({"labels": "dog"}, "'labels' is 'dog', not a list"),
        ({"video_id": 3}, "'video_id' is 3, not text"),
        ({"duration_s": "1"}, "'duration_s'"),
        ({"more": 1}, "unknown fields: 'more'"),
    ],
)
def test_wrong_records_say_what(change, fault) -> None:
    spelt = json.dumps({**json.loads(RECORD.to_bytes()), **change}).encode()
    with pytest.raises(DataError, match=fault):
        ClipRecord.from_bytes(spelt)
    with pytest.raises(DataError, match="not JSON"):
        ClipRecord.from_bytes(spelt[:-1])


@pytest.mark.parametrize(
    ("video_id", "key"),
    [
        ("BkjpjAohg-0", "BkjpjAohg-0"),
        ("--2.x%", "--2%2Ex%25"),
        ("a/b\\c", "a%2Fb%5Cc"),
        ("__x__", "%5F_x__"),
        ("_x", "_x"),
        ("line\nbreak\0", "line%0Abreak%00"),
        ("Käse 7", "Käse 7"),
        ("\udcff", "%FF"),  # what Python makes of a file name that is not UTF-8
    ],
)
def test_keys(video_id, key) -> None:
    assert escape_key(video_id) == key


@settings(deadline=None)
@given(texts, texts)
def test_keys_are_names_that_tar_and_webdataset_take(one, other) -> None:
    key = escape_key(one)
    assert len(key.encode()) <= 80
    assert (one == other) == (key == escape_key(other))
    if one:
        assert base_plus_ext(f"{key}.frame_0000.jpg") == (key, "frame_0000.jpg")
        assert not key.startswith("__")


def entry(number: int, clips_: int = 1) -> ShardEntry:
    name = f"n-{number:06d}"
    return ShardEntry(f"{name}.tar", 9, clips_, "0" * 64, f"{name}.index.jsonl", "f" * 64)


MANIFEST = Manifest(
    "n", 2, (entry(0), entry(1)), FrameLayout(10, 224, None, "jpg"),
    AudioLayout(16_000, 1, 160_000, "wav"), ("dog", "é"), "multi-label",
)  # fmt: skip


def test_manifest_round_trip(tmp_path) -> None:
    (tmp_path / "manifest.json").write_bytes(MANIFEST.to_bytes())
    again = Manifest.read(tmp_path / "manifest.json")
    assert again == MANIFEST
    assert again.digest == MANIFEST.digest != replace(MANIFEST, name="m").digest


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda m: m.update(format="avrb-wds/9"),
            "this version reads 'avrb-wds/1'",
        ),
        (lambda m: m.pop("clips"), "lacks 'clips'"),
        (lambda m: m.update(clips=3), "announces 3 clips; its shards hold 2"),
        (lambda m: m.update(task="regression"), "task 'regression' is not one of"),
        (lambda m: m.update(secret=1), "unknown fields: 'secret'"),
        (lambda m: m["shards"][1].update(file="../n.tar"), "shard 1: 'file' is '../n.tar'"),
        (lambda m: m["shards"][1].update(file="/n.tar"), "not a plain file name"),
        (lambda m: m["shards"][1].update(file="pipe:cat n"), "not a plain file name"),
        (lambda m: m["shards"][1].update(index="http://x/y"), "not a plain file name"),
        (lambda m: m["shards"][1].update(sha256="0"), "not a SHA-256 digest"),
        (lambda m: m["shards"][1].update(bytes=-1), "not a non-negative integer"),
        (lambda m: m["shards"][1].update(file="n-000000.tar"), "more than once"),
        (lambda m: m["shards"][1].update(file="."), "not a plain file name"),
        (lambda m: m["shards"][1].update(file="n\x1b[2J.tar"), "not a plain file name"),
        (lambda m: m["shards"][1].update(index="n-000001.tar"), "'n-000001.tar' more than once"),
        (
            lambda m: m["shards"][1].update(clips=True),
            "'clips' is True, not a non-neg",
        ),
        (lambda m: m["shards"][1].update(bytes=1e9), "'bytes' is 1000000000.0, not a non-negative"),
        (lambda m: m["shards"][1].update(bytes=1 << 63), "not a non-negative integer"),
        (lambda m: m.update(clips=10**400), "it has a number of 401 digits"),
        (lambda m: m["audio"].update(max_samples=-1), "'max_samples' is -1, not a non-negative"),
        (lambda m: m["frames"].pop("width"), "frames lacks 'width'"),
        (lambda m: m["audio"].update(channels="1"), "audio: 'channels' is '1'"),
    ],
)
def test_wrong_manifests_say_what(change, fault) -> None:
    value = json.loads(MANIFEST.to_bytes())
    change(value)
    with pytest.raises(DataError, match=fault):
        Manifest.from_bytes(json.dumps(value).encode())


def test_a_manifest_of_many_shards_is_read_in_linear_time() -> None:
    """By what it compares: names that stand twice were looked for among all others."""
    compared = 0

    class Name(str):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    count = 2000
    shards = [replace(entry(n), file=Name(f"{n}.tar"), index=Name(f"{n}.x")) for n in range(count)]
    shards[-1] = replace(shards[-1], index=Name(f"{count - 2}.x"))
    with pytest.raises(DataError, match=r"names '1998\.x' more than once"):
        replace(MANIFEST, shards=tuple(shards), clips=count)._check("m")
    assert compared < 10 * count


entries = st.builds(
    IndexEntry, texts, st.integers(0, 2**20), st.integers(1, 2**30),
    st.binary(min_size=32, max_size=32).map(bytes.hex).filter(lambda h: int(h, 16)) | st.just(""),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(entries, max_size=9))
def test_index_round_trip(made) -> None:
    end = 0
    for place, clip in enumerate(made):  # one after the other, with gaps between
        made[place] = replace(clip, offset=end + clip.offset)
        end = made[place].offset + clip.length
    again = ShardIndex.from_bytes(ShardIndex(made).to_bytes(), "index")
    assert list(again) == made == again[:]
    assert not made or again[-1] == made[-1]
    with pytest.raises(IndexError):
        again[len(made)]


@pytest.mark.parametrize(
    "line", ["{}", "[1,2,3,4]", '["k",-1,5,""]', '["k",0,0,""]', '["k",0,5,"zz"]', '["k",0,5]', ""]
)
def test_wrong_index_says_which_line(line) -> None:
    with pytest.raises(DataError, match="index x, line 2,"):
        ShardIndex.from_bytes(f'["a",0,512,""]\n{line}\n'.encode(), "index x")


@pytest.mark.parametrize("line", ['["a",0,512,""]', '["b",511,512,""]', '["b",0,100,""]'])
def test_clips_of_an_index_do_not_overlap(line) -> None:
    with pytest.raises(DataError, match=r"index x, line 2, .* within or before the last"):
        ShardIndex.from_bytes(f'["a",0,512,""]\n{line}\n'.encode(), "index x")


@pytest.mark.parametrize(
    "line",
    [
        '["k",true,5,""]', '["k",0.0,5,""]', '["k",0,9223372036854775808,""]', '["k",NaN,5,""]',
        '["k",9223372036854775807,1,""]', '["k",0,5,null]', '["k",0,5,[]]', "[" * 9999,
        '["k",0,5,"' + "é" * 64 + '"]', '["\\ud800",0,5,""]', '["k",' + "9" * 400 + ',5,""]',
    ],
)  # fmt: skip
def test_wrong_values_in_an_index(line) -> None:
    with pytest.raises(DataError, match="index x, line 1,"):
        ShardIndex.from_bytes(f"{line}\n".encode(), "index x")


def test_written_index_is_what_a_scan_finds(tmp_path) -> None:
    folder = write_shards(tmp_path / "s", clips(6))
    for tar in sorted(folder.glob("*.tar")):
        written = ShardIndex.read(tar.with_suffix(".index.jsonl"))
        assert list(scan_index(tar, checksums=True)) == list(written)
        assert [e.checksum for e in scan_index(tar)] == [""] * len(written)
