"""The receipt of a rendering: where it comes from, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from math import log10
from typing import Any

from ..building.journal import ClipFailure
from ..condition import Condition
from ..errors import DataError, UsageError, reason
from ..receipts.digests import condition_digest, overall_digest
from ..reports import Receipt
from ..reports.parsing import conditions_of
from ..shards.json_io import Fields, check_format, loads
from ..shards.upload import RECEIPTS
from .options import RenderOptions
from .render_clip import ClipNote

RECEIPT = RECEIPTS[0]
FORMAT = "avrb-render/1"


@dataclass(frozen=True)
class RenderReceipt:
    """What a rendering comes from, and how far it is what corrupting on the fly shows.

    name, clips: of the rendered data set.  condition: rendered.  receipt: of the source, and of
    what is shown when it is corrupted on the fly; there are no batches, so `batch_size` is 0.
    stored: digest of the rendered clips as they are (see `avrb_wds.receipts.digests`).
    psnr: in dB, over all values of all frames; None where they are equal.  skipped: clips left
    out under an error budget.
    """

    name: str
    clips: int
    condition: Condition
    receipt: Receipt
    options: RenderOptions
    stored: str
    psnr: float | None
    skipped: tuple[ClipFailure, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        condition: Condition,
        source: Receipt,
        options: RenderOptions,
        notes: Sequence[ClipNote],
        skipped: tuple[ClipFailure, ...],
    ) -> RenderReceipt:
        """The receipt of these clips; source: without digests yet."""
        shown = condition_digest((note.key, bytes.fromhex(note.shown)) for note in notes)
        stored = condition_digest((note.key, bytes.fromhex(note.stored)) for note in notes)
        receipt = replace(
            source, digest=overall_digest([shown]), digests=((str(condition), shown),)
        )
        error, values = sum(n.squared_error for n in notes), sum(n.values for n in notes)
        psnr = round(10 * log10(255**2 * values / error), 2) if error else None
        return cls(name, len(notes), condition, receipt, options, stored, psnr, skipped)

    @property
    def shown(self) -> str:
        """Digest of the clips corrupted on the fly."""
        return self.receipt.digests[0][1]

    @property
    def exact(self) -> bool:
        """Whether the rendered clips are, to the last bit, those corrupted on the fly."""
        return self.shown == self.stored

    def __str__(self) -> str:
        if self.exact:
            return f"equal to corrupting on the fly, digest {self.stored}"
        return (
            f"not equal to corrupting on the fly (PSNR {self.psnr} dB): digest {self.stored}, "
            f"where on the fly it is {self.shown}"
        )

    def to_bytes(self) -> bytes:
        """The receipt as JSON: the bytes of the file."""
        value = {
            "format": FORMAT,
            **asdict(self),
            "condition": str(self.condition),
            "receipt": self.receipt.to_json(),
            "exact": self.exact,
        }
        return json.dumps(value, indent=2, allow_nan=False).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes, where: str = RECEIPT) -> RenderReceipt:
        """The receipt in a file; raises DataError, naming `where`, where there is none."""
        names = {"format", "exact", *cls.__dataclass_fields__}
        value = loads(data, where)
        check_format(value, where, FORMAT)
        given = Fields.of(value, where, names)
        receipt = Receipt.from_json(given.values["receipt"], f"{where}: receipt")
        (condition,) = conditions_of([given.text("condition")], where)
        if [name for name, _ in receipt.digests] != [str(condition)]:
            raise DataError(f"{where}: receipt: 'digests' are not those of {condition}.")
        return cls(
            given.text("name"),
            given.non_negative_int("clips"),
            condition,
            receipt,
            _options(given.values["options"], f"{where}: options"),
            given.sha256("stored"),
            None if given.values["psnr"] is None else given.number("psnr"),
            tuple(_failure(one) for one in given.objects("skipped", _names(ClipFailure))),
        )


def _names(kind: type[ClipFailure] | type[RenderOptions]) -> list[str]:
    return [field.name for field in fields(kind)]


def _options(value: Any, where: str) -> RenderOptions:
    try:
        return RenderOptions(**Fields.of(value, where, _names(RenderOptions)).values)
    except UsageError as error:
        raise DataError(f"{where}: {reason(error)}.") from error


def _failure(given: Fields) -> ClipFailure:
    return ClipFailure(given.text("video_id"), given.text("source"), given.text("cause"))
