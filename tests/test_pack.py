"""`pack`, whole: the same bytes every time, after a kill too, for readers of all kinds."""

import os
import signal
import subprocess
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.cli import AVRB, run_avrb
from helpers.videos import Movie, make_video

from avrb_wds.atomic import TEMP_PATTERN
from avrb_wds.errors import DataError, UsageError
from avrb_wds.packing import MissingClipsError, PackOptions, SourceOptions, pack
from avrb_wds.shards import Manifest, ShardSet, decode_clip, verify_shards

SMALL = PackOptions(frames=3, frame_size=32, clips_per_shard=2)
BROKEN = ("b-text.mp4", "d-mute.mp4", "f-empty.mp4")


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    """Five videos of two labels, one with dots in its id."""
    folder = tmp_path_factory.mktemp("videos")
    for number, name in enumerate(("a.1.x", "c", "e", "g", "h")):
        movie = Movie(frames=6, seconds=0.6 + number / 10, channels=1 + number % 2)
        make_video(folder / ("dog", "cat")[number % 2] / f"{name}.mp4", movie)
    return folder


@pytest.fixture(scope="module")
def mixed(videos, tmp_path_factory) -> Path:
    """The same five in one folder, and three that cannot be packed."""
    folder = tmp_path_factory.mktemp("mixed")
    for video in videos.rglob("*.mp4"):
        os.link(video, folder / video.name)
    (folder / BROKEN[0]).write_text("no video")
    make_video(folder / BROKEN[1], Movie(frames=3, sound=False))
    (folder / BROKEN[2]).touch()
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def keys(folder: Path) -> list[str]:
    with ShardSet.open(folder) as shards:
        return [shards.read(position).key for position in range(len(shards))]


def test_same_bytes_for_any_number_of_workers(videos, tmp_path) -> None:
    counted = []
    for number, workers in enumerate((1, 1, 4, None)):
        out = tmp_path / str(number)
        packed = pack(
            videos, out, SMALL, name="v", num_workers=workers, progress=lambda *n: counted.append(n)
        )
        assert content(out) == content(tmp_path / "0")
        assert packed.manifest == Manifest.read(out / "manifest.json")
    assert counted == [(n, 5) for n in range(1, 6)] * 4
    assert verify_shards(tmp_path / "0", deep=True) == []
    assert keys(tmp_path / "0") == ["c", "g", "a%2E1%2Ex", "e", "h"]
    assert (packed.manifest.classes, packed.manifest.task) == (("cat", "dog"), "single-label")
    assert sorted(content(tmp_path / "0"))[1:4] == [
        "manifest.json", "v-000000.index.jsonl", "v-000000.tar",
    ]  # fmt: skip


def test_tars_carry_no_trace_of_time_or_owner(videos, tmp_path) -> None:
    pack(videos, tmp_path / "o", SMALL)
    for path in (tmp_path / "o").glob("*.tar"):
        assert path.stat().st_size % 10240 == 0
        with tarfile.open(path) as tar:
            for info in tar:
                assert (info.mtime, info.uid, info.gid, info.uname, info.gname) == (0, 0, 0, "", "")
            assert tar.pax_headers == {}


def test_killed_twice_and_resumed(videos, tmp_path) -> None:
    (source := tmp_path / "v").mkdir()
    for number in range(24):
        os.link(videos / "dog/a.1.x.mp4", source / f"{number:02d}.mp4")
    (source / "00b.mp4").touch()
    out, name = tmp_path / "o", ("--name", "k", "--clips-per-shard", 3)
    job = ("pack", source, out, *name, "--num-workers", 2, "--max-errors", 1, "--resume")
    # As soon as one shard is finished; then as another is, between its index and the tar itself.
    for awaited in ("k-000000.tar", "k-000002.index.jsonl"):
        process = subprocess.Popen([*AVRB, *map(str, job)])
        while not (out / awaited).exists() and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        with pytest.raises(DataError, match=r"not packed to the end.*--resume"):
            ShardSet.open(out)
    with pytest.raises(UsageError, match="go on with --resume"):
        pack(source, out)

    resumed = run_avrb(*job)
    whole = run_avrb("pack", source, tmp_path / "whole", *name, "--max-errors", 1)
    assert resumed.returncode == whole.returncode == 0
    assert content(out) == content(tmp_path / "whole")
    assert resumed.stderr == whole.stderr
    assert whole.stderr.startswith("not packed: 00b (00b.mp4): ")


def test_resume_goes_by_its_journal(mixed, tmp_path) -> None:
    out, journal = tmp_path / "o", tmp_path / "o/.avrb-pack.jsonl"
    whole = pack(mixed, out, SMALL, resume=True, max_errors=3)
    finished = content(out)
    # A kill while the second shard's line was written, and its successor begun.
    journal.write_bytes(b"\n".join(finished[journal.name].split(b"\n")[:2]) + b'\n{"done":5,"fai')
    (out / TEMP_PATTERN.replace("[0-9a-f]", "7")).write_bytes(b"begun")
    (out / "manifest.json").unlink()
    assert pack(mixed, out, SMALL, resume=True, max_errors=0.9) == whole
    assert content(out) == finished
    for before, other in {
        "frames '3'": {"frames": 4},
        "frame_size '32'": {"frame_size": 31},
    }.items():
        with pytest.raises(UsageError, match=f"was begun with {before}"):
            pack(mixed, out, replace(SMALL, **other), resume=True)
    with pytest.raises(UsageError, match="was begun with name"):
        pack(mixed, out, SMALL, name="other", resume=True)
    assert content(out) == finished


def test_resume_refuses_changed_shards_and_lists(videos, tmp_path) -> None:
    (source := tmp_path / "v").mkdir()
    os.link(videos / "cat/c.mp4", source / "c.mp4")
    pack(source, tmp_path / "o", SMALL)
    (source / "c.mp4").rename(source / "d.mp4")
    with pytest.raises(UsageError, match="begun with source list"):
        pack(source, tmp_path / "o", SMALL, resume=True)
    (source / "d.mp4").rename(source / "c.mp4")
    (tmp_path / "o/v-000000.tar").write_bytes(b"short")
    with pytest.raises(DataError, match="gone or changed"):
        pack(source, tmp_path / "o", SMALL, resume=True)


def test_failures_are_named_and_counted(mixed, tmp_path) -> None:
    out = tmp_path / "o"
    done = run_avrb("pack", mixed, out, "--max-errors", 2, "--num-workers", 2)
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert [line.split(" (")[0] for line in lines[:3]] == [
        "not packed: b-text", "not packed: d-mute", "not packed: f-empty",
    ]  # fmt: skip
    assert "has no sound track" in lines[1]
    assert lines[3].startswith("avrb: 3 of 8 clips could not be packed and 2 may be missing")
    assert len(lines) == 4
    assert not (out / "manifest.json").exists()
    accepted = run_avrb("pack", mixed, out, "--max-errors", 3, "--resume")
    assert (accepted.returncode, accepted.stderr.splitlines()) == (0, lines[:3])
    assert keys(out) == ["a%2E1%2Ex", "c", "e", "g", "h"]


def test_nothing_is_left_where_nothing_can_be_packed(tmp_path) -> None:
    (source := tmp_path / "v").mkdir()
    (source / "x.mp4").touch()
    with pytest.raises(MissingClipsError, match="none of the 1 clips") as raised:
        pack(source, tmp_path / "o", max_errors=9)
    assert [failure.video_id for failure in raised.value.failures] == ["x"]
    assert not (tmp_path / "o").exists()


def test_a_folder_in_use_is_refused(videos, tmp_path) -> None:
    (tmp_path / "o").mkdir()
    (tmp_path / "o/mine.txt").write_text("keep")
    for resume in (False, True):
        with pytest.raises(UsageError, match="is not empty"):
            pack(videos, tmp_path / "o", resume=resume)
    with pytest.raises(UsageError, match="is a file"):
        pack(videos, tmp_path / "o/mine.txt")
    assert content(tmp_path / "o") == {"mine.txt": b"keep"}


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--frame-size", "big"], "--frame-size 'big' is not an integer; give one, or keep"),
        (["--frames", "3", "--fps", "2"], "frames 3 and fps 2.0 exclude each other"),
        (["--num-workers", "0"], "num_workers must be a positive integer; got 0"),
        (["--labels", "none.csv"], "none.csv does not exist; give a CSV of labels"),
    ],
)
def test_wrong_options_on_the_command_line(videos, tmp_path, options, fault) -> None:
    done = run_avrb("pack", videos, tmp_path / "o", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"avrb: {fault}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "o").exists()


def test_csv_of_labels(videos, tmp_path) -> None:
    table = tmp_path / "l.csv"
    table.write_text("file,label\ndog/a.1.x.mp4,Woof\nc,Meow\n")
    packed = pack(videos, tmp_path / "o", SMALL, SourceOptions(labels=str(table)))
    assert (packed.left_out, packed.manifest.classes) == (3, ("Meow", "Woof"))
    with ShardSet.open(tmp_path / "o") as shards:
        records = [decode_clip(shards.read(n)).record for n in range(2)]
    assert [(r.video_id, r.labels, r.target, r.source) for r in records] == [
        ("a.1.x", ("Woof",), 1, "dog/a.1.x.mp4"),
        ("c", ("Meow",), 0, "cat/c.mp4"),
    ]
