"""Influences against the scores of samples in which a clip really comes once more."""

import numpy as np
import pytest

from avrb_wds.condition import CLEAN, Condition, conditions
from avrb_wds.corruptions import Draw
from avrb_wds.evaluation.bootstrap import (
    accuracy_influence,
    interval,
    intervals,
    precision_influence,
    replicates,
)
from avrb_wds.evaluation.metrics import multi_label_metrics

CLIPS = 400


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def weighted_precision(scores: np.ndarray, target: np.ndarray, weights: np.ndarray) -> float:
    """Macro AP by its definition, clip by clip."""
    found = []
    for s, y in zip(scores.T, target.T, strict=True):
        at = s[None, :] >= s[:, None]
        precision = (at * weights * y).sum(1) / np.maximum((at * weights).sum(1), 1e-12)
        found.append((weights * y * precision).sum() / (weights * y).sum())
    return float(np.mean(found))


def test_the_score_itself_is_that_of_the_metrics(rng: np.random.Generator) -> None:
    scores = rng.integers(0, 20, (50, 4)).astype(np.float32)  # with ties
    target = (rng.random((50, 4)) < 0.3).astype(np.int64)
    score, change = precision_influence(scores, target)
    assert score == pytest.approx(
        multi_label_metrics(scores, target).mean_average_precision, abs=1e-6
    )
    assert change.sum() == pytest.approx(0, abs=1e-12)


def test_precision_influence_is_the_derivative(rng: np.random.Generator) -> None:
    scores = rng.integers(0, 30, (40, 3)).astype(np.float32)
    target = (rng.random((40, 3)) < 0.4).astype(np.int64)
    _, change = precision_influence(scores, target)
    step = 1e-5
    for clip in range(40):
        more, less = np.ones(40), np.ones(40)
        more[clip], less[clip] = 1 + step, 1 - step
        slope = (
            weighted_precision(scores, target, more) - weighted_precision(scores, target, less)
        ) / (2 * step)
        assert change[clip] == pytest.approx(slope, abs=1e-7)


def test_accuracy_replicates_are_exact(rng: np.random.Generator) -> None:
    """An influence is exact where the score is a mean: the replicates are multiples of 1/n."""
    scores = rng.normal(size=(CLIPS, 5)).astype(np.float32)
    score, change = accuracy_influence(scores, rng.integers(0, 5, CLIPS))
    moved = replicates(np.array([score]), change[np.newaxis], seed=0) * CLIPS
    assert np.abs(moved - np.rint(moved)).max() < 1e-9


def test_replicates_are_exact_sums(rng: np.random.Generator) -> None:
    """So that no thread of BLAS more or less changes a report's last digit: 128 clips, whose
    accuracies are all halfway between two numbers of six decimals or on one."""
    influence = rng.normal(size=(3, 128)) / 128
    moved = replicates(np.full(3, 0.5), influence, seed=2)
    whole = np.rint(influence * 2**44).astype(np.int64)
    for row in (0, 1, 500, 999):
        words = Draw(2, "", "", "bootstrap", row).bits(128, np.uint32).astype(np.int64)
        counts = np.bincount(words * 128 >> 32, minlength=128)
        assert np.array_equal(moved[row], 0.5 + whole @ (counts - 1) / 2**44)


@pytest.mark.parametrize("accuracy", [0.2, 0.5, 0.9])
def test_the_interval_is_as_wide_as_that_of_a_proportion(accuracy: float) -> None:
    right = (np.arange(CLIPS) < accuracy * CLIPS).astype(np.int64)
    scores = np.eye(2, dtype=np.float32)[right]
    score, change = accuracy_influence(scores, np.ones(CLIPS, np.int64))
    low, high = interval(replicates(np.array([score]), change[np.newaxis], seed=0)[:, 0])
    spread = 1.96 * (accuracy * (1 - accuracy) / CLIPS) ** 0.5
    assert low == pytest.approx(accuracy - spread, abs=spread / 5)
    assert high == pytest.approx(accuracy + spread, abs=spread / 5)


def test_replicates_are_paired_and_seeded() -> None:
    _, change = accuracy_influence(np.eye(2, dtype=np.float32)[[0, 1, 1, 0]], np.zeros(4, np.int64))
    moved = replicates(np.array([0.5, 0.5]), np.stack([change, change]), seed=3)
    assert np.array_equal(moved[:, 0], moved[:, 1])
    assert np.array_equal(moved, replicates(np.array([0.5, 0.5]), np.stack([change] * 2), seed=3))
    assert not np.array_equal(moved, replicates(np.array([0.5] * 2), np.stack([change] * 2), 4))
    found = intervals(moved, [CLEAN, Condition("rain", 1)])
    # What falls together with clean does not drop at all.
    assert found.absolute == (1.0, 1.0)


def test_without_clean_there_is_no_robustness() -> None:
    found = intervals(np.full((1000, 2), 0.25), conditions(["rain"], [1, 2], clean=False))
    assert (found.clean, found.absolute, found.relative) == (None, None, None)
    assert found.score == (0.25, 0.25)


def test_parts_have_intervals_of_their_means() -> None:
    """In the order in which a report has them."""
    moved = np.repeat([[0.9, 0.1, 0.3, 0.5, 0.7]], 1000, axis=0)
    found = intervals(moved, conditions(["rain", "shot"], [1, 5]))
    assert found.by_corruption == ((0.2, 0.2), (0.6, 0.6))
    assert found.by_severity == ((0.3, 0.3), (0.5, 0.5))
    assert found.by_group == ((0.2, 0.2), (0.6, 0.6))
    assert found.relative == (0.444444, 0.444444)
