"""What a run showed its model: the digests in its receipt, and those of every clip beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..atomic import write_atomic
from ..condition import Condition
from ..errors import DataError
from ..paths import read_file
from ..receipts.digests import condition_digest, overall_digest
from ..receipts.receipt import Receipt
from ..receipts.tsv import escape_tsv, unescape_tsv
from ..storage import AnyPath
from .runs.ledger import Ledger

SHORT = 16  # hexadecimal digits a clip: enough to find it; the receipt's own are whole
HEADING = "key"
ABSENT = "-"  # in place of the digest of a clip that was skipped


def make_receipt(ledger: Ledger) -> Receipt:
    """The receipt of a whole run, with the digest of every condition and of all."""
    digests = tuple(
        (
            str(condition),
            condition_digest(
                pair
                for record in ledger.records(condition)
                for pair in zip(record.keys, record.digests, strict=True)
            ),
        )
        for condition in ledger.plan.conditions
    )
    whole = overall_digest(digest for _, digest in digests)
    return replace(ledger.plan.receipt, digest=whole, digests=digests)


def clips_file(receipt: Path) -> Path:
    """Where the digests of all clips stand beside a report or receipt.

    >>> clips_file(Path("runs/report.json")).name
    'report.digests.tsv'
    """
    return receipt.with_suffix(".digests.tsv")


@dataclass(frozen=True)
class ClipDigests:
    """The beginning of every clip's digest, in order, under every condition; "-" if skipped.

    conditions: by name.  rows: by key, as many as there are conditions.
    """

    conditions: tuple[str, ...]
    rows: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, ledger: Ledger) -> ClipDigests:
        """Those of a whole run."""
        columns = [_column(ledger, condition) for condition in ledger.plan.conditions]
        names = tuple(str(condition) for condition in ledger.plan.conditions)
        return cls(names, dict(zip(ledger.keys, zip(*columns, strict=True), strict=True)))

    @classmethod
    def read(cls, path: AnyPath) -> ClipDigests | None:
        """Those in a file; None where there is none; raises DataError where it is broken."""
        if not path.is_file():
            return None
        text = read_file(path).decode(errors="surrogateescape")
        heading, *lines, rest = text.split("\n") if "\n" in text else ("", text)
        names = heading.split("\t")
        rows = dict(_row(line, len(names) - 1) for line in lines)
        alike = {len(row) for row in rows.values()} <= {len(names) - 1}
        once = len(rows) == len(lines) and len(set(names)) == len(names)
        if names[0] != HEADING or rest or not alike or not once:
            raise DataError(f"{path} is not a whole list of the digests of clips.")
        return cls(tuple(names[1:]), rows)

    def to_bytes(self) -> bytes:
        """A line a clip, and one with the conditions before."""
        lines = ["\t".join((HEADING, *self.conditions))]
        lines += ("\t".join((escape_tsv(key), *row)) for key, row in self.rows.items())
        return "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")

    def write(self, path: Path) -> Path:
        """Write them to a file."""
        return write_atomic(path, self.to_bytes())


def _row(line: str, conditions: int) -> tuple[str, tuple[str, ...]]:
    key, *digests = line.rsplit("\t", conditions)
    return unescape_tsv(key), tuple(digests)


def _column(ledger: Ledger, condition: Condition) -> list[str]:
    found = {
        key: digest.hex()[:SHORT]
        for record in ledger.records(condition)
        for key, digest in zip(record.keys, record.digests, strict=True)
    }
    return [found.get(key, ABSENT) for key in ledger.keys]
