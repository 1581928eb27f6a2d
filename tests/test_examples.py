"""The examples in docstrings give what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {"avrb_wds": "avrb_wds", "corruptions": "avrb_wds.corruptions", "tools": "avrb_wds.tools"}


def modules_with_examples() -> list[str]:
    found = []
    for folder, package in FOLDERS.items():
        for path in (ROOT / folder).rglob("*.py"):
            relative = path.relative_to(ROOT / folder).with_suffix("")
            if folder == "avrb_wds" and relative.parts[0] in ("corruptions", "tools"):
                continue  # links to the other two
            if ">>> " in path.read_text():
                found.append(".".join((package, *relative.parts)).removesuffix(".__init__"))
    return sorted(found)


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples(name: str) -> None:
    assert not doctest.testmod(importlib.import_module(name)).failed
