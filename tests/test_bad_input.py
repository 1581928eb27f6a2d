"""Bad input, on every road: one sentence that names it, no traceback, nothing half-written."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import webdataset as wds
from helpers.cli import Done, run_avrb
from helpers.shards import Made, clips, members, write_shards
from helpers.videos import Movie, make_video

import avrb_wds as avrb
from avrb_wds.atomic import TEMP_PATTERN
from avrb_wds.building.shard_writer import ShardWriter
from avrb_wds.shards import AudioLayout, FrameLayout, Manifest

MODEL = "def load():\n    return lambda batch: batch['frames'].double().mean((1, 2, 3)).float()\n"


def not_a_number() -> bytes:
    data = io.BytesIO()
    soundfile.write(data, np.array([0, np.nan, 0]), 16_000, "FLOAT", format="WAV")
    return data.getvalue()


def truncated(folder: Path) -> None:
    tar = sorted(folder.glob("*.tar"))[-1]
    os.truncate(tar, tar.stat().st_size * 2 // 5)


def member(name: str, data: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Shards packed, and so all checksums made, with one member of clip0005 spoilt."""

    def write(folder: Path) -> None:
        for path in folder.iterdir():
            path.unlink()
        writer = ShardWriter(folder, "t", 0)
        for clip in clips(6):
            held = members(clip)
            if clip.key == "clip0005":
                held[name] = data(held[name])
            writer.add(clip.key, held.items())
        classes = ("class0", "class1", "class2")
        frames, audio = FrameLayout(2, 24, 32, "jpg"), AudioLayout(16_000, 1, 800, "wav")
        manifest = Manifest("t", 6, (writer.finish(),), frames, audio, classes, "single-label")
        (folder / "manifest.json").write_bytes(manifest.to_bytes())

    return write


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def without_its_shard(folder: Path) -> None:
    sorted(folder.glob("*.tar"))[-1].unlink()


# What is done to good shards; what the sentence says; whether opening them tells already.
BAD = {
    "truncated tar": (truncated, r"clip 'clip0005' in shard \S+t-000001.tar, .*cut off at byte", 0),
    "corrupt JPEG": (
        member("frame_0001.jpg", lambda data: data[: len(data) // 3]),
        r"clip 'clip0005' in shard \S+t-000000.tar, member 'frame_0001.jpg': ",
        0,
    ),
    "NaN in the sound": (
        member("wav", lambda data: not_a_number()),
        r"clip 'clip0005' in shard \S+t-000000.tar, member 'wav': .*holds NaN or infinity",
        0,
    ),
    "empty folder": (emptied, r"folder \S+ holds neither manifest.json nor a tar", 1),
    "missing shard": (without_its_shard, r"t-000001.tar.*No such file", 0),
}


@pytest.fixture(params=BAD.values(), ids=BAD)
def bad(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str, bool]:
    spoil, sentence, at_once = request.param
    spoil(write_shards(tmp_path / "shards", clips(6)))
    return tmp_path / "shards", sentence, bool(at_once)


@pytest.mark.parametrize("way", ["threads", "processes", "stream", "dataset"])
def test_load_and_datasets(bad: tuple[Path, str, bool], way: str) -> None:
    folder, sentence, _ = bad
    ways: dict[str, Callable[[], Iterable[Any]]] = {
        "threads": lambda: avrb.load(folder, "impulse", 1, num_workers=2, batch_size=2),
        "processes": lambda: avrb.load(folder, "impulse", 1, num_workers=1, worker_type="process"),
        "stream": lambda: avrb.ClipStream(folder, "impulse", 1),
        "dataset": lambda: map(avrb.ClipDataset(folder, "impulse", 1).__getitem__, range(6)),
    }
    with pytest.raises(avrb.DataError, match=sentence) as caught:
        list(ways[way]())
    assert_one_sentence(str(caught.value))


def assert_one_sentence(text: str) -> None:
    assert "\n" not in text
    assert text.endswith(".")
    assert "Traceback" not in text
    assert len(text) < 400


@pytest.mark.parametrize("name", ["corrupt JPEG", "NaN in the sound"])
def test_stages(tmp_path: Path, name: str) -> None:
    spoil, sentence, _ = BAD[name]
    spoil(write_shards(tmp_path, clips(6)))
    dataset = wds.WebDataset([str(tmp_path / "t-000000.tar")], shardshuffle=False).compose(
        avrb.Decode(), avrb.Corrupt("impulse", 1)
    )
    with pytest.raises(avrb.DataError, match=sentence) as caught:
        list(dataset)
    assert_one_sentence(str(caught.value))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """`avrb` in `tmp_path`; what it says on stderr is held to be one sentence."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bright.py").write_text(MODEL)

    def run(*arguments: object) -> Done:
        done = run_avrb(*arguments, folder=tmp_path)
        said = [line for line in done.stderr.splitlines() if line.startswith("avrb: ")]
        if done.returncode and not (arguments[0] == "verify" and done.stdout):
            assert len(said) == 1, done.stderr
            assert_one_sentence(said[0].removeprefix("avrb: "))
        return done

    return run


def test_verify_info_and_evaluate(bad: tuple[Path, str, bool], tmp_path: Path, run: Any) -> None:
    folder, sentence, at_once = bad
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    evaluated = run("evaluate", "bright:load", folder, "--out", "run",
                    "--corruption", "impulse", "--severity", 1)  # fmt: skip
    assert evaluated.returncode == 1
    assert re.search(sentence, evaluated.stderr), evaluated.stderr
    assert not list(tmp_path.glob("run/report*"))
    verified = run("verify", folder, "--deep")
    assert verified.returncode == 1
    assert verified.stdout if not at_once else verified.stderr
    assert run("info", folder).returncode == (1 if at_once else 0)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--corruption", "fog"), "corruption 'fog' is not one of gaussian, "),
        (("--corruption", "rain", "--severity", "6"), "severity must be an integer from 1 to"),
    ],
)
def test_wrong_conditions(
    tmp_path: Path, run: Any, options: tuple[str, ...], sentence: str
) -> None:
    write_shards(tmp_path / "shards", clips(3))
    done = run("evaluate", "bright:load", "shards", "--out", "run", *options)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (tmp_path / "run").exists()
    name, severity = options[1], int(options[3]) if len(options) > 2 else 3
    for make in (avrb.load, avrb.ClipStream, avrb.ClipDataset):
        with pytest.raises(avrb.UsageError, match=sentence):
            make(tmp_path / "shards", name, severity)  # type: ignore[operator]
    with pytest.raises(avrb.UsageError, match=sentence):
        avrb.Corrupt(name, severity)


@pytest.mark.parametrize("command", ["verify", "info", "evaluate"])
def test_missing_files(tmp_path: Path, run: Any, command: str) -> None:
    for name in ("nothere", "nothere.tar", "nothere/manifest.json"):
        model = ("bright:load",) if command == "evaluate" else ()
        out = ("--out", "run") if command == "evaluate" else ()
        done = run(command, *model, name, *out)
        assert done.returncode == 2
        assert done.stderr.startswith(f"avrb: {name} does not exist; give "), done.stderr
    assert not (tmp_path / "run").exists()


def packed_source(folder: Path, name: str) -> Path:
    """A source with two good clips and one bad one."""
    folder.mkdir()
    if name == "empty folder":
        return folder
    if name == "missing source":
        return folder / "nothere"
    for number in range(2):
        make_video(folder / f"good{number}.mp4", Movie(frames=3))
    if name == "truncated video":
        video = folder / "bad.mp4"
        make_video(video, Movie(frames=3))
        os.truncate(video, video.stat().st_size // 3)
        return folder
    sound = folder / "bad.wav"
    soundfile.write(sound, np.array([0, np.nan, 0] * 999), 16_000, "FLOAT")
    frames = folder / "frames" / "frame_0"
    frames.mkdir(parents=True)
    jpeg = members(Made("x"))["frame_0000.jpg"]
    (frames / "bad.jpg").write_bytes(jpeg if name != "corrupt JPEG" else jpeg[:99])
    if name != "NaN in the sound":
        soundfile.write(sound, np.zeros(999), 16_000)
    entry = {"wav": "bad.wav", "labels": "dog", "video_id": "bad", "video_path": "frames"}
    (folder / "eval.json").write_text(json.dumps({"data": [entry]}))
    return folder / "eval.json"


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("empty folder", 1, "holds no clip to pack"),
        ("missing source", 2, "does not exist; give a folder of videos"),
        ("truncated video", 1, "bad"),
        ("corrupt JPEG", 1, "bad"),
        ("NaN in the sound", 1, "NaN"),
    ],
)
def test_pack(tmp_path: Path, run: Any, name: str, status: int, sentence: str) -> None:
    source = packed_source(tmp_path / "source", name)
    done = run("pack", source, "out", "--frames", 1, "--num-workers", 1)
    assert done.returncode == status, done.stderr
    assert sentence in done.stderr
    left = sorted(path.name for path in (tmp_path / "out").glob("*"))
    assert "manifest.json" not in left
    assert not list((tmp_path / "out").glob(TEMP_PATTERN))
