"""Mutators of JSON: a place in the tree is found, and its value, name or neighbours changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

from .mutators import NUMBERS, TEXTS, mutate_bytes, mutate_text

__all__ = ["mutate_json", "mutate_json_lines"]


@dataclass(frozen=True)
class _Raw:
    """A value as it is to be spelled, which may be none that JSON has."""

    text: str


_VALUES = [
    *NUMBERS, "null", "true", "false", "[]", "{}", "[[]]", '[null]', '{"":0}', "[1,[2,[3]]]",
    '"\\ud800"', '"\\udc80"', '"\\udce9"', '"\\u0000"', '"\\u001b[31m"', '"\x01"', "'x'", "",
    "[" * 100_000, "[" * 400 + "]" * 400, '{"a":' * 300 + "1" + "}" * 300,
    "[" + "0," * 30_000 + "0]", '{"a":1,"a":2}', '"' + "a" * 200_000 + '"', "-", "1.", ".5",
    "01", "tru", "\ufeff1", "/* */ 1",
    *(json.dumps(text) for text in TEXTS),
]  # fmt: skip


def mutate_json(rng: Random, data: bytes) -> bytes:
    """A value, a field or an element changed; else as text or bytes."""
    chance = rng.random()
    if chance < 0.1:
        return mutate_bytes(rng, data)
    if chance < 0.2:
        return mutate_text(rng, data)
    try:
        tree = json.loads(data, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):  # an earlier mutation has spoilt it
        return mutate_text(rng, data)
    tree = _changed(rng, tree)
    try:
        text = _spell(tree) + rng.choice(("", "", "", "\n", " 1"))
    except RecursionError:
        return data
    coding = rng.choice(("utf-8",) * 12 + ("utf-8-sig", "utf-16", "latin-1"))
    return text.encode(coding, "surrogatepass" if coding == "utf-8" else "replace")


def mutate_json_lines(rng: Random, data: bytes) -> bytes:
    """One line changed as JSON; else lines as text."""
    lines = data.splitlines(keepends=True)
    if not lines or rng.random() < 0.25:
        return mutate_text(rng, data)
    at = rng.randrange(len(lines))
    lines[at] = mutate_json(rng, lines[at].rstrip(b"\n")) + b"\n"
    return b"".join(lines)


class _Pairs(list[tuple[str, Any]]):
    """An object's fields in order, of which several may share a name."""


def _spell(value: Any) -> str:
    if isinstance(value, _Raw):
        return value.text
    if isinstance(value, _Pairs):
        return "{" + ",".join(f"{json.dumps(k)}:{_spell(v)}" for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_spell, value)) + "]"
    return json.dumps(value)


def _changed(rng: Random, tree: Any) -> Any:
    """The tree with one place changed, any depth down."""
    if not isinstance(tree, list) or not tree or rng.random() < 0.1:
        return _other(rng, tree)
    at = rng.randrange(len(tree))
    if rng.random() < 0.3:
        return _members(rng, tree, at)
    if isinstance(tree, _Pairs):
        name, value = tree[at]
        tree[at] = (name, _changed(rng, value))
    else:
        tree[at] = _changed(rng, tree[at])
    return tree


def _members(rng: Random, tree: list[Any], at: int) -> list[Any]:
    what = rng.randrange(5)
    if what == 0:
        del tree[at]
    elif what == 1:
        tree.insert(rng.randrange(len(tree) + 1), tree[at])
    elif what == 2:
        rng.shuffle(tree)
    elif isinstance(tree, _Pairs):
        name = rng.choice((tree[at][0].upper(), "", "x", "__class__", "\udc80", rng.choice(TEXTS)))
        tree[at if what == 3 else slice(at, at)] = (name, tree[at][1]) if what == 3 else [(name, 1)]
    else:
        tree[at] = _Raw(rng.choice(_VALUES))
    return tree


def _other(rng: Random, value: Any) -> Any:
    """Another value in the place of this one: near it, or any."""
    if isinstance(value, bool) or value is None or rng.random() < 0.6:
        return _Raw(rng.choice(_VALUES))
    if isinstance(value, int):
        return rng.choice(
            (value + 1, value - 1, -value, value * 2, value << 33, _Raw(f"{value}.0"))
        )
    if isinstance(value, float):
        return rng.choice((-value, value * 1.000001, value * 1e300, value + 1e9))
    if isinstance(value, str):
        at = rng.randrange(len(value) + 1)
        return rng.choice((value[:at], value + value, value[:at] + rng.choice(TEXTS) + value[at:]))
    return rng.choice(([value], _Pairs([("a", value)])))
