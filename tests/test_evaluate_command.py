"""`avrb evaluate`: what it prints and writes, and one sentence for wrong usage."""

from pathlib import Path

import pytest
from helpers.cli import Done, run_avrb
from helpers.shards import clips, write_shards

from avrb_wds.reports import read_report


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(11))


MODEL = """
import torch
class Bright(torch.nn.Module):
    def forward(self, batch):
        return batch["frames"].double().mean((1, 2, 3)).float()
def load():
    return Bright()
def broken():
    raise RuntimeError("no weights")
number = 3
"""


def avrb_evaluate(folder: Path, *arguments: str) -> Done:
    (folder / "bright.py").write_text(MODEL)
    return run_avrb("evaluate", *arguments, folder=folder)


def test_the_command_prints_the_table(shards: Path, tmp_path: Path) -> None:
    done = avrb_evaluate(
        tmp_path, "bright:load", str(shards), "--corruption", "gaussian", "--severity", "5",
        "--severity", "2", "--out", "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "gaussian" in done.stdout
    report = read_report(tmp_path / "run")
    assert [str(cell.condition) for cell in report.results] == ["clean", "gaussian-5", "gaussian-2"]


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["nothere:load"], 2, "No module named 'nothere'"),
        (["bright:nothere"], 2, "module 'bright' has no 'nothere'"),
        (["bright"], 2, "is not of the form module:name"),
        (["bright:number"], 2, "is not callable but of type int"),
        (["bright:broken"], 2, "'bright:broken' fails: RuntimeError: no weights"),
        (["bright:load", "--corruption", "fog"], 2, "corruption 'fog' is not one of gaussian, "),
        (["bright:load", "--severity", "6"], 2, "severity must be an integer from 1 to 5; got 6"),
    ],
)
def test_wrong_usage_is_one_sentence(
    shards: Path, tmp_path: Path, arguments: list[str], status: int, sentence: str
) -> None:
    done = avrb_evaluate(tmp_path, arguments[0], str(shards), "--out", "run", *arguments[1:])
    assert (done.returncode, done.stdout) == (status, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
