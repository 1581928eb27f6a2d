"""Errors raised on purpose; every message is one sentence for the person who reads it.

AvrbError                 anything this project raises on purpose
├── UsageError            a wrong argument: what was given, what is allowed  (also a ValueError)
├── DataError             a clip or shard at fault, named by key and shard   (avrb_wds.errors)
└── MissingExtra          an optional dependency is not installed            (avrb_wds.errors)
"""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["AvrbError", "UsageError", "cause", "check_one_of"]


class AvrbError(Exception):
    """Root of every error this project raises on purpose."""


class UsageError(AvrbError, ValueError):
    """A wrong argument; the message says what was given, what is allowed and what to do."""


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
