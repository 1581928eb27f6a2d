"""Every fault in shards is found, and named by shard and key."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.cli import run_avrb
from helpers.shards import Made, clips, members, write_shards

from avrb_wds.building.shard_writer import ShardWriter
from avrb_wds.errors import DataError
from avrb_wds.shards import (
    AudioLayout,
    ClipRecord,
    FrameLayout,
    Manifest,
    ShardIndex,
    summarize,
    verify_shards,
)


def found(folder: Path, deep: bool = False) -> list[str]:
    return [str(fault).replace(f"{folder}/", "") for fault in verify_shards(folder, deep=deep)]


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_shards(tmp_path / "s", clips(6))


def test_no_faults(folder) -> None:
    assert found(folder, deep=True) == []
    (folder / "manifest.json").unlink()
    assert found(folder, deep=True) == []
    (folder / "t-000000.index.jsonl").unlink()
    assert found(folder, deep=True) == []


@pytest.mark.parametrize("files", [("*.tar", "*.jsonl", "*.json"), ("*.tar",)])
def test_progress_is_told_in_bytes(tmp_path, files) -> None:
    made = write_shards(tmp_path / "all", clips(6, samples=400_000))
    folder = tmp_path / "s"
    folder.mkdir()
    for path in (path for kind in files for path in made.glob(kind)):
        path.rename(folder / path.name)
    total = sum(tar.stat().st_size for tar in folder.glob("*.tar"))
    told: list[tuple[int, int]] = []
    assert verify_shards(folder, progress=lambda *now: told.append(now)) == []
    assert told == sorted(told)
    assert len(set(told)) >= total >> 21  # it moves at least every 2 MiB
    assert told[-1] == (total, total)
    (folder / "t-000001.tar").write_bytes(bytes(9_000_000))  # more than it was to have
    verify_shards(folder, progress=lambda *now: told.append(now))
    assert max(done for done, _ in told) <= max(total for _, total in told)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def test_a_flipped_byte(folder) -> None:
    clip = ShardIndex.read(folder / "t-000000.index.jsonl")[2]
    flip(folder / "t-000000.tar", clip.offset + clip.length - 600)
    assert found(folder) == [
        "t-000000.tar: its SHA-256 is not the one in the manifest.",
        f"t-000000.tar: clip 'clip0002': byte {clip.offset}: the bytes differ from the index's "
        f"checksum.",
    ]


def test_a_truncated_tar(folder) -> None:
    tar = folder / "t-000001.tar"
    clip = ShardIndex.read(folder / "t-000001.index.jsonl")[1]
    size = tar.stat().st_size
    tar.write_bytes(tar.read_bytes()[: clip.offset + 700])
    cut = clip.offset + 700
    assert found(folder) == [
        f"t-000001.tar: it has {cut} bytes; the manifest says {size}.",
        f"t-000001.tar: it is cut off at byte {cut}, within 'clip0005.json', which ends at byte "
        f"{clip.offset + 1024}.",
        f"t-000001.tar: clip 'clip0005': byte {clip.offset}: the shard is cut off at byte {cut}; "
        f"the clip ends at byte {clip.offset + clip.length}.",
    ]


def test_missing_and_stray_files(folder) -> None:
    (folder / "t-000000.tar").rename(folder / "u-000000.tar")
    (folder / "t-000001.index.jsonl").unlink()
    assert found(folder) == [
        "t-000000.tar: it does not exist.",
        "t-000001.tar: index t-000001.index.jsonl cannot be opened: No such file or directory.",
        "u-000000.tar: the manifest does not name it.",
    ]


def test_a_changed_index(folder) -> None:
    index = folder / "t-000000.index.jsonl"
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(b"".join(lines[:3]))
    assert found(folder) == [
        "t-000000.tar: index t-000000.index.jsonl is not the one the manifest names: the SHA-256 "
        f"of its bytes 0 to {len(b''.join(lines[:3]))} differs."
    ]
    (folder / "manifest.json").unlink()
    assert found(folder) == [
        "t-000000.tar: clip 'clip0003': the tar holds it and the index does not name it."
    ]
    key, offset, length, checksum = json.loads(lines[1])
    moved = json.dumps([key, offset, length - 512, checksum]).encode() + b"\n"
    end = sum(json.loads(lines[-1])[1:3])
    gone = json.dumps(["gone", end, 512, ""]).encode() + b"\n"
    index.write_bytes(b"".join([lines[0], moved, *lines[2:], gone]))
    faults = found(folder)
    assert f"it is at byte {offset}, {length} bytes long" in faults[0]
    assert "clip 'gone': the index names it and the tar does not hold it." in faults[1]


def shard(folder: Path, stored: dict[str, dict[str, bytes]], task: str = "single-label") -> Path:
    """A shard of these clips under a manifest that fits `Made()`, with all checksums right."""
    folder.mkdir()
    writer = ShardWriter(folder, "t", 0)
    for key, held in stored.items():
        writer.add(key, held.items())
    entry = writer.finish()
    frames, audio = FrameLayout(2, 24, 32, "jpg"), AudioLayout(16_000, 1, 800, "wav")
    manifest = Manifest("t", len(stored), (entry,), frames, audio, ("class0",), task)
    (folder / "manifest.json").write_bytes(manifest.to_bytes())
    return folder


def record(**change: object) -> bytes:
    return ClipRecord(**{
        "video_id": "k", "labels": (), "target": 0, "source": "", "duration_s": 0.05, **change
    }).to_bytes()  # fmt: skip


Change = Callable[[dict[str, bytes]], object]
WRONG: list[tuple[Change, str]] = [
    (lambda m: m.pop("json"), "it has no member 'json'."),
    (lambda m: m.pop("wav"), "it has no member 'wav'."),
    (lambda m: m.pop("frame_0001.jpg"), "it has 1 frames; the manifest says 2."),
    (lambda m: m.update({"frame_0002.jpg": m.pop("frame_0001.jpg")}), "'frame_0001.jpg', but"),
    (lambda m: m.update(txt=b"x"), "a member 'txt' that nothing knows."),
    (lambda m: m.update(json=b"{"), "member 'json' is not JSON"),
    (lambda m: m.update(json=record(video_id="q")), "video_id 'q', which is another key."),
    (lambda m: m.update(json=record(target=1)), "target 1 is beyond the 1 classes."),
    (lambda m: m.update(json=record(target=(0,))), "target (0,) does not suit the task"),
]
DEEP: list[tuple[Change, str]] = [
    (lambda m: m.update({"frame_0001.jpg": m["frame_0001.jpg"][:200]}), "'frame_0001.jpg': the"),
    (lambda m: m.update(wav=m["wav"][:-9]), "it announces 800 samples and holds 795"),
    (lambda m: m.update(json=record(duration_s=9.0)), "its sound has 0.05 s; its json says"),
    (lambda m: m.update(members(Made("k", height=40))), "its frame height is 40; the manifest"),
    (lambda m: m.update(members(Made("k", sample_rate=8000))), "its sample rate is 8000; the"),
    (lambda m: m.update(members(Made("k", samples=900))), "its sound has 900 samples; the"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "fault"), WRONG)
def test_wrong_members(tmp_path, change, fault) -> None:
    held = members(Made("k"))
    change(held)
    faults = found(shard(tmp_path / "s", {"j": members(Made("j")), "k": held}))
    assert len(faults) == 1
    assert faults[0].startswith("t-000000.tar: clip 'k': ")
    assert fault in faults[0]


@pytest.mark.parametrize(("change", "fault"), DEEP)
def test_wrong_data_is_found_by_decoding(tmp_path, change, fault) -> None:
    held = members(Made("k"))
    change(held)
    folder = shard(tmp_path / "s", {"j": members(Made("j")), "k": held})
    assert found(folder) == []
    faults = found(folder, deep=True)
    assert all(line.startswith("t-000000.tar: clip 'k': ") for line in faults)
    assert fault in " ".join(faults)


def test_counts_that_differ_from_the_index(tmp_path) -> None:
    """Of which the sum is right, so that no reader of the manifest alone sees it."""
    folder = write_shards(tmp_path / "s", clips(6))
    value = json.loads((folder / "manifest.json").read_bytes())
    value["shards"][0]["clips"], value["shards"][1]["clips"] = 3, 3
    (folder / "manifest.json").write_text(json.dumps(value))
    assert found(folder) == [
        "t-000000.tar: it has 4 clips; the manifest says 3.",
        "t-000001.tar: it has 2 clips; the manifest says 3.",
    ]


def test_a_key_twice(tmp_path) -> None:
    folder = write_shards(tmp_path / "s", [Made("a"), Made("b"), Made("a")], per_shard=2)
    assert found(folder) == ["t-000001.tar: clip 'a': the key occurs twice, first in t-000000.tar."]


def test_shards_of_others(tmp_path) -> None:
    with tarfile.open(tmp_path / "f.tar", "w") as tar:
        for name, data in {"a.jpg": b"\xff\xd8\xff no", "b.txt": b"text"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    shallow, deep = found(tmp_path), found(tmp_path, deep=True)
    assert shallow == ["f.tar: clip 'b': it has neither frames nor audio."]
    assert deep[0].startswith("f.tar: clip 'a': member 'jpg': the image cannot be decoded")
    assert deep[1:] == shallow


def test_nothing_to_verify(tmp_path) -> None:
    with pytest.raises(DataError, match="holds neither"):
        verify_shards(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(DataError, match=r"manifest\.json is not JSON"):
        verify_shards(tmp_path)


def test_a_file_that_is_no_tar(tmp_path) -> None:
    (tmp_path / "not.tar").write_bytes(b"not a tar")
    assert found(tmp_path) == ["not.tar: it is cut off at byte 9, before its end mark."]


def test_commands(folder) -> None:
    done = run_avrb("verify", folder, "--deep")
    assert (done.returncode, done.stdout, done.stderr) == (0, "no faults\n", "")
    flip(folder / "t-000001.tar", 1000)
    done = run_avrb("verify", folder)
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (1, 2, "")
    done = run_avrb("verify", folder / "none")
    assert (done.returncode, done.stdout) == (2, "")
    wrong = f"{folder / 'none'} does not exist; give a folder, a manifest or tars."
    assert done.stderr == f"avrb: {wrong}\n"


def test_info(folder) -> None:
    told = json.loads(run_avrb("info", folder, "--json").stdout)
    assert told["clips"] == 6
    assert told["frames"] == {"count": 2, "format": "jpg", "height": 24, "width": 32}
    assert told["digest"] == Manifest.read(folder / "manifest.json").digest
    table = run_avrb("info", folder).stdout
    for words in ("6", "2 a clip, 32x24 pixels, jpg", "16000 Hz", "3 classes: class0, class1"):
        assert words in table
    without = summarize([folder / "t-000001.tar"])
    assert (without.clips, without.shards, without.frames, without.digest) == (2, 1, None, None)
