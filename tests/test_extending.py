"""docs/extending.md runs as a newcomer runs it: its sections in order, in one folder."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.cli import run_avrb
from helpers.pages import DOCS, read_blocks, section

from avrb_wds.corruptions import registry
from avrb_wds.reports import read_report

BLOCKS = tuple(read_blocks((DOCS / "extending.md").read_text(encoding="utf-8")))


def save_blocks(start: str, folder: Path) -> None:
    """Write the blocks of a section, each under the name in its first line."""
    for block in section(start, BLOCKS):
        if name := re.match(r"# ([\w.]+\.(?:py|toml))\b", block.text):
            (folder / name[1]).write_text(block.text, encoding="utf-8")


def install(folder: Path) -> None:
    """What `pip install -e .` does for the entry point of the project in a folder."""
    project = (folder / "pyproject.toml").read_text()
    [(group, name, value)] = re.findall(r'entry-points."(.+)"\]\n(\w+) = "(.+)"', project)
    info = folder / "avrb_dust-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: avrb-dust\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The newcomer's folder; what is imported or registered from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_registered", {})
    yield tmp_path
    for name in ("dust", "models"):
        sys.modules.pop(name, None)


def test_the_page_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(start: str) -> list[str]:
        """Save the files of a section and run its commands; returns what each printed."""
        save_blocks(start, folder)
        if (folder / "pyproject.toml").exists():
            install(folder)
        printed = []
        for block in section(start, BLOCKS):
            for program, *words in block.commands() if block.language == "console" else ():
                if program == "avrb":
                    done = run_avrb(*words, folder=folder, PYTHONPATH=str(folder))
                    assert done.returncode == 0, done.stderr
                    printed.append(done.stdout)
                else:
                    monkeypatch.setattr(sys, "argv", words)
                    runpy.run_path(words[0], run_name="__main__")
                    printed.append(capsys.readouterr().out)
        return printed

    _, _, verified, info = run("A data source")
    assert verified == "no faults\n"
    assert re.search(r"^clips +6$", info, re.MULTILINE)
    assert "2 classes: dog, cat" in info
    checked, _ = run("A model")
    assert checked == (
        "{'frames': (4, 10, 64, 64, 3), 'spectrogram': (4, 201, 101)}\n(4, 2) ('dog', 'cat')\n"
    )
    assert len(read_report("runs/rain").results) == 6
    [errors] = run("A metric")
    assert [line.split()[0] for line in errors.splitlines()] == [
        "clean", *(f"rain-{severity}" for severity in range(1, 6)),
    ]  # fmt: skip
    assert all(0 <= float(line.split()[-1]) <= 1 for line in errors.splitlines())
    dust, _ = run("A corruption")
    shares = [tuple(map(float, line.split()[1:])) for line in dust.splitlines()]
    assert shares == sorted(shares)
    assert len(shares) == len({*shares}) == 5
    assert len(read_report("runs/dust").results) == 6


def test_every_block_has_a_name_or_is_run() -> None:
    for block in BLOCKS:
        named = re.match(r"# [\w.]+\.(py|toml)\b", block.text)
        assert named or block.language == "console", block.text
