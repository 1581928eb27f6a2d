"""How many clips may fail before a run stops."""

from __future__ import annotations

from dataclasses import dataclass
from reprlib import repr as shortened

import numpy as np

from .errors import DataError, UsageError, check_int, reason

MaxErrors = int | float
"""A count of clips, or a fraction of all of them: a float in [0, 1)."""


@dataclass(frozen=True)
class ErrorBudget:
    """How many clips may fail in one epoch before it stops."""

    clips: int

    @classmethod
    def of(cls, max_errors: MaxErrors, clips: int) -> ErrorBudget:
        """Resolve `max_errors` for a dataset of `clips` clips.

        Raises:
            UsageError: `max_errors` is neither a count nor a fraction below 1.

        Example:
            >>> ErrorBudget.of(3, 50), ErrorBudget.of(0.1, 50)
            (ErrorBudget(clips=3), ErrorBudget(clips=5))
        """
        if isinstance(max_errors, (float, np.floating)) and 0 <= max_errors < 1:
            return cls(int(max_errors * clips))
        try:
            return cls(check_int("max_errors", max_errors, 0))
        except UsageError as error:
            raise UsageError(
                f"max_errors must be a number of clips or a fraction below 1; got "
                f"{shortened(max_errors)}."
            ) from error

    def check(self, failed: int, last: DataError) -> None:
        """Raise DataError if more clips failed than the budget allows; `last` is the latest."""
        if failed <= self.clips:
            return
        if not self.clips:
            raise last
        raise DataError(
            f"{failed} clips failed but at most {self.clips} may; the last error: {reason(last)}."
        ) from last
