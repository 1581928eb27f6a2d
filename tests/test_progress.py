"""Progress: whoever waits at a terminal sees how far a command is; nobody else sees anything."""

import re
from pathlib import Path
from shutil import copy

import pytest
from helpers.banks import make_folder
from helpers.cli import run_and_stop, run_avrb
from helpers.shards import clips, write_shards
from helpers.videos import Movie, make_video

from avrb_wds.tools.progress import progress_bar

MODEL = "def load():\n    return lambda batch: batch['frames'].double().mean((1, 2, 3)).float()\n"
WAITING = """
import os, signal

def load():
    batches = []
    def scores(batch):
        if len(batches) == int(os.environ.get("WAIT", -1)):
            signal.pause()
        batches.append(batch)
        return batch["frames"].double().mean((1, 2, 3)).float()
    return scores
"""
CHOICE = ("--corruption", "impulse", "--severity", "1")
EVALUATE = ("evaluate", "bright:load", "shards", *CHOICE, "--out")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What commands are run on."""
    folder = tmp_path_factory.mktemp("place")
    write_shards(folder / "shards", clips(6))
    (folder / "videos").mkdir()
    for name in ("a", "b"):
        make_video(folder / "videos" / f"{name}.mp4", Movie(frames=3))
    (folder / "labels.csv").write_text("a,dog\nb,cat\n")
    (folder / "bright.py").write_text(MODEL)
    make_folder(folder / "mine")
    (folder / "cache").mkdir()
    assert run_avrb(*EVALUATE, "run", folder=folder).returncode == 0
    assert run_avrb("bank", "import", "mine", "mine.avrbbank", folder=folder).returncode == 0
    return folder


# What each is called while it runs, and how much there is of it; None for bytes.
SHOWN = {
    "pack videos OUT --frames 1 --num-workers 1": [("packing", 2)],
    "verify shards": [("verifying", None)],
    "verify shards/t-000000.tar shards/t-000001.tar": [("verifying", None)],
    "info shards/t-000000.tar shards/t-000001.tar": [("opening shards", 2)],
    "create-json videos --frames f --audio a --labels labels.csv --out OUT": [("listing", 2)],
    "corrupt videos OUT --corruption rain": [("corrupting", 2)],
    "corrupt videos/a.mp4 OUT.mp4 --corruption rain": [("corrupting", 3)],
    "render shards OUT --corruption rain --severity 1": [("opening shards", 2), ("rendering", 6)],
    "evaluate bright:load shards --corruption rain --severity 1 --batch-size 2 --out OUT": [
        ("opening shards", 2), ("evaluating", 6), ("scoring", 2),
    ],
    "digest shards --corruption rain --severity 1 --no-clean": [
        ("opening shards", 2), ("digesting", 1),
    ],
    "report run": [("scoring", 2)],
    "compare run run": [("comparing", 4)],
    "preview shards OUT.html --corruption impulse": [("corrupting", 6)],
    "bank import mine OUT": [("checking", 6)],
    "bank page OUT.html --bank mine.avrbbank": [("drawing", 6)],
    "cache clear cache": [("removing", 2)],
}  # fmt: skip


@pytest.mark.parametrize("command", SHOWN)
def test_a_terminal_is_shown_how_far_it_is(command: str, place: Path, tmp_path: Path) -> None:
    for name in (f"{1:064x}.shard", f"{2:064x}.part"):
        (place / "cache" / name).touch()
    seen = run_avrb(*words(command, tmp_path / "seen"), folder=place, watched=True)
    assert seen.returncode == 0, seen.stderr
    shown = re.findall(r"([a-z][a-z ]+?) +[━╸╺]+ +([\d.]+)/([\d.]+)( kB)?", plain(seen.stderr))
    last = {label: (done, total, unit) for label, done, total, unit in shown}
    assert [*last] == [label for label, _ in SHOWN[command]]
    for label, wanted in SHOWN[command]:
        done, total, unit = last[label]
        assert done == total
        assert unit == " kB" if wanted is None else (int(total), unit) == (wanted, "")
    assert not re.search(r"[━\x1b]", seen.stdout)
    for name in (f"{1:064x}.shard", f"{2:064x}.part"):
        (place / "cache" / name).touch()
    unseen = run_avrb(*words(command, tmp_path / "unseen"), folder=place)
    assert unseen == (0, seen.stdout.replace(str(tmp_path / "seen"), str(tmp_path / "unseen")), "")


def test_ctrl_c_ends_it_and_the_run_goes_on_where_it_was(place: Path, tmp_path: Path) -> None:
    """The model waits for Ctrl-C once it was shown two batches."""
    (tmp_path / "waiting.py").write_text(WAITING)
    run = ("evaluate", "waiting:load", place / "shards", *CHOICE, "--batch-size", "2")
    stopped = run_and_stop(*run, "--out", "run", folder=tmp_path, seen="2/6", WAIT="2")
    assert (stopped.returncode, stopped.stdout) == (130, "")
    assert not re.search(r"Traceback|avrb: ", stopped.stderr)
    there = run_avrb("report", "run", folder=tmp_path)
    assert (there.returncode, there.stdout.split(" scores")[0][-7:]) == (1, "4 of 12"), there
    for out in ("run", "whole"):
        assert run_avrb(*run, "--out", out, folder=tmp_path).returncode == 0
    assert (tmp_path / "run/report.json").read_bytes() == (
        tmp_path / "whole/report.json"
    ).read_bytes()


def test_ctrl_c_ends_packing_which_is_resumed(place: Path, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    for number in range(80):
        copy(place / "videos/a.mp4", tmp_path / f"videos/{number}.mp4")
    pack = ("pack", "videos", "out", "--clips-per-shard", 1, "--num-workers", 1)
    stopped = run_and_stop(*pack, folder=tmp_path, seen="/80")
    assert (stopped.returncode, stopped.stdout) == (130, "")
    assert not re.search(r"Traceback|avrb: ", stopped.stderr)
    made = {path.name for path in (tmp_path / "out").glob("*.tar")}
    assert made
    assert not (tmp_path / "out/manifest.json").exists()
    assert run_avrb(*pack, "--resume", folder=tmp_path).returncode == 0
    assert run_avrb("verify", "out", folder=tmp_path).stdout == "no faults\n"


def words(command: str, out: Path) -> list[str]:
    return command.replace("OUT", str(out)).split()


def plain(text: str) -> str:
    """A terminal's text without colors and movements."""
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text)


def test_only_the_first_rank_shows_it(place: Path, tmp_path: Path) -> None:
    for rank in ("0", "1"):
        variables = {"RANK": rank, "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "none"}
        done = run_avrb(*EVALUATE, tmp_path, folder=place, watched=True, **variables)
        assert done.returncode == 0
        assert ("evaluating" in done.stderr) == (rank == "0"), done.stderr


def test_nothing_is_called_where_nobody_looks() -> None:
    with progress_bar("working") as progress:
        assert progress is None
