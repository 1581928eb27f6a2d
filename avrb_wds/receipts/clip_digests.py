"""The digests of single clips, in a file of tab-separated values beside a receipt.

Tar files of other packers may have any key. A tab, a line break and a backslash in a key are
escaped as in Python; keys from `escape_key` have none of them and stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..atomic import write_atomic
from ..errors import DataError
from ..paths import read_file
from ..storage import AnyPath

DIGITS = 16
"""Hexadecimal digits of a clip's digest that the file has, enough to find the clip."""
SKIPPED = "-"
"""Stands in place of the digest of a skipped clip."""
HEADING = "key"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\t": r"\t"})
_CHARACTERS = {escape: chr(code) for code, escape in _ESCAPES.items()}
_ESCAPE = re.compile(r"\\[\\nt]")


def escape_tsv(key: str) -> str:
    r"""Return a key as one line without a tab.

    >>> escape_tsv("a\tb\\"), escape_tsv("v1%2E2")
    ('a\\tb\\\\', 'v1%2E2')
    """
    return key.translate(_ESCAPES)


def unescape_tsv(text: str) -> str:
    r"""Return the key that `escape_tsv` escaped.

    >>> unescape_tsv(escape_tsv("a\\n\n"))
    'a\\n\n'
    """
    return _ESCAPE.sub(lambda match: _CHARACTERS[match[0]], text)


def clips_file(receipt: Path) -> Path:
    """Return the path of the clips' digests beside a report or receipt.

    >>> clips_file(Path("runs/report.json")).name
    'report.digests.tsv'
    """
    return receipt.with_suffix(".digests.tsv")


@dataclass(frozen=True)
class ClipDigests:
    """The first digits of every clip's digest under every condition.

    Attributes:
        conditions: Texts of the conditions.
        rows: For each key, in order, one digest per condition; "-" for a skipped clip.
    """

    conditions: tuple[str, ...]
    rows: dict[str, tuple[str, ...]]

    @classmethod
    def read(cls, path: AnyPath) -> ClipDigests | None:
        """Read a file; return None if it does not exist, raise DataError if it is invalid."""
        if not path.is_file():
            return None
        text = read_file(path).decode(errors="surrogateescape")
        heading, *lines, rest = text.split("\n") if "\n" in text else ("", text)
        names = heading.split("\t")
        rows = dict(_row(line, len(names) - 1) for line in lines)
        is_table = {len(row) for row in rows.values()} <= {len(names) - 1}
        is_unique = len(rows) == len(lines) and len(set(names)) == len(names)
        if names[0] != HEADING or rest or not is_table or not is_unique:
            raise DataError(f"{path} is not a complete list of the digests of clips.")
        return cls(tuple(names[1:]), rows)

    def to_bytes(self) -> bytes:
        """Return a line with the conditions, then one line per clip."""
        lines = ["\t".join((HEADING, *self.conditions))]
        lines += ("\t".join((escape_tsv(key), *row)) for key, row in self.rows.items())
        return "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")

    def write(self, path: Path) -> Path:
        """Write the file."""
        return write_atomic(path, self.to_bytes())


def _row(line: str, conditions: int) -> tuple[str, tuple[str, ...]]:
    key, *digests = line.rsplit("\t", conditions)
    return unescape_tsv(key), tuple(digests)
