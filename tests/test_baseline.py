"""Robustness and corruption errors against tables worked out by hand."""

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.reports import made_report

import avrb_wds as avrb
from avrb_wds.reports import CorruptionError, Report, read_report, with_baseline, write_report

OURS = {"clean": 0.9, "rain-1": 0.8, "rain-5": 0.4, "snow-1": 0.7, "snow-5": 0.3}
THEIRS = {"clean": 0.8, "rain-1": 0.6, "rain-5": 0.2, "snow-1": 0.5, "snow-5": 0.1}


@pytest.fixture
def ours() -> Report:
    return made_report(OURS)


@pytest.fixture
def theirs() -> Report:
    return replace(made_report(THEIRS), model="AlexNet")


def test_robustness_by_hand(ours: Report) -> None:
    whole = ours.overall
    assert (whole.score, whole.absolute) == (0.55, 0.65)  # a drop of 0.35
    assert whole.relative == pytest.approx(0.55 / 0.9, abs=1e-9)
    assert [(part.name, part.score) for part in ours.by_severity] == [("1", 0.75), ("5", 0.35)]
    assert [(part.name, part.absolute) for part in ours.by_corruption] == [
        ("rain", 0.7),
        ("snow", 0.6),
    ]
    assert [(part.name, part.conditions) for part in ours.by_group] == [("environmental", 4)]


def test_corruption_errors_by_hand(ours: Report, theirs: Report) -> None:
    base = with_baseline(ours, theirs).baseline
    assert base.by_corruption == (
        # errors 0.2 + 0.6 over 0.4 + 0.8; lost 0.1 + 0.5 over 0.2 + 0.6
        CorruptionError("rain", 0.666667, 0.75),
        # errors 0.3 + 0.7 over 0.5 + 0.9; lost 0.2 + 0.6 over 0.3 + 0.7
        CorruptionError("snow", 0.714286, 0.8),
    )
    assert base.mce == pytest.approx((2 / 3 + 5 / 7) / 2, abs=1e-6)
    assert base.relative_mce == 0.775
    assert (base.model, base.seed) == ("AlexNet", 0)


def test_errors_are_summed_before_they_are_divided(ours: Report, theirs: Report) -> None:
    """A mean of ratios would be (0.2 / 0.4 + 0.6 / 0.8) / 2 = 0.625."""
    assert with_baseline(ours, theirs).baseline.by_corruption[0].error != 0.625


def test_a_model_against_itself_is_one(ours: Report) -> None:
    base = with_baseline(ours, ours).baseline
    assert (base.mce, base.relative_mce) == (1.0, 1.0)


def test_no_ratio_to_nothing() -> None:
    perfect = made_report({"clean": 1.0, "rain-1": 1.0, "snow-1": 0.5})
    ours = made_report({"clean": 1.0, "rain-1": 0.5, "snow-1": 0.75})
    base = with_baseline(ours, perfect).baseline
    assert base.by_corruption == (
        CorruptionError("rain", None, None),
        CorruptionError("snow", 0.5, 0.5),
    )
    assert base.mce == 0.5


def test_a_baseline_that_gains_has_no_relative_error() -> None:
    gains = made_report({"clean": 0.5, "rain-1": 0.6})
    base = with_baseline(made_report({"clean": 0.5, "rain-1": 0.4}), gains).baseline
    assert base.by_corruption == (CorruptionError("rain", 1.5, None),)
    assert base.relative_mce is None


def test_without_clean_there_is_no_relative_error() -> None:
    ours = made_report({"rain-1": 0.4})
    base = with_baseline(ours, made_report({"clean": 0.5, "rain-1": 0.2})).baseline
    assert base.by_corruption == (CorruptionError("rain", 0.75, None),)


def test_several_labels_have_errors_of_map() -> None:
    ours = made_report({"clean": 0.5, "rain-1": 0.4}, multi=True)
    theirs = made_report({"clean": 0.4, "rain-1": 0.2}, multi=True)
    assert with_baseline(ours, theirs).baseline.mce == 0.75
    with pytest.raises(avrb.UsageError, match="scored as single-label, this run as multi-label"):
        with_baseline(ours, made_report({"clean": 0.4, "rain-1": 0.2}))


@pytest.mark.parametrize(
    ("name", "value"), [("manifest", "cd" * 32), ("profile", "reference"), ("modality", "audio")]
)
def test_a_baseline_on_something_else_is_refused(ours: Report, name: str, value: str) -> None:
    with pytest.raises(avrb.UsageError, match=f"'model' was scored with {name} '{value}'"):
        with_baseline(ours, made_report(THEIRS, **{name: value}))


def test_a_baseline_may_have_more_conditions_but_not_fewer(ours: Report, theirs: Report) -> None:
    more = made_report({**THEIRS, "wind-1": 0.5})
    assert with_baseline(ours, more).baseline.mce == with_baseline(ours, theirs).baseline.mce
    fewer = made_report({"clean": 0.8, "rain-1": 0.6})
    with pytest.raises(avrb.UsageError, match=r"lacks 3 of this run's conditions \(rain-5, snow-1"):
        with_baseline(ours, fewer)


def test_another_seed_is_as_good(ours: Report) -> None:
    assert with_baseline(ours, made_report(THEIRS, seed=7)).baseline.seed == 7


def test_it_is_read_back(ours: Report, theirs: Report, tmp_path: Path) -> None:
    report = with_baseline(ours, theirs)
    write_report(report, tmp_path)
    assert read_report(tmp_path) == report
    assert read_report(tmp_path / "report.json") == report
