"""From what a user names (a folder, a manifest, tars, a brace expression) to files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from reprlib import repr as shortened
from string import ascii_lowercase, ascii_uppercase

from ..errors import DataError, UsageError, reason
from ..storage import AnyPath, RemotePath, Storage, is_remote
from .manifest import MANIFEST

JOURNAL = ".avrb-pack.jsonl"
"""Beside shards while they are being packed: what is packed and how."""

MOST_NAMES = 1_000_000
MOST_TEXT = 1 << 28
MOST_BRACES = 100
"""Files that one brace expression may stand for, characters of their names, its own braces."""
DIGITS = 18  # of a number in it
_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.-?(\d+))?\n?}")

GIVE = "give a folder, a manifest or tars"


def locate_shards(
    source: str | bytes | Path | Sequence[str | bytes | Path], storage: Storage | None = None
) -> tuple[AnyPath | None, tuple[AnyPath, ...]]:
    """(the manifest, ()) or (None, the tars) that `source` means.

    source: a folder, a manifest, a tar, a brace expression such as "vgg-{000000..000013}.tar", or
    a list of these tars; each a path or an address, which `storage` reads.  Raises UsageError where
    it means nothing or nothing is there, DataError where a folder holds no shards.
    """
    try:
        return _locate(source, storage or Storage())
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        what = shortened(source)
        raise UsageError(f"{what} cannot be opened: {reason(error)}; {GIVE}.") from error


def _locate(
    source: str | bytes | Path | Sequence[str | bytes | Path], storage: Storage
) -> tuple[AnyPath | None, tuple[AnyPath, ...]]:
    if isinstance(source, (str, bytes, os.PathLike)):
        place = _place(os.fsdecode(source), storage)
        if place.name.endswith(".json"):
            return _manifest(place), ()
        if isinstance(place, RemotePath) and not place.name.endswith((".tar", "}")):
            return _remote_folder(place)
        if isinstance(place, Path) and os.path.isdir(place):  # of any length
            return _folder(place)
        source = [source]
    elif not isinstance(source, Iterable):
        source = [source]  # which is no name
    names = (name for part in source for name in _expand(_named(part)))
    tars = tuple(_tar(_place(name, storage)) for name in names)
    if not tars:
        raise UsageError(f"no shards are named; {GIVE}.")
    return None, tars


def _tar(tar: AnyPath) -> AnyPath:
    """`tar`; raises UsageError where it is none that may be named alone."""
    if isinstance(tar, RemotePath) and tar.pin:
        raise UsageError(
            f"{tar} is a tar, which '#sha256=' does not pin; pin a manifest or its folder."
        )
    if not tar.is_file():
        exists = isinstance(tar, Path) and tar.exists()
        raise UsageError(f"{tar} {'is not a tar' if exists else 'does not exist'}; {GIVE}.")
    return tar


def _named(part: object) -> str:
    if isinstance(part, (str, bytes, os.PathLike)):
        return os.fsdecode(part)
    raise UsageError(f"source {shortened(part)} is not a path or an address; {GIVE}.")


def _manifest(place: AnyPath) -> AnyPath:
    """`place`; raises UsageError where nothing is there."""
    if not place.is_file():
        raise UsageError(f"{place} does not exist; {GIVE}.")
    return place


def _folder(folder: Path) -> tuple[Path | None, tuple[Path, ...]]:
    if (folder / MANIFEST).is_file():
        return folder / MANIFEST, ()
    if (folder / JOURNAL).is_file():
        raise DataError(
            f"{folder} is not packed to the end: it has no {MANIFEST}; "
            f"run what makes it, avrb pack or avrb render, again with --resume."
        )
    tars = tuple(sorted(folder.glob("*.tar")))
    if not tars:
        raise DataError(f"folder {folder} holds neither {MANIFEST} nor a tar.")
    return None, tars


def _remote_folder(folder: RemotePath) -> tuple[AnyPath | None, tuple[AnyPath, ...]]:
    manifest = RemotePath(folder.storage, (folder / MANIFEST).url, folder.pin)
    if folder.pin or manifest.is_file():
        return _manifest(manifest), ()
    names = folder.names()
    if not names:
        raise UsageError(f"{folder} does not exist; {GIVE}.")
    if JOURNAL in names:
        raise DataError(
            f"{folder} is not uploaded to the end: it has no {MANIFEST}; run the same avrb pack "
            f"again with --resume."
        )
    tars = tuple(folder / name for name in names if name.endswith(".tar"))
    if not tars:
        raise DataError(f"folder {folder} holds neither {MANIFEST} nor a tar.")
    return None, tars


def _expand(text: str) -> Iterable[str]:
    if "{" not in text or (not is_remote(text) and os.path.exists(text)):
        return [text]
    from braceexpand import braceexpand

    if text.count("{") > MOST_BRACES:
        raise UsageError(f"{text!r} has more than {MOST_BRACES} braces; give a list of files.")
    if count_names(text) > min(MOST_NAMES, MOST_TEXT // len(text)):
        raise UsageError(f"{text!r} names too many files at once; name fewer, or a folder.")
    try:
        names: Iterable[str] = braceexpand(text)
    except ValueError:  # its UnbalancedBracesError
        raise UsageError(
            f"{text!r} has unbalanced braces; write e.g. a-{{000..013}}.tar."
        ) from None
    return names


def count_names(text: str) -> int:
    """How many names a brace expression stands for, told before they take any memory.

    >>> count_names("a-{000..013}.tar"), count_names("{a,b{1..3}}-{c,d}"), count_names("{a}")
    (14, 8, 1)
    """
    return _count(text, 0, within=False)[0]


def _count(text: str, at: int, *, within: bool) -> tuple[int, int]:
    """The number of names from `at` to the end or the brace that closes, and where that is."""
    before, names = 0, 1
    while at < len(text):
        character = text[at]
        if character == "{":
            match = _RANGE.match(text, at + 1)
            if match:
                count, at = _range_length(*match.groups()), match.end()
            else:
                count, at = _count(text, at + 1, within=True)
            names *= count
        elif character == "}" and within:
            return before + names, at + 1
        elif character == "," and within:
            before, names, at = before + names, 1, at + 1
        else:
            at += 2 if character == "\\" else 1
    return before + names, at


def _range_length(first: str, last: str, step: str | None) -> int:
    if first.isalpha() != last.isalpha():
        return 1  # no range
    if max(len(first), len(last), len(step or "")) > DIGITS:
        return MOST_NAMES + 1  # or fewer, by numbers that no name has
    letters = ascii_uppercase + ascii_lowercase
    start, end = (letters.index(a) if a.isalpha() else int(a) for a in (first, last))
    return abs(end - start) // max(int(step or 1), 1) + 1


def _place(text: str, storage: Storage) -> AnyPath:
    return storage.file(text) if is_remote(text) else Path(text)
