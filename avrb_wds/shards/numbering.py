"""Which of several images are the frames of a clip, by the numbers in their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median_low

_NUMBER = re.compile(r"([0-9]+)")


def sort_by_numbers(names: Iterable[str]) -> list[str]:
    """Names in the order of the numbers in them.

    >>> sort_by_numbers(["frame_10.jpg", "frame_9.jpg"])
    ['frame_9.jpg', 'frame_10.jpg']
    """
    return sorted(names, key=_natural)


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    parts = enumerate(_NUMBER.split(name))  # text at even places, digits at odd ones
    return [_magnitude(part) if place % 2 else (0, part) for place, part in parts], name


def _magnitude(digits: str) -> tuple[int, str]:
    """What orders digits as the number does, however many there are."""
    number = digits.lstrip("0")
    return len(number), number


def numbered_alike(names: Sequence[str]) -> list[str] | None:
    """Those names that differ from each other in numbers alone, in their order.

    A few that are named otherwise, as a thumbnail or a cover beside the frames, are left out.  All
    where none has a number; None where no one way of naming has more than half of the numbers, or
    most have none.

    >>> numbered_alike(["thumb.jpg", "cover_2.jpg", "f_2.jpg", "f_10.jpg"])
    ['f_2.jpg', 'f_10.jpg']
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        groups.setdefault(tuple(_NUMBER.split(name.rpartition(".")[0])[::2]), []).append(name)
    bare = [name for texts, group in groups.items() if len(texts) == 1 for name in group]
    most = max((group for texts, group in groups.items() if len(texts) > 1), key=len, default=bare)
    if most is bare or len(bare) <= len(most) > (len(names) - len(bare)) / 2:
        return sort_by_numbers(most)
    return None


def frame_places(names: Sequence[str]) -> list[int]:
    """When frames of `numbered_alike` show, in frames after the first: numbers that lack are gaps.

    Numbers may go in steps, the usual one of which is one frame.

    >>> frame_places(["f5.jpg", "f10.jpg", "f20.jpg"]), frame_places(["f1.jpg", "f1.png"])
    ([0, 1, 3], [0, 0])
    """
    found = [_NUMBER.findall(name.rpartition(".")[0]) for name in names]
    if not found[0] or len({tuple(numbers[:-1]) for numbers in found}) > 1:
        return list(range(len(names)))
    steps = [int(b[-1]) - int(a[-1]) for a, b in pairwise(found)]
    usual = max(1, median_low(steps)) if steps else 1
    places = [0]
    for step in steps:
        places.append(places[-1] + (max(1, round(step / usual)) if step else 0))
    return places
