"""Names of every kind, of clips, files, classes and folders, along the whole road."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest
from helpers.cli import Done, run_avrb
from helpers.rendering import digest
from helpers.shards import Made, write_shards
from helpers.videos import Movie, make_video
from hypothesis import given, settings
from hypothesis import strategies as st

import avrb_wds as avrb
from avrb_wds.evaluation.runs.plan import read_keys
from avrb_wds.packing import PackOptions, pack
from avrb_wds.receipts.clip_digests import ClipDigests
from avrb_wds.shards import escape_key

# What of file names confuses something along the road: lines, tables, markup, tars, shells, FFmpeg.
ODD = [
    *(b"new\nline", b"tab\tb", b"\x01\x1b[31m", b"caf\xe9", b".dot", b"__x", b"a b", b" lead"),
    *(b"trail ", b"q'\"q", b"100%", b"%41", b"A", b"a", b"a.b", b"a%2Eb", b"-dash", b"#hash"),
    *(b"a:b", b"pipe:0", b"concat:a|b", b"<i>&amp;", b"=1+1", b"\\back", b"$HOME", b"*", b"{1..3}"),
    *("e\u0301".encode(), "\u00e9".encode(), "\U0001f600\u200d".encode(), "\u2028".encode()),
    *(b"x" * 251, b"\xed\xa0\x80", b"~", b"_"),
]
SEEN = [name for name in ODD if name != b".dot"]  # hidden, where a folder is packed
CLASSES = ["[/x]", "[bold]", "n\nl", "=1+1", "<b>&", "a|b"]
SMALL = PackOptions(frames=1, frame_size=16)
MODEL = """
import torch
def make():
    return lambda batch: batch["frames"].double().mean((1, 2, 3, 4))[:, None].expand(-1, 6)
"""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie = Movie(frames=2, height=16, width=16, seconds=0.2)
    return make_video(tmp_path_factory.mktemp("video") / "in.mp4", movie)


@pytest.fixture(scope="module")
def road(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the videos `v`, whose names are odd, and their `shards`."""
    folder = tmp_path_factory.mktemp("road")
    (folder / "mine.py").write_text(MODEL)
    (folder / "v").mkdir()
    with open(folder / "l.csv", "w", newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label"])
        for number, name in enumerate(ODD):
            shutil.copy(video, os.fsencode(folder / "v") + b"/" + name + b".mp4")
            given = os.fsdecode(name)
            if given.isprintable() and given[0] not in " \\" and len(given) < 250:
                rows.writerow([f"{given}.mp4", CLASSES[number % 6]])
    done = avrb_in(folder, "pack", "v", "shards", "--frames=1", "--frame-size=16", "--labels=none")
    assert (done.returncode, done.stdout) == (0, f"shards: 1 shard(s), {len(SEEN)} clip(s)\n")
    done = avrb_in(folder, "pack", "v", "some", "--frames=1", "--frame-size=16", "--labels=l.csv")
    assert done.returncode == 0, done.stderr
    return folder


def avrb_in(folder: Path, *words: str) -> Done:
    return run_avrb(*words, folder=folder)


RAIN = ("--corruption=rain", "--severity=1")


def test_packing_and_reading(road: Path) -> None:
    assert avrb_in(road, "verify", "shards", "--deep").stdout == "no faults\n"
    clips = avrb.ClipDataset(road / "shards")
    found = {clips[n]["video_id"]: clips[n]["key"] for n in range(len(clips))}
    expected = {os.fsdecode(name) for name in SEEN}
    assert found == {name: escape_key(name) for name in expected}


def test_evaluating(road: Path) -> None:
    done = avrb_in(road, "evaluate", "mine:make", "some", *RAIN, "--out=run")
    assert done.returncode == 0, done.stderr
    keys = read_keys(road / "run")
    assert len(keys) == len(set(keys)) > 20
    beside = ClipDigests.read(road / "run/report.digests.tsv")
    assert beside is not None
    assert list(beside.rows) == keys
    assert avrb_in(road, "digest", "some", "--check=run").stdout == "same\n"
    with open(road / "run/report.csv", newline="") as file:
        widths = [len(row) for row in csv.reader(file)]
    assert widths == [widths[0]] * len(("heading", "clean", "rain-1"))
    assert avrb_in(road, "info", "some").stdout.count("[/x], ") == 1


def test_rendering(road: Path) -> None:
    done = avrb_in(road, "render", "shards", "rain", *RAIN, "--frame-format=png")
    assert done.returncode == 0, done.stderr
    receipt = json.loads((road / "rain/receipt.json").read_text())
    assert receipt["exact"] is True
    assert digest(road / "rain") == receipt["stored"]
    assert avrb_in(road, "digest", "shards", "--check=rain/receipt.json").stdout == "same\n"
    done = avrb_in(road, "render", "shards", "loose", *RAIN, "--layout=avrobustbench")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.endswith("cannot name a file; render it into shards.\n")
    done = avrb_in(road, "render", "some", "loose", *RAIN, "--layout=avrobustbench")
    assert done.returncode == 0, done.stderr
    listed = json.loads((road / "loose/v-rain-1.json").read_text())["data"]
    assert len(listed) == avrb.Manifest.read(road / "some/manifest.json").clips
    assert all((road / "loose" / clip["wav"]).is_file() for clip in listed)


@pytest.mark.parametrize("name", SEEN)
def test_a_file_by_its_name(name: bytes, road: Path) -> None:
    """Also where that could be an address to FFmpeg, or is no text."""
    path = f"./{os.fsdecode(name)}.mp4"
    done = avrb_in(road / "v", "preview", path, "../page.html", *RAIN[:1])
    assert done.returncode == 0, done.stderr
    assert (road / "page.html").read_bytes().decode().count("<h1>") == 1


def test_names_of_folders_that_are_no_text(road: Path) -> None:
    odd = os.fsdecode(b"caf\xe9")
    done = avrb_in(road, "render", "some", odd, *RAIN)
    assert done.returncode == 0, done.stderr
    assert avrb_in(road, "info", odd).returncode == 0
    done = avrb_in(road, "evaluate", "mine:make", odd, "--clean", f"--out={odd}/run")
    assert done.returncode == 0, done.stderr


def test_a_failure_is_a_line_whatever_the_name(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "a\nb\x1b[31m.mp4").write_bytes(b"none")
    done = avrb_in(tmp_path, "pack", "v", "o")
    assert (done.returncode, done.stderr.count("\n"), "\x1b" in done.stderr) == (1, 2, False)
    assert done.stderr.startswith(r"not packed: a\nb\x1b[31m (a\nb\x1b[31m.mp4): v/a\nb\x1b[31m")


@pytest.mark.parametrize("field", ["video_id", "labels"])
def test_half_a_character_is_no_text(field: str, tmp_path: Path) -> None:
    entry = {"wav": "a.wav", "labels": "b", "video_id": "a", "video_path": "v", field: "\ud800"}
    (tmp_path / "j.json").write_text(json.dumps({"data": [entry]}))
    done = avrb_in(tmp_path, "pack", "j.json", "o")
    said = rf"avrb: j.json: entry 0: {field!r} is '\ud800', not text." + "\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_keys_of_others(tmp_path: Path) -> None:
    """Tars that were not packed here may have any key; lists of keys still have a line for each."""
    made = [Made("a\nb"), Made("a\\nb", target=1), Made("a\tb"), Made("a\r", target=2)]
    write_shards(tmp_path / "s", made)
    (tmp_path / "mine.py").write_text(MODEL.replace("6", "3"))
    for _ in ("new", "again"):
        done = avrb_in(tmp_path, "evaluate", "mine:make", "s", *RAIN, "--out=run")
        assert done.returncode == 0, done.stderr
    assert read_keys(tmp_path / "run") == [clip.key for clip in made]
    assert avrb_in(tmp_path, "digest", "s", "--check=run").stdout == "same\n"
    beside = ClipDigests.read(tmp_path / "run/report.digests.tsv")
    assert beside is not None
    assert list(beside.rows) == [clip.key for clip in made]


# A name that begins with a dot is hidden, and skipped.
names = st.text(min_size=1, max_size=40).filter(
    lambda text: text[0] != "." and not set(text) & set("/\0")
)


@settings(max_examples=10, deadline=None)
@given(wanted=st.lists(names, min_size=1, max_size=4, unique=True))
def test_any_name(wanted: list[str], video: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "v").mkdir()
    for name in wanted:
        os.symlink(video, folder / "v" / f"{name}.mp4")
    pack(folder / "v", folder / "o", SMALL, num_workers=1)
    assert avrb.verify_shards(folder / "o", deep=True) == []
    clips = avrb.ClipDataset(folder / "o")
    assert sorted(clips[n]["video_id"] for n in range(len(clips))) == sorted(wanted)
    avrb.compute_receipt(folder / "o", ["clean"], out=folder / "d.json", num_workers=0)
    beside = ClipDigests.read(folder / "d.digests.tsv")
    assert beside is not None
    assert sorted(beside.rows) == sorted(map(escape_key, wanted))
    assert len((folder / "d.digests.tsv").read_text().splitlines()) == len(wanted) + 1
