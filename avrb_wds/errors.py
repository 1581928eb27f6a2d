"""Errors raised on purpose; each message is one sentence.

AvrbError                  base of all
├── UsageError             an argument is not allowed (also a ValueError)
├── DataError              a clip, shard or file is invalid (also a ValueError)
└── MissingExtraError      an optional dependency is not installed (also an ImportError)
"""

from __future__ import annotations

from .corruptions.errors import (
    AvrbError as AvrbError,
)
from .corruptions.errors import (
    UsageError as UsageError,
)
from .corruptions.errors import (
    check_int as check_int,
)
from .corruptions.errors import (
    check_one_of as check_one_of,
)
from .corruptions.errors import (
    hide_secrets as hide_secrets,
)
from .corruptions.errors import (
    reason as reason,
)
from .corruptions.errors import (
    shorten as shorten,
)


class DataError(AvrbError, ValueError):
    """A clip, shard, manifest or media file is invalid; the message names it and the cause."""


class MissingExtraError(AvrbError, ImportError):
    """An optional dependency is not installed; the message has the pip command."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(what, extra)  # what pickles rebuild it from
        self._said = f"{what} needs the extra {extra!r}; run pip install 'avrb-wds[{extra}]'."

    def __str__(self) -> str:
        return self._said


def describe(error: BaseException) -> str:
    """The message of an error, after its type unless it is an AvrbError.

    >>> describe(KeyError("frames")), describe(RuntimeError())
    ("KeyError: 'frames'", 'RuntimeError')
    >>> describe(DataError("a.tar is gone."))
    'a.tar is gone'
    """
    kind, said = type(error).__name__, reason(error)
    return said if isinstance(error, AvrbError) or said == kind else f"{kind}: {said}"


def strip_subject(error: BaseException, subject: str) -> str:
    """The message of an error without the subject it begins with, for a list under that subject.

    >>> strip_subject(DataError("shard a.tar is cut off at byte 7."), "shard a.tar")
    'it is cut off at byte 7.'
    >>> strip_subject(DataError("a.wav: the sound is empty."), "a.wav")
    'the sound is empty.'
    """
    said = str(error)
    if not said.startswith((f"{subject} ", f"{subject}: ", f"{subject}, ")):
        return said
    rest = said[len(subject) :]
    return f"it{rest}" if rest[0] == " " else rest[2:]
