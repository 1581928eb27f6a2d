"""What holds for every command of `avrb`."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

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
        [sys.executable, "-m", "avrb_wds.tools.cli", *words],
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "COLUMNS": "100"},
    )  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_a_sentence_and_shows_an_example(name: str) -> None:
    text = COMMANDS[name].help
    assert re.match(r"[A-Z][^\n]*\.\n", text), text
    [example] = re.findall(r"^Example:  (avrb .*)$", text, re.MULTILINE)
    assert example.startswith(f"avrb {name}")


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


def test_help_waits_for_nothing_heavy() -> None:
    code = (
        "import sys; from avrb_wds.tools import cli; "
        "print([m for m in ('torch', 'numpy', 'webdataset', 'scipy', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
