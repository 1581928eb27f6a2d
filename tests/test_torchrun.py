"""Under a real torchrun, with a rank that is really killed: the same bytes as one process makes."""

from pathlib import Path

import pytest
from helpers.torchrun import evaluate, prepare, same


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("torchrun")
    prepare(folder)
    return folder


def test_two_ranks_on_gloo(folder: Path) -> None:
    assert evaluate(folder, folder / "two", 2, GROUP="gloo") == 0
    assert same(folder / "whole", folder / "two")


def test_a_killed_rank_and_another_world_size(folder: Path) -> None:
    assert evaluate(folder, folder / "killed", 2, KILL_AFTER="17", KILL_RANK="1") != 0
    assert not (folder / "killed/report.json").exists()
    assert evaluate(folder, folder / "killed", 0) == 0
    assert same(folder / "whole", folder / "killed")
