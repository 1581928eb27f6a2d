"""The receipt of a rendering: where it comes from, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import log10

from ..building.journal import ClipFailure
from ..condition import Condition
from ..errors import DataError
from ..receipts.digests import condition_digest, overall_digest
from ..receipts.receipt import Receipt
from ..shards.json_io import Sha256, check_format, from_json, loads
from ..shards.upload import RECEIPTS
from .options import RenderOptions
from .render_clip import ClipNote

RECEIPT = RECEIPTS[0]
FORMAT = "avrb-render/1"


@dataclass(frozen=True)
class RenderReceipt:
    """What a rendered dataset is made from, and whether it equals corruption on the fly.

    Attributes:
        name: Name of the rendered dataset.
        clips: Its number of clips.
        condition: The rendered condition.
        receipt: Receipt of corruption on the fly, from the same source; its `batch_size` is 0.
        options: How the clips are stored.
        stored: Digest of the rendered clips.
        psnr: Of the frames in dB, over all values; None if they are equal.
        skipped: Clips left out within the error budget.
    """

    name: str
    clips: int
    condition: Condition
    receipt: Receipt
    options: RenderOptions
    stored: Sha256
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
        """Whether the rendered clips equal those corrupted on the fly, to the bit."""
        return self.shown == self.stored

    def __str__(self) -> str:
        if self.exact:
            return f"equal to corrupting on the fly, digest {self.stored}"
        return (
            f"not equal to corrupting on the fly (PSNR {self.psnr} dB): digest {self.stored}, "
            f"where on the fly it is {self.shown}"
        )

    def to_bytes(self) -> bytes:
        """Return the receipt as JSON, the bytes of its file."""
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
        """Read a receipt from the bytes of its file.

        Args:
            data: The bytes.
            where: Name of the file, for messages.

        Raises:
            DataError: The bytes are not a valid receipt.
        """
        value = loads(data, where)
        check_format(value, where, FORMAT)
        receipt = from_json(cls, value, where, other=("format", "exact"))
        if [name for name, _ in receipt.receipt.digests] != [str(receipt.condition)]:
            raise DataError(f"{where}: receipt: 'digests' are not those of {receipt.condition}.")
        return receipt
