"""`verify` reads every byte once, and finds in damaged shards what it ever found."""

from __future__ import annotations

import json
from pathlib import Path

import damage
import pytest
from faultserver import FaultServer

EXPECTED = json.loads(damage.FILE.read_text())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return damage.clean(tmp_path_factory.mktemp("clean") / "clean")


@pytest.mark.parametrize("name", damage.DAMAGES)
def test_findings(server: FaultServer, whole: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "clean").symlink_to(whole)
    assert damage.found(server, tmp_path, name) == EXPECTED[name]


def test_every_damage_is_in_the_file() -> None:
    assert list(EXPECTED) == list(damage.DAMAGES)
