"""Names on the pages exist: imports and attributes in code blocks, commands and their options."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
from typing import Any

import pytest
import typer.main
from helpers.pages import DOCS, README, ROOT, read_blocks

from avrb_wds.tools.cli import app

PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
PAGES |= {"README.md": README, "CONTRIBUTING.md": (ROOT / "CONTRIBUTING.md").read_text()}
COMMANDS: Any = typer.main.get_command(app)


@pytest.mark.parametrize("page", PAGES)
def test_the_names_in_python_blocks_exist(page: str) -> None:
    for block in read_blocks(PAGES[page]):
        tree = ast.parse(block.text) if block.language == "python" else ast.Module([], [])
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("avrb_wds"):
                module = importlib.import_module(str(node.module))
                assert all(hasattr(module, name.name) for name in node.names), block.text
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "avrb":
                assert hasattr(importlib.import_module("avrb_wds"), node.attr), node.attr


@pytest.mark.parametrize("page", PAGES)
def test_the_names_in_sentences_exist(page: str) -> None:
    for name in re.findall(r"`(avrb(?:_wds)?(?:\.\w+)+)", PAGES[page]):
        found = importlib.import_module("avrb_wds")
        for part in name.split(".")[1:]:
            if not hasattr(found, part):
                found = importlib.import_module(f"{found.__name__}.{part}")
            else:
                found = getattr(found, part)


def options(command: Any) -> set[str]:
    """The options of a command and of those in it."""
    own = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    return own.union({"--help"}, *map(options, getattr(command, "commands", {}).values()))


@pytest.mark.parametrize("page", PAGES)
def test_the_options_of_commands_exist(page: str) -> None:
    text = PAGES[page].replace("\\\n", " ")
    lines = re.findall(r"(?:^|`|-m )(?:\$ |srun )?avrb(?:_wds)? ([^`\n]+)", text, re.MULTILINE)
    for line in lines:
        words, command = shlex.split(line, comments=True), COMMANDS
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        used = {word for word in words if re.fullmatch(r"--[a-z-]+", word)}
        assert used <= options(command), f"avrb {line}"


@pytest.mark.parametrize("page", PAGES)
def test_the_options_in_sentences_exist(page: str) -> None:
    others = {"--cases", "--nproc-per-node"}
    assert set(re.findall(r"`(--[a-z-]+)", PAGES[page])) <= options(COMMANDS) | others
