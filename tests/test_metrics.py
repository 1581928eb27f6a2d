"""Metrics against values worked out by hand."""

import warnings

import numpy as np
import pytest

from avrb_wds.evaluation.metrics import d_prime, multi_label_metrics, single_label_metrics

# Four clips, three classes; class 2 has no clip.
SCORES = np.array([[5, 1, 0], [2, 3, 9], [1, 4, 2], [0, 2, 1]], np.float32)
TARGET = np.array([0, 0, 1, 1])


def test_single_labels_by_hand() -> None:
    found = single_label_metrics(SCORES, TARGET)
    assert found.accuracy == 0.75  # the second clip goes to class 2
    assert found.mean_class_accuracy == 0.75  # classes 0 and 1: 1/2 and 1
    assert found.top5 is None  # of three classes, all are among the five highest
    # Class 0 ranks clips 0 1 2 3: AP 1.  Class 1 ranks 2 1 3 0: AP (1 + 2/3) / 2.
    assert found.mean_average_precision == pytest.approx((1 + 5 / 6) / 2, abs=1e-6)
    assert found.auc == pytest.approx((1 + 3 / 4) / 2, abs=1e-6)
    assert found.d_prime == pytest.approx(1.626856, abs=1e-4)  # √2 Φ⁻¹(0.875)


def test_top5_is_about_the_five_highest() -> None:
    scores = np.arange(8, dtype=np.float32)[np.newaxis].repeat(8, 0)
    assert single_label_metrics(scores, np.arange(8)).top5 == 5 / 8


def test_a_class_without_clips_counts_nowhere() -> None:
    scores = np.array([[0, 0, 1], [0, 1, 0]], np.float32)
    assert single_label_metrics(scores, np.array([0, 1])).mean_class_accuracy == 0.5


@pytest.mark.parametrize(
    ("scores", "target", "precision", "auc"),
    [
        ([[0.9], [0.8], [0.1]], [[1], [0], [1]], (1 + 2 / 3) / 2, 0.5),
        ([[0.9], [0.8], [0.1]], [[0], [0], [1]], 1 / 3, 0.0),
        ([[0.5], [0.5]], [[1], [0]], 0.5, 0.5),  # ties
        ([[3, 1], [2, 2]], [[1, 0], [0, 0]], 1.0, 1.0),  # a class without a positive
        ([[3, 1], [2, 2]], [[1, 1], [0, 1]], 1.0, 1.0),  # a class without a negative
        ([[3.0], [2.0]], [[0], [0]], None, None),  # no positive at all
    ],
)
def test_multi_label_by_hand(
    scores: list[list[float]], target: list[list[int]], precision: float | None, auc: float | None
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = multi_label_metrics(np.array(scores, np.float32), np.array(target))
    assert found.mean_average_precision == pytest.approx(precision, abs=1e-6)
    assert found.auc == pytest.approx(auc, abs=1e-6)
    assert found.accuracy is None


def test_large_scores_keep_their_order() -> None:
    """A sigmoid in float32 would make all of these 1."""
    scores = np.array([[90], [80], [70], [60]], np.float32)
    assert multi_label_metrics(scores, np.array([[1], [1], [0], [0]])).auc == 1
    assert multi_label_metrics(scores, np.array([[0], [0], [1], [1]])).auc == 0


def test_order_preserving_maps_change_nothing() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(40, 6)).astype(np.float32)
    target = (rng.random((40, 6)) < 0.3).astype(np.int64)
    assert multi_label_metrics(scores, target) == multi_label_metrics(scores**3, target)


@pytest.mark.parametrize(("auc", "d"), [(0.5, 0.0), (0.975, 2.771808), (0.0, None), (1.0, None)])
def test_d_prime(auc: float, d: float | None) -> None:
    assert d_prime(auc) == d


def test_against_torchmetrics_own_means() -> None:
    """Scores in [0, 1] and clips in every class: nothing to leave out."""
    import torch
    from torchmetrics.functional.classification import (
        multiclass_accuracy,
        multiclass_auroc,
        multiclass_average_precision,
        multilabel_auroc,
        multilabel_average_precision,
    )

    rng = np.random.default_rng(4)
    scores = rng.dirichlet(np.ones(7), 300).astype(np.float32)
    target = rng.integers(0, 7, 300)
    found = single_label_metrics(scores, target)
    given, wanted = torch.from_numpy(scores), torch.from_numpy(target)
    assert found.accuracy == pytest.approx((scores.argmax(1) == target).mean(), abs=1e-6)
    assert found.top5 == pytest.approx(
        multiclass_accuracy(given, wanted, 7, top_k=5, average="micro").item(), abs=1e-6
    )
    assert found.mean_class_accuracy == pytest.approx(
        multiclass_accuracy(given, wanted, 7, average="macro").item(), abs=1e-6
    )
    assert found.mean_average_precision == pytest.approx(
        multiclass_average_precision(given, wanted, 7).item(), abs=1e-6
    )
    assert found.auc == pytest.approx(multiclass_auroc(given, wanted, 7).item(), abs=1e-6)
    labels = (rng.random((300, 7)) < 0.3).astype(np.int64)
    several = multi_label_metrics(scores, labels)
    truth = torch.from_numpy(labels)
    assert several.mean_average_precision == pytest.approx(
        multilabel_average_precision(given, truth, 7).item(), abs=1e-6
    )
    assert several.auc == pytest.approx(multilabel_auroc(given, truth, 7).item(), abs=1e-6)
