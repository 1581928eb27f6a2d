"""JSON from outside: what it says when it says one thing, and within bounds."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

MOST_DEPTH = 64
"""Lists and objects within each other: what goes through a value may call itself for each."""
MOST_DIGITS = 100
"""Of an integer: a seed may be beyond 64 bits."""


def parse_json(data: bytes | str) -> Any:
    """The value that `data` spells, as `json.loads` has it, a byte order mark included.

    Raises ValueError, saying what is wrong, for what is not JSON; NaN and infinity, by that name or
    by their size; a field that stands twice in an object; an integer of more than 100 digits;
    and more than 64 lists and objects within each other.

    >>> parse_json('{"a": [1, 2.5, "\\ud800"]}')
    {'a': [1, 2.5, '\\ud800']}
    """
    if not isinstance(data, str):
        data = data.decode(json.detect_encoding(data), "surrogatepass")
    try:
        value = _DECODER.decode(data)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if data.count("[") + data.count("{") > MOST_DEPTH:
        _check_depth(value)
    return value


_TOO_DEEP = f"it is nested more than {MOST_DEPTH} deep"


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, (list, dict))
        ]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > MOST_DIGITS:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        raise ValueError("it has a number beyond 1.8e308")
    return value


def _constant(name: str) -> None:
    raise ValueError(f"it has {name}, which JSON has not")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"it has the field {name!r} twice")
            seen.add(name)
    return made


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_real, parse_constant=_constant
)
