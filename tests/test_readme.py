"""The README runs: its snippets, and its commands in their order."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.avrobustbench import write_released
from helpers.pages import BLOCKS, README, ROOT, run_commands, section, write_modules
from helpers.shards import clips, write_shards
from helpers.videos import Movie, make_video

from avrb_wds.reports import read_report

SNIPPETS = [block.text for block in BLOCKS if block.language == "python"]

PRELUDE = """
import warnings
# webdataset leaves closing its shards to the garbage collector.
warnings.filterwarnings("error")
warnings.filterwarnings("ignore", category=ResourceWarning)
import numpy as np
frames = np.full((2, 24, 32, 3), 100, np.uint8)
waveform = np.zeros((1, 800), np.float32)
def model(batch):
    return batch["frames"].double().mean((1, 2, 3)).float()
"""
CHECKS = {
    "wds.WebDataset": """
assert len(list(dataset)) == 14
assert report.clean is not None and len(report.results) > 1
""",
    "register_corruption(BLACKOUT)": """
import avrb_wds as avrb
dark = avrb.corrupt_frames(frames, "blackout", 3)
assert (dark == 50).all()
silent = avrb.corrupt_waveform(waveform + 0.5, "blackout", 5, sample_rate=16_000)
assert 0.8 < (silent == 0).mean() < 1
""",
    "AVRobustBench(": """
assert len(frames) == 10 and frames[0].size == (32, 24)
assert audio.getvalue()[:4] == b"RIFF"
""",
}
MODULES = {"# mymodel.py:": "TwoStreams"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what a reader of the README has: shards, videos, the JSON of AVROBUSTBENCH."""
    shards = write_shards(tmp_path / "shards", clips(14), per_shard=1)
    for path in shards.iterdir():
        path.rename(path.with_name(path.name.replace("t-", "vgg-")))
    manifest = shards / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"t-', b'"vgg-'))
    write_released(tmp_path, clips=2)
    return tmp_path


@pytest.mark.parametrize("sign", CHECKS)
def test_python_snippets_run(folder: Path, sign: str) -> None:
    [snippet] = [snippet for snippet in SNIPPETS if sign in snippet]
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + snippet + CHECKS[sign]],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_snippet_is_run() -> None:
    assert len(SNIPPETS) == len(CHECKS) + len(MODULES)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with videos of two classes, the JSON of AVROBUSTBENCH and mymodel.py."""
    movie = Movie(frames=10, rate=5, seconds=1.0)
    for label in ("dog", "cat"):
        make_video(tmp_path / "videos" / label / f"{label}.mp4", movie)
    make_video(tmp_path / "talk.mp4", movie)
    write_released(tmp_path, clips=2)
    write_modules(BLOCKS, tmp_path)
    return tmp_path


def test_from_a_folder_of_videos_to_a_table_and_to_files(workspace: Path) -> None:
    _, verified, _, table, _ = run_commands(section("From a folder of videos"), workspace)
    assert verified == "no faults\n"
    assert "mymodel:load" in table
    report = read_report(workspace / "runs/mymodel")
    assert len(report.results) == 76
    assert {cell.clips for cell in report.results} == {2}
    assert (workspace / "preview.html").stat().st_size > 100_000
    run_commands(section("Corrupted files"), workspace)
    assert (workspace / "talk-rain.mp4").stat().st_size > 1000
    assert (workspace / "rendered/manifest.json").exists()


def test_using_avrobustbench_data(workspace: Path) -> None:
    run_commands(section("Using AVROBUSTBENCH data"), workspace)
    assert [str(cell.condition) for cell in read_report(workspace / "runs/2c").results] == [
        "clean", "gaussian-5",
    ]  # fmt: skip


def test_a_custom_corruption_takes_under_15_lines() -> None:
    [snippet] = [snippet for snippet in SNIPPETS if "register_corruption(" in snippet]
    assert len(snippet.strip().splitlines()) < 15


def test_no_console_block_is_left_out() -> None:
    """Every command shown is of a section that a test here or tests/storage runs."""
    run = ("From a folder of videos", "Corrupted files", "Using AVROBUSTBENCH data")
    run = (*run, "Remote data")  # tests/storage/test_storage_readme.py
    for block in BLOCKS:
        if block.language == "console" and list(block.commands()):
            assert block.section.startswith(run), block.section


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
