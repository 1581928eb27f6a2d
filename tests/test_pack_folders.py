"""What `pack`, `corrupt`, `bank import` and `create-json` make of odd folders, by what they say."""

import json
import os
import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.cli import Done, run_avrb
from helpers.videos import Movie, make_video
from PIL import Image

from avrb_wds.avrobustbench import AVRobustBench
from avrb_wds.banks.bank_import import import_bank
from avrb_wds.errors import DataError, UsageError
from avrb_wds.packing import SourceOptions, create_json
from avrb_wds.packing.sources.open import open_source
from avrb_wds.shards import Manifest, ShardSet, decode_clip


@lru_cache(maxsize=1)
def video() -> bytes:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"avrb-test-{os.getpid()}.mp4"
    try:
        return make_video(path, Movie(frames=3, seconds=0.3)).read_bytes()
    finally:
        path.unlink()


def fill(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(video())
    return root


def packed(source: Path, out: Path, *options: str) -> Done:
    return run_avrb(
        "pack", source, out, "--frames", "1", "--frame-size", "32", "--num-workers", "1", *options
    )


def corrupted(source: Path, out: Path, *options: str) -> Done:
    return run_avrb("corrupt", source, out, "--corruption", "gaussian", "--severity", "1", *options)


def targets(out: Path) -> dict[str, object]:
    with ShardSet.open(out) as shards:
        records = [decode_clip(shards.read(n)).record for n in range(len(shards))]
    return {record.video_id: (*record.labels, record.target) for record in records}


def test_a_linked_folder_is_packed_and_a_broken_link_fails(tmp_path: Path) -> None:
    fill(tmp_path, "videos/dog/d.mp4", "elsewhere/b.mp4")
    (tmp_path / "videos/bird").symlink_to("../elsewhere")
    (tmp_path / "videos/dog/gone.mp4").symlink_to("/gone/x.mp4")
    (tmp_path / "videos/cat").symlink_to("/gone")
    done = packed(tmp_path / "videos", tmp_path / "out")
    assert done.returncode == 1
    assert "not packed: cat (cat): the link cannot be followed: No such file" in done.stderr
    assert "not packed: dog/gone.mp4 (dog/gone.mp4): the link cannot be followed" in done.stderr
    assert "2 of 4 clips could not be packed" in done.stderr
    done = packed(tmp_path / "videos", tmp_path / "out", "--resume", "--max-errors", "2")
    assert (done.returncode, targets(tmp_path / "out")) == (0, {"b": ("bird", 0), "d": ("dog", 1)})
    only = tmp_path / "only"
    only.mkdir()
    (only / "cat").symlink_to("/gone")
    assert "none of the 1 clips could be packed" in packed(only, tmp_path / "out2").stderr


def test_under_a_csv_what_cannot_be_read_fails_only_if_a_video_lacks(tmp_path: Path) -> None:
    root = fill(tmp_path / "videos", "a.mp4")
    (root / "lost+found").symlink_to("/gone")
    table = tmp_path / "l.csv"
    table.write_text("id,label\na,x\n")
    assert packed(root, tmp_path / "out", "--labels", str(table)).returncode == 0
    table.write_text("id,label\na,x\nb,x\n")
    done = packed(root, tmp_path / "out2", "--labels", str(table))
    assert "not packed: lost+found (lost+found): the link cannot" in done.stderr
    assert "2 of 3 clips could not be packed" in done.stderr


def test_hidden_files_are_no_clips_and_hidden_folders_no_classes(tmp_path: Path) -> None:
    root = fill(tmp_path / "videos", "dog/d.mp4", "cat/c.mp4", ".Trash/old.mp4")
    (root / "dog/._d.mp4").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(200))
    (root / ".DS_Store").write_bytes(bytes(8))
    os.mkfifo(root / "dog/pipe.mp4")
    done = packed(root, tmp_path / "out")
    assert done.returncode == 0
    assert "skipped: 2 hidden file(s) or folder(s), 1 device(s)" in done.stderr
    assert Manifest.read(tmp_path / "out/manifest.json").classes == ("cat", "dog")


def test_devices_and_pipes_that_a_list_names_are_refused(tmp_path: Path) -> None:
    root = fill(tmp_path / "videos", "a.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    table = tmp_path / "l.csv"
    table.write_text(f"file,label\na.mp4,x\n{tmp_path}/pipe.mp4,x\n")
    done = packed(root, tmp_path / "out", "--labels", str(table))
    assert "pipe.mp4 is a device, pipe or socket, not a file." in done.stderr
    frames = tmp_path / "f/frame_0"
    frames.mkdir(parents=True)
    Image.new("RGB", (32, 32)).save(frames / "a.jpg")
    entry = {"wav": "/dev/zero", "labels": "x", "video_id": "a", "video_path": "f"}
    (tmp_path / "e.json").write_text(json.dumps({"data": [entry]}))
    done = packed(tmp_path / "e.json", tmp_path / "out2")
    assert "/dev/zero is a device, pipe or socket, not a file." in done.stderr
    with pytest.raises(DataError, match="/dev/zero is a device"):
        AVRobustBench(tmp_path / "e.json", 0)[0]
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    assert "zero.json is a device" in packed(tmp_path / "zero.json", tmp_path / "out3").stderr
    done = corrupted(tmp_path / "pipe.mp4", tmp_path / "o.mp4")
    assert (done.returncode, "pipe.mp4 is a device, pipe or socket" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("names", "row", "two"),
    [
        (("train/1.mp4", "test/1.mp4"), "1", "test/1.mp4 and train/1.mp4"),
        (("train/1.mp4", "test/1.mp4"), "1.mp4", "test/1.mp4 and train/1.mp4"),
        (("1.mp4", "1.webm"), "1", "1.mp4 and 1.webm"),
        (("a/1.mp4", "a/1.webm"), "a/1", "a/1.mp4 and a/1.webm"),
        (("1.mp4", "a/1.mp4"), "1", "1.mp4 and a/1.mp4"),
    ],
)
def test_a_row_that_two_files_go_by_is_refused(tmp_path: Path, names, row, two) -> None:
    root = fill(tmp_path / "videos", *names)
    (tmp_path / "l.csv").write_text(f"file,label\n{row},dog\n")
    with pytest.raises(DataError) as error:
        open_source(root, SourceOptions(labels=str(tmp_path / "l.csv")))
    assert f"{row!r} in {tmp_path}/l.csv is the name of two videos, {two}; write" in str(
        error.value
    )


@pytest.mark.parametrize(
    ("row", "file"),
    [
        ("test/1.mp4", "test/1.mp4"), ("1.mp4", "1.mp4"), ("test/1", "test/1.mp4"),
        ("2", "test/2.mkv"), ("2.mkv", "test/2.mkv"), ("#3", "#3.mp4"), ("#3.mp4", "#3.mp4"),
        ("x/# 4", "x/# 4.mp4"), ("# 4", "x/# 4.mp4"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("header", ["", "file,label\n"])
def test_a_row_that_one_file_goes_by_is_taken(tmp_path: Path, row, file, header) -> None:
    root = tmp_path / "videos"
    fill(root, "1.mp4", "train/1.mp4", "test/1.mp4", "test/2.mkv", "#3.mp4", "x/# 4.mp4")
    remarks = "# all of them, or none\n#2,cat\n#file,label\n"
    (tmp_path / "l.csv").write_text(f"{remarks}{header}#9,cat\n#\n{row},dog\n")
    source, labelling = open_source(root, SourceOptions(labels=str(tmp_path / "l.csv")))
    assert [(clip.source, clip.labels) for clip in source.clips] == [(file, ("dog",))]
    assert (source.left_out, labelling.classes.names) == (5, ("dog",))


def test_folders_named_by_numbers_are_in_their_order(tmp_path: Path) -> None:
    root = fill(tmp_path / "videos", *(f"{n}/v{n}.mp4" for n in (10, 2, 1, 0)))
    done = packed(root, tmp_path / "out")
    assert targets(tmp_path / "out") == {
        "v0": ("0", 0), "v1": ("1", 1), "v2": ("2", 2), "v10": ("10", 3),
    }  # fmt: skip
    assert "label 10 is class 3; give --classes" in done.stderr
    shutil.rmtree(root / "10")
    assert "class" not in packed(root, tmp_path / "out2").stderr


def test_a_folder_is_corrupted_by_the_same_rules(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    for folder in (root / ".thumbs", elsewhere):
        folder.mkdir(parents=True)
    for path in (root / ".thumbs/t.png", root / "._a.png", root / "a.png", elsewhere / "b.png"):
        Image.new("RGB", (16, 16), "gray").save(path)
    (root / "linked").symlink_to("../elsewhere")
    (root / "up").symlink_to("..")
    (root / "gone.png").symlink_to("/gone")
    os.mkfifo(root / "f.png")
    out = tmp_path.parent / f"{tmp_path.name}-out"
    done = corrupted(root, out)
    assert done.returncode == 1
    assert f"not corrupted: {root}/gone.png: the link cannot be followed" in done.stderr
    assert "skipped: 2 hidden file(s) or folder(s), 1 link(s) to folders" in done.stderr
    made = {str(p.relative_to(out)) for p in out.rglob("*.png")}
    assert made == {"a.png", "linked/b.png", "up/elsewhere/b.png"}


def test_no_output_is_corrupted_again_by_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGB", (16, 16)).save(tmp_path / "in/a.png")
    (tmp_path / "in/results").symlink_to("../out")
    (tmp_path / "out").mkdir()
    Image.new("RGB", (16, 16)).save(tmp_path / "out/old.png")
    done = corrupted(tmp_path / "in", tmp_path / "out", "--resume")
    assert f"results/old.png lies in {tmp_path}/out; write to a folder" in done.stderr


def test_a_bank_is_imported_by_the_same_rules(tmp_path: Path) -> None:
    tone = np.sin(np.arange(800) / 9)
    for name in ("bank/rain/a.wav", "bank/rain/._a.wav", "elsewhere/b.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, tone, 8000)
    bank = tmp_path / "bank"
    (bank / "wind").symlink_to("../elsewhere")
    os.mkfifo(bank / "rain/f.wav")
    found = import_bank(bank, tmp_path / "b.avrbbank")
    assert (found.count("rain"), found.count("wind")) == (1, 1)
    (bank / "snow").symlink_to("/gone")
    with pytest.raises(DataError, match=r"bank/snow is a link that leads nowhere"):
        import_bank(bank, tmp_path / "c.avrbbank")
    (bank / "snow").unlink()
    (bank / "rain/g.wav").symlink_to("/gone")
    with pytest.raises(DataError, match=r"rain/g\.wav: the link cannot be followed"):
        import_bank(bank, tmp_path / "c.avrbbank")


def test_a_json_is_made_by_the_same_rules(tmp_path: Path) -> None:
    root = fill(tmp_path / "v", "#a.mp4", "._b.mp4", "c/d.mp4")
    (tmp_path / "l.csv").write_text("id,label\n#a,x\nb,y\n")
    places = (root, tmp_path, tmp_path, tmp_path / "l.csv", tmp_path / "e.json")
    assert create_json(*places) == 1
    fill(root, "b.mp4", "b.1.mkv")
    with pytest.raises(DataError, match=r"videos 'b\.1\.mkv' and 'b\.mp4' in .* have the same id"):
        create_json(*places)
    (root / "b.1.mkv").unlink()
    (tmp_path / "l.csv").write_text("id,label\n#a,x\nb,y\nb,z\n")
    with pytest.raises(DataError, match=r"two rows for 'b', whose labels differ"):
        create_json(*places)
    (tmp_path / "l.csv").write_text("id,label\n#a,x\nb,y\nb,y\n")
    assert create_json(*places) == 2
    (root / "b.mp4").unlink()
    (root / "b.mp4").symlink_to("/gone")
    with pytest.raises(DataError, match=r"b\.mp4: the link cannot be followed"):
        create_json(*places)
    with pytest.raises(UsageError, match=r"none does not exist; give a folder of videos"):
        create_json(tmp_path / "none", *places[1:])
