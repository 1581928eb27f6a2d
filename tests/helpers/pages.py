"""Pages of documentation as scripts: their blocks in order, run as a reader would."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"

# What a test does not do: install, and the two commands that run the tests themselves and the demo.
NOT_RUN = ("pip ", "make ")


@dataclass(frozen=True)
class Block:
    """A fenced block; section: the heading it stands under."""

    section: str
    language: str
    text: str

    def commands(self) -> Iterator[list[str]]:
        """The words of every command that a test can run; comments and output are left out."""
        joined = self.text.replace("\\\n", " ")
        for line in re.findall(r"^\$ (.*)$", joined, re.MULTILINE):
            if not line.startswith(NOT_RUN):
                yield shlex.split(line, comments=True)


def read_blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page that name their language."""
    for part in re.split(r"^## ", page, flags=re.MULTILINE):
        heading = part.partition("\n")[0]
        for language, text in re.findall(r"^```(\w+)\n(.*?)^```", part, re.DOTALL | re.MULTILINE):
            yield Block(heading, language, text)


BLOCKS = tuple(read_blocks(README))


def section(start: str, blocks: tuple[Block, ...] = BLOCKS) -> tuple[Block, ...]:
    """The blocks under the one heading that begins like this; those of the README by default."""
    names = {block.section for block in blocks if block.section.startswith(start)}
    assert len(names) == 1, f"{start!r} begins {len(names)} headings"
    return tuple(block for block in blocks if block.section in names)


def write_modules(blocks: tuple[Block, ...], folder: Path) -> None:
    """Write the Python blocks that begin with the comment `# NAME.py: …` as that file."""
    for block in blocks:
        if name := re.match(r"# (\w+\.py):", block.text):
            (folder / name[1]).write_text(block.text, encoding="utf-8")


def run_commands(
    blocks: tuple[Block, ...], folder: Path, environment: Mapping[str, str] | None = None
) -> list[str]:
    """Run every command in `folder`; returns what each printed.  Raises where one fails."""
    programs = Path(sys.executable).parent
    env = {
        **os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "OMP_NUM_THREADS": "1", **(environment or {}),
    }  # fmt: skip
    printed = []
    for block in blocks:
        for words in block.commands():
            done = subprocess.run(words, cwd=folder, capture_output=True, text=True, env=env)
            assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
            printed.append(done.stdout)
    return printed
