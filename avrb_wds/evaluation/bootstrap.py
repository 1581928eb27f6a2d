"""Paired bootstrap over clips: how far scores would move had other clips been drawn.

A score moves by the sum of its clips' influences (Efron & Tibshirani, "An introduction to the
bootstrap", 1993, chapter 21): for accuracy that is exact, for mean average precision it is the
first-order term, which spares sorting all clips once more for each replicate.  The same clips are
drawn for every condition and for every model on the same data, so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ..condition import Condition
from ..corruptions import Draw
from ..reports import Interval, Intervals
from ..reports.robustness import corruption_of, group_of, parts, severity_of

REPLICATES = 1000
TAILS = (0.025, 0.975)
GRID = 2.0**44  # the sums stay far below 2**9, which float64 holds to the last bit
BLOCK = 2**21  # counts at a time: 16 MB

Influence = tuple[float, npt.NDArray[np.float64]]
"""A score, and what one more of each clip would do to it."""


def accuracy_influence(scores: npt.NDArray[np.float32], target: npt.NDArray[np.int64]) -> Influence:
    """The accuracy.  scores: (clips, classes).  target: (clips,), class numbers.

    >>> import numpy as np
    >>> accuracy_influence(np.eye(2, dtype=np.float32), np.array([0, 0]))
    (0.5, array([ 0.25, -0.25]))
    """
    right = (scores.argmax(1) == target).astype(np.float64)
    return float(right.mean()), (right - right.mean()) / len(right)


def precision_influence(
    scores: npt.NDArray[np.float32], target: npt.NDArray[np.int64]
) -> Influence:
    """The macro mAP.  scores, target (0 or 1): (clips, classes), one class at least with a clip."""
    change, total, classes = np.zeros(len(scores)), 0.0, 0
    for column, wanted in zip(scores.T, target.T, strict=True):
        if wanted.any():
            average, part = _class_influence(column, wanted)
            change, total, classes = change + part, total + average, classes + 1
    return total / classes, change / classes


def _class_influence(scores: npt.NDArray[np.float32], target: npt.NDArray[np.int64]) -> Influence:
    """AP = Σ w y T/N / Σ w y and its derivative by each clip's weight w, at 1.

    y is 1 for a positive clip; T and N are the positives and all clips at or above a clip's score.
    """
    _, group, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    hits = np.bincount(group, target, len(sizes))
    above, found = np.cumsum(sizes), np.cumsum(hits)
    precision = found / above
    positives = target.sum()
    average = float((hits * precision).sum() / positives)
    # A clip weighs on the precision at every positive ranked as it is or lower.
    gains = np.cumsum((hits / above)[::-1])[::-1]
    losses = np.cumsum((hits * found / above**2)[::-1])[::-1]
    change = target * (precision[group] - average + gains[group]) - losses[group]
    return average, change / positives


def replicates(
    scores: npt.NDArray[np.float64], influence: npt.NDArray[np.float64], seed: int
) -> npt.NDArray[np.float64]:
    """Scores under REPLICATES draws of as many clips, with replacement.

    scores: (conditions,).  influence: (conditions, clips).  Returns (REPLICATES, conditions).
    """
    clips = influence.shape[1]
    # On a grid, so that sums are exact: the same whichever way BLAS and its threads add them up.
    exact = (np.rint(influence * GRID) / GRID).T
    moved = np.empty((REPLICATES, len(scores)))
    block = max(1, BLOCK // max(clips, 1))
    for start in range(0, REPLICATES, block):
        rows = range(start, min(start + block, REPLICATES))
        counts = np.stack([_drawn(seed, row, clips) for row in rows])
        moved[rows.start : rows.stop] = (counts - 1.0) @ exact
    return np.clip(scores + moved, 0, 1)


def _drawn(seed: int, row: int, clips: int) -> npt.NDArray[np.intp]:
    """How often replicate `row` draws each clip, as many as there are in all."""
    words = Draw(seed, "", "", "bootstrap", row).bits(clips, np.uint32)
    drawn = (words.astype(np.uint64) * np.uint64(clips)) >> np.uint64(32)
    return np.bincount(drawn.astype(np.int64), minlength=clips)


def interval(values: npt.NDArray[np.float64]) -> Interval:
    """The middle 95 % of some replicates."""
    low, high = np.quantile(values, TAILS, method="inverted_cdf")
    return Interval(round(float(low), 6), round(float(high), 6))


def intervals(moved: npt.NDArray[np.float64], conditions: Sequence[Condition]) -> Intervals:
    """The intervals of a report.  moved: (replicates, conditions)."""
    clean = next((n for n, condition in enumerate(conditions) if condition.is_clean), None)
    whole = None if clean is None else moved[:, clean]
    columns = [column for column in range(len(conditions)) if column != clean]

    def by(part: Callable[[Condition], str]) -> tuple[Interval, ...]:
        members = parts(part, ((conditions[column], column) for column in columns))
        return tuple(interval(moved[:, some].mean(1)) for some in members.values())

    kept = moved[:, columns].mean(1) if columns else None
    absolute = relative = None
    if whole is not None and kept is not None:
        absolute = interval(1 - (whole - kept))
        relative = interval(kept / whole) if whole.all() else None
    return Intervals(
        REPLICATES,
        None if whole is None else interval(whole),
        None if kept is None else interval(kept),
        absolute,
        relative,
        by(corruption_of),
        by(severity_of),
        by(group_of),
    )
