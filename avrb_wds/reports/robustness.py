"""Scores to robustness: over everything, and by corruption, severity and group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from ..condition import Condition

Value = TypeVar("Value")

GROUPS = {
    "digital": ("gaussian", "impulse", "shot", "speckle", "compression"),
    "environmental": ("snow", "frost", "spatter", "wind", "rain", "underwater"),
    "human-related": ("concert", "smoke", "crowd", "interference"),
}
"""The three groups of the AVROBUSTBENCH paper (arXiv 2506.00358)."""


@dataclass(frozen=True)
class Robustness:
    """How a set of conditions compares with clean.

    With drop = clean - score, absolute robustness is 1 - drop and relative robustness is
    1 - drop / clean.

    Attributes:
        name: What the conditions have in common.
        conditions: Number of conditions.
        score: Mean score, in [0, 1].
        absolute: Absolute robustness; None without a clean score.
        relative: Relative robustness; None without a clean score, or if it is 0.
    """

    name: str
    conditions: int
    score: float
    absolute: float | None
    relative: float | None


def robustness(name: str, scores: Iterable[float], clean: float | None) -> Robustness | None:
    """The robustness that these scores, one a condition, come to; None if there are none.

    >>> robustness("rain", [0.6, 0.2], clean=0.8)
    Robustness(name='rain', conditions=2, score=0.4, absolute=0.6, relative=0.5)
    """
    values = list(scores)
    if not values:
        return None
    # Rounded so that 1 - (0.8 - 0.4) prints as 0.6.
    score = round(sum(values) / len(values), 9)
    absolute = None if clean is None else round(1 - (clean - score), 9)
    relative = round(score / clean, 9) if clean else None
    return Robustness(name, len(values), score, absolute, relative)


def robustness_by(
    part: Callable[[Condition], str],
    scores: Iterable[tuple[Condition, float]],
    clean: float | None,
) -> tuple[Robustness, ...]:
    """The robustness of each part of the conditions, in the order in which the parts come."""
    found = (robustness(name, values, clean) for name, values in parts(part, scores).items())
    return tuple(one for one in found if one is not None)


def parts(
    part: Callable[[Condition], str], values: Iterable[tuple[Condition, Value]]
) -> dict[str, list[Value]]:
    """Values by the part that their conditions belong to, parts in the order in which they come.

    >>> parts(group_of, [(Condition("rain", 1), 0.5), (Condition("snow", 1), 0.7)])
    {'environmental': [0.5, 0.7]}
    """
    found: dict[str, list[Value]] = {}
    for condition, value in values:
        found.setdefault(part(condition), []).append(value)
    return found


def corruption_of(condition: Condition) -> str:
    """The name of a condition's corruption."""
    return condition.corruption


def group_of(condition: Condition) -> str:
    """The paper's group of a condition; "other" for corruptions of a user's own.

    >>> group_of(Condition("rain", 3))
    'environmental'
    """
    for group, names in GROUPS.items():
        if condition.corruption in names:
            return group
    return "other"


def severity_of(condition: Condition) -> str:
    """The severity as it prints: "3", or "0+5" for visual and audio apart.

    >>> severity_of(Condition("rain", (0, 5)))
    '0+5'
    """
    return str(condition)[len(condition.corruption) + 1 :]
