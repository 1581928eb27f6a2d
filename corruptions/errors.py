"""Errors raised on purpose; each message is one sentence.

AvrbError                  base of all
├── UsageError             an argument is not allowed (also a ValueError)
├── DataError              a clip, shard or file is invalid (in avrb_wds.errors)
└── MissingExtraError      an optional dependency is not installed (in avrb_wds.errors)
"""

from __future__ import annotations

import operator
import re
import reprlib
from collections.abc import Collection
from typing import SupportsIndex, cast

from ._json import MOST_DIGITS

LARGEST_INT = 10**MOST_DIGITS - 1  # a seed is written into receipts, which are read back
LONGEST = 600
"""Characters of a message: a few lines, whatever was given."""
WORD = 160  # characters of one name, path or address in a message that is too long
READ = 1 << 11  # characters at either end of a text that are looked at

# "https://", and what it becomes in a hurry: "https:/", "http:\\" (doubled in a repr), "s3//".
_SCHEME = r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,15}(?::[/\\]+|//|\\\\+)"
_PORT = r"\d{1,5}(?:[/\\]|$)"
_USER = re.compile(
    rf"(?:(?P<scheme>{_SCHEME})[^/\\:\s'\"]*:(?!{_PORT}|\s)[^'\"]*@"  # user:password@
    r"|(?P<bucket>(?i:s3|gs|az):?[/\\]+)[^/\\:\s'\"]*:\S*@"  # which has no port
    rf"|(?P<alone>{_SCHEME})[^/\\:\s]*@"  # user@
    rf"|(?<![^\s:/\\'\"])[^\s:/\\'\"]*:(?!{_PORT}|[\s/\\])\S*@)"  # without a scheme
    r"(?P<rest>\S*)"
)
_TOKEN = (
    r"(?:[\w.-]*(?:sig|signature|token|secret|passw(?:or)?d|pwd|credentials?|authorization)"
    r"|[\w.-]*(?:api|access|account)[_-]?key(?:[_-]?id)?|x-(?:amz|goog)-[\w-]+)(?:=|%3d)"
)
_QUERY = re.compile(rf"(?i:(?P<before>^|[\s'\"?&;#/]|%3f|%26){_TOKEN}\S*)")
_ANY_QUERY = re.compile(rf"(?P<before>{_SCHEME}[^\s?]*\?)[^\s=]*=\S*")


class AvrbError(Exception):
    """Base of every error that this project raises on purpose.

    The message is a few lines at most and contains no password of a URL.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(shorten(hide_secrets(a)) if isinstance(a, str) else a for a in args))


class UsageError(AvrbError, ValueError):
    """An argument is not allowed; the message says what was given and what is allowed."""


def reason(error: BaseException) -> str:
    """What an error says, on one line and without its full stop: the end of our sentence.

    >>> reason(ValueError("no such\\n codec."))
    'no such codec'
    >>> reason(FileNotFoundError(2, "No such file or directory", "a.tar"))
    'No such file or directory'
    """
    if not isinstance(error, AvrbError):
        _hide_secrets_of(error)
    said = _ends(str(getattr(error, "strerror", None) or error))  # FFmpeg's errors have it too
    return shorten(" ".join(said.split())).rstrip(".") or type(error).__name__


def _hide_secrets_of(error: BaseException) -> None:
    """Take secrets out of a library's error, which a traceback shows above ours."""
    args = tuple(hide_secrets(a) if isinstance(a, str) else a for a in error.args)
    if args != error.args:
        error.args = args
    for name in ("filename", "filename2"):
        path = getattr(error, name, None)
        if path is not None and (shown := hide_secrets(str(path))) != str(path):
            setattr(error, name, shown)


def shorten(text: str, longest: int = LONGEST) -> str:
    """`text` in at most `longest` characters: of long words, then of the whole, the ends.

    >>> shorten("x" * 70_000 + " does not exist.") == f"{'x' * 106}…{'x' * 53} does not exist."
    True
    >>> shorten("a text of many short words", 20)
    'a text of man… words'
    """
    if len(text) <= longest:
        return text
    text = re.sub(rf"\S{{{WORD},}}", lambda word: _middle_out(word[0], WORD), _ends(text))
    return _middle_out(text, longest)


def _ends(text: str) -> str:
    return _middle_out(text, 2 * READ)


def _middle_out(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 1]}…{text[-tail:]}"


def hide_secrets(text: str) -> str:
    """`text` without the users, passwords and signatures of addresses, even of misspelt ones.

    >>> hide_secrets("https:/me:pw@host/a.tar does not exist")
    'https:/…@host/a.tar does not exist'
    >>> hide_secrets("'s3//key:pw@bucket', 'host/a?sig=abc'; http://host:80/vgg@main is good")
    "'s3//…@bucket', 'host/a?…'; http://host:80/vgg@main is good"
    """
    if "@" not in text and "=" not in text and "%3" not in text:
        return text
    text = _USER.sub(_without_user, _ends(text))
    return _ANY_QUERY.sub(_without_query, _QUERY.sub(_without_query, text))


def _without_user(found: re.Match[str]) -> str:
    before = found["scheme"] or found["bucket"] or found["alone"] or ""
    hidden = found[0][len(before) : found.start("rest") - found.start()]
    if "=" in hidden:  # the "@" may be one of a query
        return f"{before}…{_closing(found['rest'])}"
    return f"{before}…@{found['rest']}"


def _without_query(found: re.Match[str]) -> str:
    return f"{found['before']}…{_closing(found[0])}"


def _closing(word: str) -> str:
    """What closes a word of a message: a quote, a bracket, a comma."""
    return word[len(word.rstrip("'\")],.;:")) :]


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
    if not isinstance(value, bool) and "bool" not in str(getattr(value, "dtype", "")):
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
