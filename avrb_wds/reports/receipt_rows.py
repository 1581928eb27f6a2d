"""The receipt as rows to read, and the command that checks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from .report import Receipt

CHECK_COMMAND = "avrb digest SHARDS --check report.json"
"""By which another machine sees that it shows a model the same."""


def receipt_rows(receipt: Receipt) -> Iterator[tuple[str, str]]:
    """What stands in a receipt: its fields in order, empty ones as a dash."""
    for field in fields(receipt):
        if field.name == "digests":  # one a condition: too many for a row
            continue
        given = getattr(receipt, field.name)
        if field.name == "versions":
            given = ", ".join(" ".join(pair) for pair in given)
        yield field.name.replace("_", " "), "-" if given in ("", None) else str(given)
