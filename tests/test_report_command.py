"""`avrb report` on what ranks left, whole and not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.cli import run_avrb
from helpers.shards import clips, write_shards
from test_compare import CONDITIONS, oracle

import avrb_wds as avrb
from avrb_wds.evaluation import run_status
from avrb_wds.reports import FILES, read_report, write_report

CLIPS = 11


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(CLIPS))


def dim(batch: dict[str, Any]) -> torch.Tensor:
    """Not always right, and the same for all clips."""
    return torch.tensor([[2.0, 1.0, 0.0]]).expand(len(batch["key"]), 3)


def run(shards: Path, out: Path, model: Any = oracle, **options: Any) -> avrb.Report | None:
    return avrb.evaluate(model, shards, CONDITIONS, out=out, batch_size=2, num_workers=0, **options)


def test_a_whole_run_is_written_again(shards: Path, tmp_path: Path) -> None:
    run(shards, tmp_path)
    names = (*FILES, "report.digests.tsv")
    before = {name: (tmp_path / name).read_bytes() for name in names}
    for name in names:
        (tmp_path / name).unlink()
    done = run_avrb("report", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "oracle on" in done.stdout
    assert done.stdout.splitlines()[-len(FILES) :] == [f"report: {tmp_path / n}" for n in FILES]
    assert {name: (tmp_path / name).read_bytes() for name in names} == before
    based = run_avrb("report", tmp_path, "--baseline", tmp_path)
    # An oracle makes no error to measure by.
    assert based.returncode == 0, based.stderr
    assert avrb.read_report(tmp_path).baseline.mce is None


def test_what_lacks_is_told(shards: Path, tmp_path: Path) -> None:
    """Of six batches of two, the second of two ranks has the last three: clips 6 to 10."""
    assert run(shards, tmp_path, rank=0, world_size=2) is None
    done = run_avrb("report", tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "oracle: 6 of 11 clips are there under every condition (30 of 55 scores)",
        "missing: 5 clips under 5 conditions (clean, gaussian-1, gaussian-5, …): "
        "clip0006 to clip0010",
        "repeat the same run to finish it",
    ]
    assert not (tmp_path / "report.json").exists()
    run(shards, tmp_path, rank=1, world_size=2)
    assert run_avrb("report", tmp_path).returncode == 0


def test_a_torn_run_names_the_condition(shards: Path, tmp_path: Path) -> None:
    run(shards, tmp_path)
    [file] = (tmp_path / "predictions").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    there = run_status(tmp_path)
    assert (there.whole, there.scores, there.wanted, there.is_complete) == (10, 54, 55, False)
    assert [str(gap) for gap in there.gaps] == ["1 clip under rain-5: clip0010"]


def test_nothing_there_at_all(shards: Path, tmp_path: Path) -> None:
    done = run_avrb("report", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "report.json cannot be opened: No such file" in done.stderr


def test_the_baseline_of_the_run_stays(shards: Path, tmp_path: Path) -> None:
    run(shards, tmp_path / "base", model=dim)
    run(shards, tmp_path / "run", baseline=tmp_path / "base")
    there = {name: (tmp_path / "run" / name).read_bytes() for name in FILES}
    done = run_avrb("report", tmp_path / "run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "relCE" in done.stdout
    assert {name: (tmp_path / "run" / name).read_bytes() for name in FILES} == there

    report = read_report(tmp_path / "run")
    other = replace(report.results[1], metrics=replace(report.results[1].metrics, accuracy=0.123))
    changed = replace(report, results=(report.results[0], other, *report.results[2:]))
    write_report(changed, tmp_path / "run")
    refused = run_avrb("report", tmp_path / "run")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "was compared with baseline 'dim' and has other scores now; give a baseline" in (
        refused.stderr
    )
    assert read_report(tmp_path / "run") == changed


def test_a_report_alone_is_written_again(shards: Path, tmp_path: Path) -> None:
    run(shards, tmp_path / "run")
    alone = tmp_path / "alone"
    alone.mkdir()
    (tmp_path / "run/report.json").rename(alone / "report.json")
    assert run_avrb("report", alone).returncode == 0
    assert {path.name for path in alone.iterdir()} == set(FILES)
    assert (alone / "report.html").read_bytes() == (tmp_path / "run/report.html").read_bytes()
