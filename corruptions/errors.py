"""Errors raised on purpose; every message is one sentence for the person who reads it.

AvrbError                 anything this project raises on purpose
├── UsageError            a wrong argument: what was given, what is allowed  (also a ValueError)
├── DataError             a clip or shard at fault, named by key and shard   (avrb_wds.errors)
└── MissingExtra          an optional dependency is not installed            (avrb_wds.errors)
"""

from __future__ import annotations

import operator
import reprlib
from collections.abc import Collection
from typing import SupportsIndex, cast

__all__ = ["AvrbError", "UsageError", "cause", "check_int", "check_one_of"]

LARGEST_INT = 1 << 8192  # more digits than Python writes: a message or a draw's address needs them


LONGEST = 1000
"""Characters of a message: a value from outside that stands in it may be of any length."""


class AvrbError(Exception):
    """Root of every error this project raises on purpose; a very long message loses its middle."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(_shortened(arg) if isinstance(arg, str) else arg for arg in args))


class UsageError(AvrbError, ValueError):
    """A wrong argument; the message says what was given, what is allowed and what to do."""


def _shortened(message: str) -> str:
    """The message with its beginning and its end, which say what is wrong, on a few lines."""
    if len(message) <= LONGEST:
        return message
    half = LONGEST // 2 - 2
    return f"{message[:half]} … {message[-half:]}"


def cause(error: BaseException) -> str:
    """What an error says, on one line and without its full stop: the end of our sentence.

    >>> cause(ValueError("no such\\n codec."))
    'no such codec'
    >>> cause(FileNotFoundError(2, "No such file or directory", "a.tar"))
    'No such file or directory'
    """
    said = str(getattr(error, "strerror", None) or error)  # FFmpeg's errors have it too
    return " ".join(said.split()).rstrip(".") or type(error).__name__


def check_one_of(name: str, value: object, allowed: Collection[str]) -> None:
    """Raise the UsageError that says what `name` may be, if `value` is none of it.

    >>> check_one_of("task", "regression", ("multiclass", "multilabel"))
    Traceback (most recent call last):
    avrb_wds.corruptions.errors.UsageError: task 'regression' is not one of multiclass, multilabel.
    """
    if value not in allowed:
        raise UsageError(f"{name} {value!r} is not one of {', '.join(allowed)}.")


def check_int(name: str, value: object, low: int | None = None, high: int | None = None) -> int:
    """`value` as an int: the one check of an argument that is an integer.

    NumPy's integers and whatever else is one by `__index__` count; True and False do not.  Raises
    UsageError, naming `name`, for anything else and outside `low` to `high`, both included.

    >>> import numpy as np
    >>> check_int("seed", np.int64(3))
    3
    >>> check_int("batch_size", 0, low=1)
    Traceback (most recent call last):
    avrb_wds.corruptions.errors.UsageError: batch_size must be a positive integer; got 0.
    """
    if not isinstance(value, bool):
        try:
            found = operator.index(cast(SupportsIndex, value))
        except TypeError:
            pass
        else:
            if abs(found) > LARGEST_INT:
                raise UsageError(
                    f"{name} must be a smaller integer; got {found.bit_length()} bits."
                )
            if (low is None or low <= found) and (high is None or found <= high):
                return found
    raise UsageError(f"{name} must be {_integers(low, high)}; got {reprlib.repr(value)}.")


def _integers(low: int | None, high: int | None) -> str:
    """The integers from `low` to `high`, in words."""
    if low is not None and high is not None:
        return f"an integer from {low} to {high}"
    if high is not None:
        return f"an integer of at most {high}"
    if low is None:
        return "an integer"
    words = {0: "a non-negative integer", 1: "a positive integer"}
    return words.get(low, f"an integer of at least {low}")
