"""Scores and targets of one condition to metrics, by torchmetrics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..errors import MissingExtraError
from ..reports import Metrics

Scores = npt.NDArray[np.float32]
DIGITS = 6


def require_torchmetrics() -> None:
    """Raise MissingExtraError unless torchmetrics is there: better before a run than after it.

    It is not imported yet: that takes seconds, which ranks that don't merge can do without.
    """
    if find_spec("torchmetrics") is None:
        raise MissingExtraError("scoring an evaluation", "report")


def single_label_metrics(scores: Scores, target: npt.NDArray[np.int64]) -> Metrics:
    """Metrics where every clip has one class.

    scores: (clips, classes), finite, higher is likelier.  target: (clips,), class numbers.

    >>> import numpy as np
    >>> one_hot = np.eye(3, dtype=np.float32)
    >>> single_label_metrics(one_hot, np.array([0, 1, 1])).accuracy
    0.666667
    """
    import torch
    from torchmetrics.functional.classification import multiclass_accuracy

    classes = scores.shape[1]
    if classes == 1:  # which torchmetrics refuses: every clip is of the one class, and found so
        return Metrics(1.0, None, 1.0, 1.0, None, None)
    given, wanted = torch.from_numpy(scores), torch.from_numpy(target)

    def accuracy(average: Literal["micro", "none"], top: int = 1) -> Any:
        return multiclass_accuracy(given, wanted, classes, top_k=top, average=average)

    # A class without a clip has no accuracy; torchmetrics would count its false alarms.
    present = np.bincount(target, minlength=classes) > 0
    each: npt.NDArray[np.float32] = accuracy("none").numpy()
    precision, auc = _against_the_rest(scores, np.eye(classes, dtype=np.int64)[target])
    return Metrics(
        _rounded(accuracy("micro").item()),
        _rounded(accuracy("micro", 5).item()) if classes > 5 else None,
        _mean(each[present]),
        precision,
        auc,
        d_prime(auc),
    )


def multi_label_metrics(scores: Scores, target: npt.NDArray[np.int64]) -> Metrics:
    """Metrics where a clip has any number of classes.

    scores: (clips, classes), finite.  target: (clips, classes) of 0 and 1.

    >>> import numpy as np
    >>> scores = np.array([[0.9, 0.1], [0.8, 0.7]], np.float32)
    >>> multi_label_metrics(scores, np.array([[1, 0], [0, 1]])).mean_average_precision
    1.0
    """
    precision, auc = _against_the_rest(scores, target)
    return Metrics(None, None, None, precision, auc, d_prime(auc))


def _against_the_rest(
    scores: Scores, target: npt.NDArray[np.int64]
) -> tuple[float | None, float | None]:
    """Macro mAP and AUC over the classes that have them."""
    import torch
    from torchmetrics.functional.classification import binary_auroc, binary_average_precision

    precisions, areas = [], []
    with one_torch_thread():
        for column, wanted in zip(scores.T, target.T, strict=True):
            ranks, truth = torch.from_numpy(_ranks(column)), torch.from_numpy(wanted)
            if wanted.any():
                precisions.append(binary_average_precision(ranks, truth).item())
            if 0 < wanted.sum() < len(wanted):
                areas.append(binary_auroc(ranks, truth).item())
    return _mean(np.array(precisions)), _mean(np.array(areas))


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """One thread for torch meanwhile: small work is done before its threads have found each other.

    A class of 15 000 clips takes a fifth of the processor time so.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _ranks(scores: Scores) -> npt.NDArray[np.float64]:
    """Scores as numbers in [0, 1] in the same order, equal where these are equal.

    torchmetrics sends scores outside [0, 1] through a sigmoid, which makes large ones equal.
    """
    return np.unique(scores, return_inverse=True)[1] / len(scores)


def d_prime(auc: float | None) -> float | None:
    """√2 times the normal quantile of `auc`; None where that is not finite.

    >>> d_prime(0.5), d_prime(1.0)
    (0.0, None)
    """
    if auc is None or not 0 < auc < 1:
        return None
    return _rounded(2**0.5 * NormalDist().inv_cdf(auc))


def _mean(values: npt.NDArray[np.floating[Any]]) -> float | None:
    return _rounded(float(values.astype(np.float64).mean())) if values.size else None


def _rounded(value: float) -> float:
    """To what float32 holds; + 0.0 for one zero only."""
    return round(value, DIGITS) + 0.0
