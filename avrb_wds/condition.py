"""Conditions: clean, or one corruption at one severity; 76 in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from reprlib import repr as shortened
from typing import Any, cast

from .corruptions import SEVERITIES, available, check_severity, get
from .errors import UsageError, check_int

Severity = int | tuple[int, int]
"""1 to 5 for both modalities, or (visual, audio), where 0 leaves a modality clean."""


def severity_pair(severity: Severity) -> tuple[int, int]:
    """The (visual, audio) severities meant; raises UsageError outside 1 to 5 (0 within a pair).

    >>> severity_pair(3), severity_pair((0, 5))
    ((3, 3), (0, 5))
    """
    if not isinstance(severity, tuple):
        return check_severity(severity), check_severity(severity)
    pair = [check_int("severity", one, 0, SEVERITIES[-1]) for one in severity]
    if len(pair) != 2 or not any(pair):
        raise UsageError(
            f"severity {shortened(severity)} is neither a number nor a pair (visual, audio); "
            f"give 1 to 5, or two of 0 to 5 of which one is 0 at most."
        )
    return pair[0], pair[1]


@dataclass(frozen=True, order=True)
class Condition:
    """A corruption at a severity, or clean.

    `str` gives "rain-3", "rain-0+5" (visual and audio severity) or "clean".

    Attributes:
        corruption: Name of the corruption; "clean" for none.
        severity: 1 to 5, or a pair (visual, audio) in which one may be 0; 0 for clean.

    Raises:
        UsageError: The name or the severity is not allowed.

    Example:
        >>> str(Condition("rain", 3)), str(CLEAN), Condition.parse("rain-3").severity
        ('rain-3', 'clean', 3)
    """

    corruption: str
    severity: Severity

    def __post_init__(self) -> None:
        severity: Severity = 0
        if not isinstance(self.corruption, str) or not self.corruption.isidentifier():
            raise UsageError(
                f"corruption name {shortened(self.corruption)} is not allowed; "
                f"give letters, digits and underscores."
            )
        if self.corruption != "clean":
            pair = severity_pair(self.severity)
            severity = pair if isinstance(self.severity, tuple) else pair[0]
        elif isinstance(self.severity, tuple) or check_int("severity", self.severity) != 0:
            raise UsageError(f"severity {shortened(self.severity)} does not go with clean; give 0.")
        # NumPy's integers are equal to Python's, but JSON does not take them.
        object.__setattr__(self, "severity", severity)

    def __str__(self) -> str:
        if self.corruption == "clean":
            return "clean"
        if isinstance(self.severity, tuple):
            return f"{self.corruption}-{self.severity[0]}+{self.severity[1]}"
        return f"{self.corruption}-{self.severity}"

    @property
    def is_clean(self) -> bool:
        """Whether the condition leaves clips as they are."""
        return self.corruption == "clean"

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Return the condition whose text is `text`.

        Args:
            text: "clean", or as "rain-3" or "rain-0+5".

        Raises:
            UsageError: `text` is not the text of a condition.
        """
        if text == "clean":
            return CLEAN
        name, _, severity = text.rpartition("-")
        try:
            visual, both, audio = severity.partition("+")
            return cls(name, (int(visual), int(audio)) if both else int(visual))
        except ValueError:
            raise UsageError(
                f"condition {shortened(text)} is neither 'clean' nor a corruption and a severity; "
                f"write e.g. 'rain-3', or 'rain-3+5' for visual and audio apart."
            ) from None


CLEAN = Condition("clean", 0)
"""The condition that leaves clips as they are."""


def conditions(
    corruptions: str | Iterable[str] | None = None,
    severities: int | Iterable[Severity] = SEVERITIES,
    *,
    clean: bool = True,
) -> tuple[Condition, ...]:
    """List clean and every corruption at every severity, in the order of the paper.

    Args:
        corruptions: One name or several; None for all that are available.
        severities: One severity or several.
        clean: Whether the clean condition comes first.

    Returns:
        The conditions, each once.

    Raises:
        UsageError: A name or a severity does not exist.

    Example:
        >>> [str(c) for c in conditions(["gaussian"], [1, 5])]
        ['clean', 'gaussian-1', 'gaussian-5']
    """
    given = available() if corruptions is None else corruptions
    names = [get(name).name for name in _several(given)]
    wanted = _several(severities)
    grid = [Condition(name, severity) for name in names for severity in wanted]
    return tuple(dict.fromkeys([CLEAN, *grid] if clean else grid))


def _several(given: Any) -> list[Any]:
    """What is given alone, or in an iterable; an array of no dimensions is alone."""
    try:
        return [given] if isinstance(given, str) else list(given)
    except TypeError:
        return [given]


Corruptions = str | Condition | Iterable[str | Condition] | None
"""Conditions as users give them: names, conditions, or several of either; None for clean."""


def parse_conditions(
    corruption: Corruptions, severity: Severity | None = None
) -> tuple[Condition, ...]:
    """Resolve the `corruption` and `severity` arguments of public functions.

    Args:
        corruption: With a severity, the name of one corruption or several; without, one condition
            or several, or their text; None for clean.
        severity: As in `Condition`.

    Returns:
        One condition or more, each once.

    Raises:
        UsageError: An argument is not allowed, or a condition is given twice.

    Example:
        >>> [str(c) for c in parse_conditions(["clean", "gaussian-3"])]
        ['clean', 'gaussian-3']
        >>> [str(c) for c in parse_conditions(["rain"], 3)]
        ['rain-3']
    """
    if corruption is None and severity is None:
        return (CLEAN,)
    is_single = corruption is None or isinstance(corruption, (str, bytes, Condition))
    try:
        given = [corruption] if is_single else list(cast(Iterable[object], corruption))
    except TypeError:
        given = [corruption]
    parsed = tuple(_parse_condition(one, severity) for one in given)
    if not parsed:
        raise UsageError("no conditions given; give at least one.")
    if len(set(parsed)) < len(parsed):
        twice = next(one for index, one in enumerate(parsed) if one in parsed[:index])
        raise UsageError(f"duplicate condition '{twice}'; give it once.")
    return parsed


def _parse_condition(given: object, severity: Severity | None) -> Condition:
    if isinstance(given, str):
        return Condition.parse(given) if severity is None else Condition(given, severity)
    if severity is not None:
        raise UsageError(f"severity {severity!r} given without a corruption; name one.")
    if not isinstance(given, Condition):
        raise UsageError(
            f"corruption {shortened(given)} is not a condition; give a name and a severity, or "
            f"what avrb.conditions returns."
        )
    return given
