"""JSON as every reader of it has it, and brace expressions."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from braceexpand import braceexpand

from avrb_wds import UsageError
from avrb_wds.shards.json_io import dumps, loads
from avrb_wds.shards.locate import count_names, locate_shards

from ..jsons import mutate_json
from ..mutators import mutate_text
from ..target import Target


def values() -> list[bytes]:
    """Of every kind of value."""
    return [
        b'{"a": [1, -2.5, true, null, "\\u00e9"], "b": {"c": {}, "d": []}}',
        b'[[1, 2, [3, [4]]], "x", 1e300, 18446744073709551616]',
        b'\xef\xbb\xbf{"half": "\\udce9", "text": "[{[{"}',
    ]


def same_value(data: bytes, value: Any) -> None:
    """What was read is what the standard library reads, and what is written."""
    assert json.loads(data) == value
    assert loads(dumps(value), "x") == value


def expand(data: bytes) -> tuple[str, int]:
    """An expression and its names, none of which is there."""
    text = data.decode(errors="surrogateescape")
    try:
        locate_shards(text)
    except UsageError as error:
        if "too many" in str(error) or "braces" in str(error):
            raise
    return text, count_names(text)


def as_many_names(data: bytes, read: tuple[str, int]) -> None:
    """There are no more names than are counted; fewer where a brace closes that none opened."""
    text, count = read
    if "://" not in text and "{" in text and count < 1000:
        with suppress(ValueError):  # braces do not close, and something else was refused first
            assert sum(1 for _ in braceexpand(text)) <= count, text


TARGETS = (
    Target("json", values, mutate_json, lambda data: loads(data, "x.json"), same_value),
    Target(
        "braces",
        lambda: [b"none/a-{000..013}.tar", b"none/{a,b{1..3..2}}-{c,d}.tar", b"none/{a..e}\\{.tar"],
        mutate_text,
        expand,
        as_many_names,
    ),
)
