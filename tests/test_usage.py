"""A wrong command line is told in one sentence, and what stops `avrb` from outside ends it."""

import os
import subprocess
from pathlib import Path

import pytest
from helpers.cli import AVRB, run_avrb
from helpers.shards import clips, write_shards

WRONG = {
    "evaluat": "'evaluat' is not a command of avrb; evaluate is.",
    "zzz": "'zzz' is not a command of avrb; avrb --help lists them.",
    "bank pge": "'pge' is not a command of avrb bank; page is.",
    "--sersion": "--sersion is not an option of avrb; --version is.",
    "-5": "-5 is not an option of avrb; avrb --help lists them.",
    "pack": "SOURCE is missing; avrb pack --help says what it is.",
    "pack a": "OUT is missing; avrb pack --help says what it is.",
    "info": "SHARDS is missing; avrb info --help says what it is.",
    "evaluate m:f s": "--out is missing; avrb evaluate --help says what it is.",
    "cache clear": "FOLDER is missing; avrb cache clear --help says what it is.",
    "pack a b c d": "'c' is one argument too many; avrb pack --help says what there is.",
    "pack a b --num-wokers 3": "--num-wokers is not an option of avrb pack; --num-workers is.",
    "pack a b --zzz": "--zzz is not an option of avrb pack; avrb pack --help lists them.",
    "pack a b -j 3": "-j is not an option of avrb pack; avrb pack --help lists them.",
    "pack a b --frames": "--frames has no value; give one.",
    "verify a --deep=yes": "--deep takes no value; leave out the = and what follows it.",
    "digest a --seed x": "--seed 'x' is not an integer; give one.",
    "digest a --seed 1.5": "--seed '1.5' is not an integer; give one.",
    "pack a b --fps x": "--fps 'x' is not a number; give one.",
    "pack a b --frame-size x": "--frame-size 'x' is not an integer; give one, or keep.",
    "pack a b --max-errors -1":
        "--max-errors -1 is negative; give 0 or more.",
    "corrupt a b --corruption rain --severity x":
        "severity 'x' is not a number; give 1 to 5, or visual+audio as in 0+5.",
}  # fmt: skip


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_command_line_is_one_sentence(words: str) -> None:
    assert run_avrb(*words.split()) == (2, "", f"avrb: {WRONG[words]}\n")


@pytest.mark.parametrize("group", ["", "bank", "cache"])
def test_a_group_alone_shows_what_it_has(group: str) -> None:
    done = run_avrb(*group.split())
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == run_avrb(*group.split(), "--help").stdout


@pytest.mark.parametrize("command", [("info", "shards"), ("info", "shards", "--json"), ("--help",)])
def test_nothing_is_said_where_no_one_reads_on(tmp_path: Path, command: tuple[str, ...]) -> None:
    write_shards(tmp_path / "shards", clips(2))
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [*AVRB, *command], cwd=tmp_path, stdout=closed, stderr=subprocess.PIPE, timeout=240
        )
    assert (done.returncode, done.stderr) == (1, b"")
