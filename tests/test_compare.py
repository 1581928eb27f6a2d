"""Two models side by side, against differences worked out by hand."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.cli import run_avrb
from helpers.reports import made_report
from helpers.shards import clips, write_shards
from rich.console import Console

import avrb_wds as avrb
from avrb_wds.corruptions import Draw
from avrb_wds.evaluation.bootstrap import REPLICATES
from avrb_wds.reports import COMPARISON_FILES, FILES, SkippedClip, comparison_table

CLIPS = 11
CONDITIONS = avrb.conditions(["gaussian", "rain"], [1, 5])


def one_class(batch: dict[str, Any]) -> torch.Tensor:
    """Scores that put class 0 first."""
    return torch.tensor([[1.0, 0.0, 0.0]]).repeat(len(batch["key"]), 1)


def oracle(batch: dict[str, Any]) -> torch.Tensor:
    return torch.nn.functional.one_hot(batch["target"], 3).float()


def fails_rain(batch: dict[str, Any]) -> torch.Tensor:
    """As the oracle, but for rain, where class 0 comes first."""
    return one_class(batch) if batch["corruption"] == "rain" else oracle(batch)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    shards = write_shards(folder / "shards", clips(CLIPS))
    made = {"oracle": oracle, "fails_rain": fails_rain, "one_class": one_class}
    for name, model in made.items():
        options: dict[str, Any] = {"batch_size": 4, "num_workers": 0}
        avrb.evaluate(model, shards, CONDITIONS, out=folder / name, **options)
    avrb.evaluate(oracle, shards, CONDITIONS[:2], out=folder / "seeded", seed=1, **options)
    other = write_shards(folder / "others", clips(CLIPS + 1))
    avrb.evaluate(oracle, other, CONDITIONS, out=folder / "elsewhere", **options)
    return {path.name: path for path in folder.iterdir()}


def test_differences_by_hand() -> None:
    a = made_report({"clean": 0.8, "rain-1": 0.6, "rain-5": 0.2, "shot-1": 0.7})
    b = made_report({"clean": 0.9, "rain-1": 0.5, "rain-5": 0.5, "shot-1": 0.8})
    found = avrb.compare(a, b)
    assert [(row.name, row.a, row.b, row.difference) for row in found.summary] == [
        ("clean", 0.8, 0.9, 0.1),
        ("mean", 0.5, 0.6, 0.1),
        ("absolute", 0.7, 0.7, 0.0),
        ("relative", 0.625, pytest.approx(2 / 3), pytest.approx(1 / 24)),
    ]
    assert [(row.name, row.difference) for row in found.by_corruption] == [
        ("rain", 0.1),
        ("shot", 0.1),
    ]
    assert [(row.name, row.difference) for row in found.by_severity] == [("1", 0.0), ("5", 0.3)]
    assert [row.difference for row in found.by_condition] == [0.1, -0.1, 0.3, 0.1]
    assert found.notes == ("No intervals: the first is a report without its run's predictions.",)
    assert found.replicates == 0
    assert (
        found.headline
        == "Of 4 conditions, model (B) is better than model (A) under 3 and worse under 1."
    )


def test_paired_intervals_are_those_of_the_clips_that_differ(runs: dict[str, Path]) -> None:
    """Drawn again here, clip by clip: under rain, fails_rain is right on the clips of class 0."""
    found = avrb.compare(runs["oracle"], runs["fails_rain"])
    assert (found.replicates, found.notes) == (REPLICATES, ())
    wrong = np.arange(CLIPS) % 3 != 0
    lost = []
    for number in range(REPLICATES):
        words = Draw(0, "", "", "bootstrap", number).bits(CLIPS, np.uint32).astype(np.uint64)
        lost.append(wrong[(words * np.uint64(CLIPS) >> np.uint64(32)).astype(int)].mean())
    low, high = np.quantile(lost, [0.025, 0.975], method="inverted_cdf")
    rows = {row.name: row for row in found.by_condition}
    assert rows["rain-5"].difference == pytest.approx(-wrong.mean(), abs=1e-6)
    assert rows["rain-5"].interval == pytest.approx((-high, -low), abs=1e-6)
    assert rows["rain-5"].is_significant
    # What both get right on every clip is the same in every draw.
    assert rows["gaussian-1"].interval == (0.0, 0.0)
    assert not rows["gaussian-1"].is_significant
    assert "clearly better than oracle under 0 and clearly worse under 2." in found.headline


def test_pairing_takes_out_what_both_share(runs: dict[str, Path]) -> None:
    """Each misses most clips, and how many depends on the draw; they miss the same ones."""
    found = avrb.compare(runs["fails_rain"], runs["one_class"])
    rows = {row.name: row for row in found.by_condition}
    own = found.a.results[3]
    assert str(own.condition) == "rain-1"
    assert own.interval.high - own.interval.low > 0.3
    assert rows["rain-1"].interval == (0.0, 0.0)


def test_compare_is_the_other_way_round(runs: dict[str, Path]) -> None:
    there = avrb.compare(runs["oracle"], runs["one_class"])
    back = avrb.compare(runs["one_class"], runs["oracle"])
    for row, other in zip(there.by_condition, back.by_condition, strict=True):
        assert row.difference == -other.difference
        assert row.interval == pytest.approx((-other.interval.high, -other.interval.low), abs=0.1)


def test_a_report_beside_its_run_is_paired(runs: dict[str, Path]) -> None:
    found = avrb.compare(runs["oracle"] / "report.json", runs["fails_rain"])
    assert found.replicates == REPLICATES


def test_other_draws_and_conditions_are_told(runs: dict[str, Path]) -> None:
    found = avrb.compare(runs["oracle"], runs["seeded"])
    assert found.notes == (
        "Not the same seed (0 and 1): the draws of the corruptions differ.",
        "Only the first has 3 conditions, which are left out: gaussian-5, rain-1, rain-5.",
    )
    assert [str(condition) for condition in found.conditions] == ["clean", "gaussian-1"]
    assert found.replicates == REPLICATES  # the clips are the same


def test_other_clips_have_no_intervals(runs: dict[str, Path]) -> None:
    found = avrb.compare(runs["oracle"], runs["elsewhere"])
    assert found.notes[0].startswith("Not the same manifest (")
    assert found.notes[0].endswith("): the clips differ.")
    assert found.notes[-1] == "No intervals: the runs are not over the same clips."
    assert {row.interval for row in found.by_condition} == {None}


def test_digests_prove_what_was_shown(runs: dict[str, Path]) -> None:
    same = "By digest, both were shown the same, to the last bit."
    assert avrb.compare(runs["oracle"], runs["fails_rain"]).digest_statement == same
    found = avrb.compare(runs["oracle"], runs["seeded"])
    assert (
        found.digest_statement
        == "By digest, they were not shown the same under gaussian-1 (1 in all)."
    )
    without = replace(found.b, receipt=replace(found.b.receipt, digests=()))
    assert avrb.compare(found.a, without).digest_statement == ""


def test_skipped_clips_are_told() -> None:
    a = made_report({"clean": 0.8, "rain-1": 0.6})
    b = replace(a, skipped=(SkippedClip("k", "s", "cause", 2),))
    assert "Not the same clips were skipped (0 and 1)." in avrb.compare(a, b).notes


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (
            made_report({"clean": 0.5}, multi=True),
            "differ in task, single-label and multi-label; give two",
        ),
        (replace(made_report({"clean": 0.5}), classes=7), "differ in classes, 6 and 7; give two"),
        (made_report({"snow-1": 0.5}), "have no condition in common"),
    ],
)
def test_nothing_in_common_is_refused(other: avrb.Report, sentence: str) -> None:
    with pytest.raises(avrb.UsageError, match=sentence):
        avrb.compare(made_report({"clean": 0.5, "rain-1": 0.4}), other)


def test_without_clean_there_is_only_a_mean() -> None:
    found = avrb.compare(made_report({"rain-1": 0.4}), made_report({"rain-1": 0.5}))
    assert [(row.name, row.difference) for row in found.summary] == [("mean", 0.1)]
    found = avrb.compare(made_report({"clean": 0.4}), made_report({"clean": 0.5}))
    assert [(row.name, row.difference) for row in found.summary] == [("clean", 0.1)]


def test_every_format_has_the_same_numbers(runs: dict[str, Path], tmp_path: Path) -> None:
    from test_reports import checked

    for name in ("a", "b"):
        avrb.compare(runs["oracle"], runs["fails_rain"], out=tmp_path / name)
    texts = {name: (tmp_path / "a" / name).read_text() for name in COMPARISON_FILES}
    assert all((tmp_path / "b" / name).read_text() == text for name, text in texts.items())
    value = json.loads(texts["comparison.json"])
    assert [row["name"] for row in value["by_condition"]] == [str(c) for c in CONDITIONS]
    assert value["by_condition"][4]["difference"] == pytest.approx(-7 / 11, abs=1e-6)
    assert value["a"]["receipt"]["seed"] == 0
    minus = "\N{MINUS SIGN}63.6"
    assert f"| rain-5 | 100.0 | 36.4 | **{minus}** |" in texts["comparison.md"]
    page = checked(texts["comparison.html"])
    assert minus in page.words
    assert "clearly worse under 2" in " ".join(page.words)


def test_names_are_escaped_and_small_comparisons_drawn(tmp_path: Path) -> None:
    from test_reports import EVIL, checked

    for number, scores in enumerate([{"clean": 0.5}, {"rain-1": 0.5}, {"clean": 0, "rain-0+5": 0}]):
        evil = replace(made_report(scores), model=EVIL)
        avrb.compare(evil, made_report(scores), out=tmp_path / str(number))
        page = checked((tmp_path / str(number) / "comparison.html").read_text())
        assert any(EVIL in word for word in page.words)


def test_the_table_fits_80_columns(runs: dict[str, Path]) -> None:
    found = avrb.compare(runs["oracle"], runs["fails_rain"])
    long = replace(found, b=replace(found.b, model="checkpoints.epochs:model_after_120"))
    console = Console(width=80, file=io.StringIO(), color_system=None)
    console.print(comparison_table(long))
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    [rain] = [line for line in lines if line.startswith("rain ")]
    assert rain.split()[:4] == ["rain", "100.0", "36.4", "\N{MINUS SIGN}63.6"]
    assert "…s:model_after_120" in next(line for line in lines if "difference" in line)


def test_the_command(runs: dict[str, Path], tmp_path: Path) -> None:
    both = (runs["oracle"], runs["fails_rain"])
    done = run_avrb("compare", *both, "--out", tmp_path / "new/out")
    assert done.returncode == 0, done.stderr
    assert "clearly worse under 2" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("comparison.html")
    assert {path.name for path in (tmp_path / "new/out").iterdir()} == set(COMPARISON_FILES)
    done = run_avrb("compare", runs["oracle"], tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "report.json cannot be opened: No such file" in done.stderr


def test_the_guide_runs(runs: dict[str, Path], tmp_path: Path) -> None:
    guide = (Path(__file__).parents[1] / "docs/reports.md").read_text(encoding="utf-8")
    [snippet] = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "runs").mkdir()
    for name, run in (("before", "oracle"), ("after", "fails_rain")):
        (tmp_path / "runs" / name).symlink_to(runs[run])
    done = subprocess.run(
        [sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "1.0 0.681818"
    assert lines[2:4] == ["rain 0.363636 0.363636", lines[3]]
    assert lines[-1].startswith("rain -0.636364 Interval(low=-")
    for name in re.findall(r"`(report\.\w+)`", guide):
        assert name in FILES
    assert (Path(__file__).parents[1] / "docs/img/report.png").is_file()
