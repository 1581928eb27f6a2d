"""What the fields of a report's JSON may hold: scores, numbers computed of scores, conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from ..condition import Condition
from ..errors import DataError
from ..shards.json_io import Fields

LEAST, MOST = 1e-6, 1e100
"""Scores have six digits; d', robustness and errors are quotients of them."""


def _read_number(given: Fields, name: str) -> float:
    number = given.number(name)
    if abs(number) > MOST:
        raise DataError(f"{given.where}: {name!r} is {number}, beyond what scores come to.")
    return number


def _read_score(given: Fields, name: str) -> float:
    number = _read_number(given, name)
    if number != 0 and not LEAST <= number <= 1:
        raise DataError(f"{given.where}: {name!r} is {number}, not a score from 0 to 1.")
    return number


Quotient = Annotated[float, _read_number]
Score = Annotated[float, _read_score]


def read_interval(value: Any, where: str) -> tuple[float, float]:
    """The ends of an interval, a list of two numbers in order."""
    if isinstance(value, list) and len(value) == 2:
        ends = Fields(dict(zip(("low", "high"), value, strict=True)), where)
        low, high = _read_number(ends, "low"), _read_number(ends, "high")
        if low <= high:
            return low, high
    raise DataError(f"{where}: {value!r} is not an interval.")


def check_conditions(conditions: Sequence[Condition], where: str) -> None:
    """Raise DataError unless there is a condition, and none twice."""
    if not conditions or len(set(conditions)) < len(conditions):
        fault = "has a condition twice" if conditions else "has no conditions"
        raise DataError(f"{where} {fault}.")
