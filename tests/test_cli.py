"""What holds for every command of `avrb`."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer
from helpers.banks import make_folder
from helpers.cli import AVRB, run_avrb, run_process
from helpers.pages import BLOCKS
from helpers.shards import clips, write_shards

from avrb_wds.codecs import FrameFormat
from avrb_wds.corruptions import PROFILES
from avrb_wds.packing import PackOptions
from avrb_wds.packing.sources.video_folder import Ids
from avrb_wds.rendering.options import RenderLayout
from avrb_wds.settings import ModalityChoice, Temporal
from avrb_wds.tools.cli import app


def commands(command: Any, words: str = "") -> Iterator[tuple[str, Any]]:
    """Each command with the words that call it, those in groups too."""
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
        return
    for name, child in children.items():
        yield from commands(child, f"{words} {name}".strip())


COMMANDS = dict(commands(typer.main.get_command(app)))


def avrb(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*AVRB, *words],
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "COLUMNS": "100"},
    )  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_a_sentence_and_shows_an_example(name: str) -> None:
    text = COMMANDS[name].help
    assert re.match(r"[A-Z][^\n]*\.\n", text), text
    [example] = re.findall(r"^Example:  (avrb .*)$", text, re.MULTILINE)
    assert example.startswith(f"avrb {name}")


@pytest.mark.parametrize("name", ["", "bank", "cache", *COMMANDS])
def test_help_fits_80_columns(name: str) -> None:
    text = run_avrb(*name.split(), "--help", COLUMNS="80").stdout
    assert max(map(len, text.splitlines())) == 80
    assert "…" not in text
    for row in re.findall(r"^│ [ *] *--.*│$|^│ --.*│$", text, re.MULTILINE):
        assert "<" not in row, "what an option takes has a name"
    for listed in re.findall(r"Commands ─+╮\n(.*?)╰", text, re.DOTALL):
        assert all(re.match(r"│ [a-z]", line) for line in listed.splitlines()), "a line each"


def test_help_says_the_same_of_the_same_option() -> None:
    said: dict[str, set[tuple[str, ...]]] = {}
    for command in COMMANDS.values():
        for parameter in command.params:
            panel = getattr(parameter, "rich_help_panel", None)
            about = (parameter.help, parameter.metavar, panel)
            said.setdefault(parameter.opts[0], set()).add(about)
    differing = {name for name, about in said.items() if name[0] == "-" and len(about) > 1}
    assert differing == {
        "--out", "--num-workers",  # another thing is written, other work is done
        "--corruption", "--severity",  # avrb corrupt takes one
        "--frames", "--duration", "--labels",  # avrb pack takes more, or other things
    }  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_a_default_is_said_once_and_what_an_argument_is_called_is_in_capitals(name: str) -> None:
    for parameter in COMMANDS[name].params:
        assert "default" not in parameter.help
        if parameter.param_type_name == "argument":
            assert parameter.metavar.isupper(), parameter.name


CLOSED = {
    "--modality": get_args(ModalityChoice),
    "--temporal": get_args(Temporal),
    "--profile": PROFILES,
    "--layout": get_args(RenderLayout),
    "--frame-format": get_args(FrameFormat),
    "--ids": get_args(Ids),
    "--window": get_args(get_type_hints(PackOptions)["window"]),
    "--channels": get_args(get_type_hints(PackOptions)["channels"]),
    "--audio-format": get_args(get_type_hints(PackOptions)["audio_format"]),
}


@pytest.mark.parametrize("option", CLOSED)
def test_help_lists_what_an_option_may_be(option: str) -> None:
    found = {p.metavar for c in COMMANDS.values() for p in c.params if option in p.opts}
    assert found == {"|".join(CLOSED[option])}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_and_option_says_what_it_is(name: str) -> None:
    for parameter in COMMANDS[name].params:
        assert parameter.help, f"{name}: {parameter.name}"
        assert re.search(r"[.):]$", parameter.help), f"{name}: {parameter.help}"


@pytest.mark.parametrize(
    ("words", "status"),
    [(("--help",), 0), (("--version",), 0), (("pack",), 2), (("no-such-command",), 2)],
)
def test_wrong_usage_is_status_2_without_a_traceback(words, status) -> None:
    done = avrb(*words)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert bool(done.stdout) == (status == 0)
    assert bool(done.stderr) == (status != 0)


# As processes of their own run these here, tests/test_demo.py the demo, and tests of the README
# what it shows; all other tests run commands in their own process.
ALONE = {
    "info": ("shards",),
    "create-json": ("videos", "--frames=f", "--audio=a", "--labels=l.csv", "--out=made.json"),
    "bank import": ("mine", "mine.avrbbank"),
    "bank page": ("bank.html", "--bank=mine.avrbbank"),
    "bank info": ("mine.avrbbank",),
    "cache info": ("cache",),
    "cache clear": ("cache",),
}


def test_a_process_says_what_a_call_says(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", clips(2))
    make_folder(tmp_path / "mine")
    for name in ("cache", "videos"):
        (tmp_path / name).mkdir()
    (tmp_path / "videos/x.mp4").touch()
    (tmp_path / "l.csv").write_text("x,dog\n")
    for name, words in ALONE.items():
        done = run_process(*name.split(), *words, folder=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done == run_avrb(*name.split(), *words, folder=tmp_path)
    refused = run_process("info", "nowhere", folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused == run_avrb("info", "nowhere", folder=tmp_path)


def test_every_command_is_run_as_a_process() -> None:
    commands = (words for block in BLOCKS for words in block.commands())
    shown = {words[1] for words in commands if words[0] == "avrb"}
    assert set(COMMANDS) == {*ALONE, *shown, "demo", "bank build"}  # the last takes minutes


def test_help_waits_for_nothing_heavy() -> None:
    code = (
        "import sys; from avrb_wds.tools import cli; "
        "print([m for m in ('torch', 'numpy', 'webdataset', 'scipy', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
