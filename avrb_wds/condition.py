"""Conditions: clean, or one corruption at one severity; 76 in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .corruptions import SEVERITIES, available, check_severity, get
from .errors import UsageError

__all__ = ["CLEAN", "Condition", "Severity", "conditions", "severity_pair"]

Severity = int | tuple[int, int]
"""1 to 5 for both modalities, or (visual, audio), where 0 leaves a modality clean."""


def severity_pair(severity: Severity) -> tuple[int, int]:
    """The (visual, audio) severities meant; raises UsageError outside 1 to 5 (0 within a pair).

    >>> severity_pair(3), severity_pair((0, 5))
    ((3, 3), (0, 5))
    """
    if not isinstance(severity, tuple):
        return check_severity(severity), check_severity(severity)
    if len(severity) != 2 or not any(severity):
        raise UsageError(
            f"severity {severity!r} is neither a number nor a pair (visual, audio); "
            f"give 1 to 5, or two of 0 to 5 of which one is 0 at most."
        )
    visual, audio = (check_severity(s) if s != 0 else 0 for s in severity)
    return visual, audio


@dataclass(frozen=True, order=True)
class Condition:
    """One (corruption, severity), or clean; printed as "rain-3", "rain-0+5" or "clean".

    >>> str(Condition("rain", 3)), str(CLEAN), Condition.parse("rain-3").severity
    ('rain-3', 'clean', 3)
    """

    corruption: str
    severity: Severity

    def __post_init__(self) -> None:
        if self.corruption != "clean":
            severity_pair(self.severity)
            if not self.corruption.isidentifier():
                raise UsageError(
                    f"corruption name {self.corruption!r} is not allowed; "
                    f"give letters, digits and underscores."
                )
        elif self.severity != 0:
            raise UsageError(f"severity {self.severity!r} does not go with clean; give 0.")

    def __str__(self) -> str:
        if self.corruption == "clean":
            return "clean"
        if isinstance(self.severity, tuple):
            return f"{self.corruption}-{self.severity[0]}+{self.severity[1]}"
        return f"{self.corruption}-{self.severity}"

    @property
    def is_clean(self) -> bool:
        """Whether nothing is corrupted."""
        return self.corruption == "clean"

    @classmethod
    def parse(cls, text: str) -> Condition:
        """The condition that prints as `text`."""
        if text == "clean":
            return CLEAN
        name, _, severity = text.rpartition("-")
        try:
            visual, both, audio = severity.partition("+")
            return cls(name, (int(visual), int(audio)) if both else int(visual))
        except ValueError:
            raise UsageError(
                f"condition {text!r} is neither 'clean' nor a corruption and a severity; write "
                f"e.g. 'rain-3', or 'rain-3+5' for visual and audio apart."
            ) from None


CLEAN = Condition("clean", 0)
"""The condition that leaves clips as they are."""


def conditions(
    corruptions: Iterable[str] | None = None,
    severities: Iterable[Severity] = SEVERITIES,
    *,
    clean: bool = True,
) -> tuple[Condition, ...]:
    """Clean and every corruption at every severity, corruptions in the paper's order.

    corruptions: names; all there are by default.  Raises UsageError for a name or severity that
    is not there.

    >>> [str(c) for c in conditions(["gaussian"], [1, 5])]
    ['clean', 'gaussian-1', 'gaussian-5']
    """
    names = [get(name).name for name in (available() if corruptions is None else corruptions)]
    wanted = list(severities)
    grid = [Condition(name, severity) for name in names for severity in wanted]
    return tuple(dict.fromkeys([CLEAN, *grid] if clean else grid))
