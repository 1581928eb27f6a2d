"""The demo at a reduced size: the whole road from videos to the table."""

from pathlib import Path

import av
from helpers.cli import run_avrb, run_process

from avrb_wds.corruptions import Draw
from avrb_wds.demo.scenes import SHAPES, Scene
from avrb_wds.demo.sounds import SOUNDS, make_sound
from avrb_wds.demo.videos import make_videos
from avrb_wds.reports import read_report


def test_every_class_looks_and_sounds_its_own() -> None:
    scenes = {
        Scene.of(shape, Draw(0, "demo", "k", "visual"), 32).frame(0.5).tobytes() for shape in SHAPES
    }
    sounds = {
        make_sound(name, Draw(0, "demo", "k", "audio"), 0.25, 8000).tobytes() for name in SOUNDS
    }
    assert len(scenes) == len(sounds) == 10


def test_the_same_videos_every_time(tmp_path: Path) -> None:
    for name, clips in (("one", 3), ("two", 2)):
        make_videos(tmp_path / name, clips, seed=0, progress=lambda done, clips: None)
    videos = {path.name: path.read_bytes() for path in (tmp_path / "one").rglob("*.mp4")}
    again = {path.name: path.read_bytes() for path in (tmp_path / "two").rglob("*.mp4")}
    assert len(videos) == 3
    assert again.items() < videos.items()
    with av.open(next((tmp_path / "one").rglob("*.mp4"))) as file:  # what browsers play
        codecs = [stream.codec_context.name for stream in file.streams]
        assert codecs == ["h264", "aac"]
        shown, heard = (float(stream.duration * stream.time_base) for stream in file.streams)
    assert abs(shown - 2.5) < 0.01
    assert abs(heard - 2.5) < 0.1


def test_the_demo_prints_the_table_and_ends_with_the_paths(tmp_path: Path) -> None:
    done = run_avrb("demo", "out", "--clips", 10, "--train-clips", 10, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "TinyModel on test" in done.stdout
    assert done.stdout.splitlines()[-2:] == [
        "report: out/run/report.html", "preview: out/preview.html",
    ]  # fmt: skip
    assert (tmp_path / "out/preview.html").read_text().startswith("<!doctype html>")
    report = read_report(tmp_path / "out/run")
    assert {cell.clips for cell in report.results} == {10}
    again = run_process("demo", "out", folder=tmp_path)
    assert again.returncode == 2
    assert again.stderr == "avrb: out is not an empty folder; give a new one.\n"
