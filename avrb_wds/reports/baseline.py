"""Corruption errors against a baseline model, as ImageNet-C has them.

D. Hendrycks and T. Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations", ICLR 2019 (arXiv 1903.12261), section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..condition import Condition
from ..errors import UsageError
from ..receipts.receipt import Receipt
from .report import Baseline, CorruptionError, Report, Task

# In which a model and its baseline must agree.  Another seed gives other draws of the same
# corruptions: the baseline's errors are as good a measure of how hard these are.
SAME = ("manifest", "profile", "modality", "temporal", "bank")


def with_baseline(report: Report, baseline: Report) -> Report:
    """Return the report with its corruption errors against a baseline.

    For each corruption, error = Σ(1 - score) / Σ(1 - baseline's score) over its severities, and
    relative = Σ(clean - score) / Σ(baseline's clean - score). Either is None if its divisor is not
    above 0; relative also if one of the runs has no clean score.

    Args:
        report: The report.
        baseline: The report to compare with.

    Raises:
        UsageError: The baseline lacks a condition, or was scored on other data.
    """
    conditions = [cell.condition for cell in report.results]
    check_baseline(baseline, report.task, conditions, report.receipt)
    theirs = dict(baseline.corrupted)
    pairs: dict[str, list[tuple[float, float]]] = {}
    for condition, score in report.corrupted:
        pairs.setdefault(condition.corruption, []).append((score, theirs[condition]))
    errors = tuple(
        CorruptionError(
            name,
            _ratio(scores, 1.0, 1.0),
            None
            if report.clean is None or baseline.clean is None
            else _ratio(scores, report.clean, baseline.clean),
        )
        for name, scores in pairs.items()
    )
    receipt = baseline.receipt
    return replace(
        report, baseline=Baseline(baseline.model, receipt.manifest, receipt.seed, errors)
    )


def check_baseline(
    baseline: Report, task: Task, conditions: Iterable[Condition], receipt: Receipt
) -> None:
    """Check that a run can be compared with a baseline.

    Args:
        baseline: The report to compare with.
        task: Task of the run.
        conditions: Conditions of the run.
        receipt: Receipt of the run.

    Raises:
        UsageError: It cannot; the message names what differs.
    """
    named = f"baseline {baseline.model!r}"
    for name in SAME:
        theirs, ours = getattr(baseline.receipt, name), getattr(receipt, name)
        if theirs != ours:
            raise UsageError(
                f"{named} was scored with {name} {theirs!r}, this run with {ours!r}; "
                f"give a baseline that was scored on the same."
            )
    if baseline.task != task:
        raise UsageError(
            f"{named} was scored as {baseline.task}, this run as {task}; "
            f"give a baseline that was scored on the same."
        )
    there = {cell.condition for cell in baseline.results}
    lacking = [str(c) for c in conditions if not c.is_clean and c not in there]
    if lacking:
        some = ", ".join(lacking[:5]) + (", …" if len(lacking) > 5 else "")
        raise UsageError(
            f"{named} lacks {len(lacking)} of this run's conditions ({some}); "
            f"evaluate it under these too."
        )


def _ratio(scores: list[tuple[float, float]], whole: float, theirs: float) -> float | None:
    """What is lost of `whole` over what the baseline loses of `theirs`."""
    lost = sum(whole - score for score, _ in scores)
    measure = round(sum(theirs - score for _, score in scores), 9)
    return round(lost / measure, 6) + 0.0 if measure > 0 else None
