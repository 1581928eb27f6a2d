"""Clips read out of shards, by position, and decoded."""

import io
import os
import pickle
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helpers.shards import Made, clips, members, write_shards
from PIL import Image

from avrb_wds.errors import DataError, UsageError
from avrb_wds.shards import (
    AudioLayout,
    ClipRecord,
    FrameLayout,
    Manifest,
    RawClip,
    ShardEntry,
    ShardSet,
    decode_clip,
)

SOURCES = {
    "folder": lambda f: f,
    "text": str,
    "manifest": lambda f: f / "manifest.json",
    "braces": lambda f: f"{f}/t-{{000000..000001}}.tar",
    "list": lambda f: [str(f / "t-000000.tar"), f / "t-000001.tar"],
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_reads_what_was_written(tmp_path, source) -> None:
    made = clips(6)
    folder = write_shards(tmp_path / "s", made)
    with ShardSet.open(source(folder)) as shards:
        assert len(shards) == 6
        for position, clip in enumerate(made):
            raw = shards.read(position)
            assert raw.key == clip.key
            assert raw.shard.endswith(f"t-{position // 4:06d}.tar")
            assert dict(raw.members) == members(clip)
        for position in (-1, 6):
            with pytest.raises(IndexError):
                shards.read(position)


def test_threads_pickles_and_closing(tmp_path) -> None:
    made = clips(40, samples=80)
    shards = ShardSet.open(write_shards(tmp_path / "s", made, per_shard=3))
    order = np.random.default_rng(0).permutation(np.tile(np.arange(40), 5)).tolist()
    with ThreadPoolExecutor(5) as pool:
        read = list(pool.map(shards.read, order))
    assert [raw.key for raw in read] == [made[position].key for position in order]
    copy = pickle.loads(pickle.dumps(shards))
    before = len(os.listdir("/proc/self/fd"))
    shards.close()
    assert len(os.listdir("/proc/self/fd")) < before
    assert copy.read(39).key == shards.read(39).key == made[39].key
    copy.close()
    shards.close()


def test_more_shards_than_files_may_be_open(tmp_path) -> None:
    shards = ShardSet.open(write_shards(tmp_path / "s", clips(100, samples=8), per_shard=1))
    before = len(os.listdir("/proc/self/fd"))
    assert [shards.read(n).key for n in range(100)] == [clip.key for clip in clips(100)]
    assert len(os.listdir("/proc/self/fd")) - before <= 64
    shards.close()


def test_a_million_clips_open_without_their_indexes(tmp_path) -> None:
    entries = tuple(
        ShardEntry(f"n-{n:06d}.tar", 9, 1000, "0" * 64, f"n-{n:06d}.index.jsonl", "f" * 64)
        for n in range(1000)
    )
    frames, audio = FrameLayout(10, 224, 224, "jpg"), AudioLayout(16_000, 1, 160_000, "wav")
    manifest = Manifest("n", 1_000_000, entries, frames, audio, (), "unlabeled")
    (tmp_path / "manifest.json").write_bytes(manifest.to_bytes())
    opened = ShardSet.open(tmp_path)
    assert len(opened) == 1_000_000
    with pytest.raises(
        DataError, match=r"^index .*n-000999\.index\.jsonl cannot be opened: No such"
    ):
        opened.locate(999_999)


@pytest.mark.parametrize(
    ("source", "kind", "fault"),
    [
        ([], UsageError, "no shards are named"),
        ("ftp://bucket/x", UsageError, "scheme 'ftp'"),
        ("pipe:cat x.tar", UsageError, "scheme 'pipe'"),
        ("x-{0..1.tar", UsageError, "unbalanced braces"),
        ("missing.tar", UsageError, r"^missing\.tar does not exist; give a folder"),
        ("missing", UsageError, "^missing does not exist; give a folder"),
        ("missing/manifest.json", UsageError, r"^missing/manifest\.json does not exist; give"),
        (".", DataError, "holds neither manifest.json nor a tar"),
    ],
)
def test_wrong_sources_say_what(tmp_path, monkeypatch, source, kind, fault) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=fault):
        ShardSet.open(source)


def test_frames_decode_into_given_memory() -> None:
    clip = Made("k", frames=3)
    raw = RawClip("k", "s.tar", members(clip))
    out = np.zeros((3, 24, 32, 3), np.uint8)
    assert decode_clip(raw, out).frames is out
    for other in (np.zeros((2, 24, 32, 3), np.uint8), np.zeros((3, 24, 30, 3), np.uint8), None):
        decoded = decode_clip(raw, other)
        assert decoded.frames is not other
        np.testing.assert_array_equal(decoded.frames, out)
    assert decoded.pcm.shape == (1, 800)
    assert decoded.record.video_id == "k"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"frame_0001.jpg": b"\xff\xd8\xff bad"}, "'frame_0001.jpg': the image cannot be decoded"),
        ({"frame_0000.jpg": b""}, "'frame_0000.jpg': the image cannot be decoded"),
        ({"frame_0001.jpg": members(Made("q", height=8))["frame_0000.jpg"]}, "32x8 where 32x24"),
        ({"wav": b"RIFF"}, "'wav': the sound is cut off"),
        ({"json": b'{"video_id": 1}'}, "'json' lacks"),
    ],
)
def test_what_does_not_decode_is_named(change, fault) -> None:
    raw = RawClip("the key", "s.tar", {**members(Made("k")), **change}, ours=True)
    with pytest.raises(DataError, match=rf"clip 'the key' in shard s\.tar, member .*{fault}"):
        decode_clip(raw)


def foreign(path: Path, names: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w", format=form) as tar:
        for name, data in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            info.mtime = 1.5
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_shards_of_others(tmp_path, form) -> None:
    stored = members(Made("k", frames=1))
    image, sound = stored["frame_0000.jpg"], stored["wav"]
    long = "deep/" * 15 + "x" * 80
    names = {
        "__meta__": b"skip",
        "train/": b"",
        "train/a.10.jpg": image,
        "train/a.9.png": png(),
        "train/a.cls": b"7\n",
        f"{long}.wav": sound,
        "README": b"no key",
    }
    with ShardSet.open(foreign(tmp_path / "f.tar", names, form)) as shards:
        assert [shards.read(n).key for n in range(len(shards))] == ["train/a", long]
        clip, heard = decode_clip(shards.read(0)), decode_clip(shards.read(1))
    assert clip.frames.shape == (2, 24, 32, 3)
    assert clip.frames[0].max() == 0 < clip.frames[1].max()
    assert (clip.record.target, clip.pcm, clip.sample_rate) == (7, None, 0)
    assert heard.frames is None
    assert heard.record == ClipRecord(long, (), None, "", 0.05)


def png() -> bytes:
    coded = io.BytesIO()
    Image.new("L", (32, 24)).save(coded, "PNG")
    return coded.getvalue()


@pytest.mark.parametrize("name", ["../a.jpg", "/a.jpg", "x/../../a.jpg", "..\\a.jpg"])
def test_names_that_lead_elsewhere_are_refused(tmp_path, name) -> None:
    with pytest.raises(DataError, match="leads elsewhere"):
        ShardSet.open(foreign(tmp_path / "f.tar", {name: b"x"}))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path, kind) -> None:
    with tarfile.open(tmp_path / "f.tar", "w") as tar:
        info = tarfile.TarInfo("a.jpg")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(DataError, match=r"f\.tar holds 'a\.jpg' at byte 0, which is a link"):
        ShardSet.open(tmp_path / "f.tar")
