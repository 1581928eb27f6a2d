"""Reports by hand: scores as a test gives them, everything else made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from avrb_wds.condition import Condition
from avrb_wds.evaluation.bootstrap import REPLICATES
from avrb_wds.reports import ConditionResult, Interval, Intervals, Metrics, Receipt, Report

RECEIPT = Receipt(
    dataset="set",
    manifest="ab" * 32,
    clips=10,
    seed=0,
    profile="default",
    modality="both",
    temporal="frame",
    bank="cd" * 32,
    batch_size=2,
    transform="",
    versions=(("avrb-wds", "0.1.0"),),
    digest="ef" * 32,
    digests=(("clean", "01" * 32), ("rain-1", "23" * 32)),
)


def made_report(scores: dict[str, float], *, multi: bool = False, **receipt: Any) -> Report:
    """A report with these scores by condition; every interval is the score ± 0.05."""
    cells = []
    for text, score in scores.items():
        single = None if multi else score
        metrics = Metrics(single, None if multi else 0.95, None, score, 0.75, 0.9539)
        cells.append(ConditionResult(Condition.parse(text), 10, metrics, _around(score)))
    report = Report(
        "model",
        "multi-label" if multi else "single-label",
        6,
        tuple(cells),
        Intervals(REPLICATES, None, None, None, None, (), (), ()),
        replace(RECEIPT, **receipt),
    )
    overall = report.overall
    found = Intervals(
        REPLICATES,
        None if report.clean is None else _around(report.clean),
        overall and _around(overall.score),
        overall and overall.absolute and _around(overall.absolute),
        overall and overall.relative and _around(overall.relative),
        *(
            tuple(_around(part.score) for part in parts)
            for parts in (report.by_corruption, report.by_severity, report.by_group)
        ),
    )
    return replace(report, intervals=found)


def _around(score: float) -> Interval:
    return Interval(round(max(score - 0.05, 0), 6), round(min(score + 0.05, 1), 6))
