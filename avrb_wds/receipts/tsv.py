"""Keys in files that have a line for each.

Tars that were not packed here may have any key.  A tab, a line break and a backslash are written as
Python writes them, and keys that `escape_key` made, which have none of them, as they are.
"""

from __future__ import annotations

import re

_WRITTEN = str.maketrans({"\\": r"\\", "\n": r"\n", "\t": r"\t"})
_MEANT = {written: chr(mark) for mark, written in _WRITTEN.items()}
_ESCAPE = re.compile(r"\\[\\nt]")


def escape_tsv(key: str) -> str:
    r"""A key on one line, without a tab.

    >>> escape_tsv("a\tb\\"), escape_tsv("v1%2E2")
    ('a\\tb\\\\', 'v1%2E2')
    """
    return key.translate(_WRITTEN)


def unescape_tsv(written: str) -> str:
    r"""The key that was written.

    >>> unescape_tsv(escape_tsv("a\\n\n"))
    'a\\n\n'
    """
    return _ESCAPE.sub(lambda found: _MEANT[found[0]], written)
