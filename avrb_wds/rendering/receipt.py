"""The receipt of a rendering: where it comes from, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import log10

from ..condition import Condition
from ..errors import DataError
from ..packing.convert import Failure
from ..shards.canonical import Fields, parse
from ..shown import condition_digest
from .clips import ClipNote
from .options import RenderOptions

__all__ = ["RECEIPT", "Origin", "RenderReceipt"]

RECEIPT = "receipt.json"
FORMAT = "avrb-render/1"


@dataclass(frozen=True)
class Origin:
    """What was corrupted, and how: enough to do the same on the fly.

    dataset, manifest: name and SHA-256 of the source's manifest.  bank: its SHA-256.  versions: of
    the packages that decide which bytes come out.
    """

    dataset: str
    manifest: str
    condition: Condition
    seed: int
    profile: str
    modality: str
    temporal: str
    bank: str
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RenderReceipt:
    """What a rendering comes from and how far it is what corrupting on the fly shows.

    shown, stored: digests (see `avrb_wds.shown`) of the clips corrupted on the fly, and of the
    rendered ones as they are.  psnr: in dB, over all values of all frames; None where they are
    equal.  skipped: clips left out under an error budget.
    """

    name: str
    clips: int
    origin: Origin
    options: RenderOptions
    shown: str
    stored: str
    psnr: float | None
    skipped: tuple[Failure, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        origin: Origin,
        options: RenderOptions,
        notes: Sequence[ClipNote],
        skipped: tuple[Failure, ...],
    ) -> RenderReceipt:
        """The receipt of these clips."""
        shown = condition_digest((note.key, bytes.fromhex(note.shown)) for note in notes)
        stored = condition_digest((note.key, bytes.fromhex(note.stored)) for note in notes)
        error, values = sum(n.squared_error for n in notes), sum(n.values for n in notes)
        psnr = round(10 * log10(255**2 * values / error), 2) if error else None
        return cls(name, len(notes), origin, options, shown, stored, psnr, skipped)

    @property
    def exact(self) -> bool:
        """Whether the rendered clips are, to the last bit, those corrupted on the fly."""
        return self.shown == self.stored

    def __str__(self) -> str:
        if self.exact:
            return f"equal to corrupting on the fly, digest {self.stored}"
        how = f"PSNR {self.psnr} dB" if self.psnr is not None else "frames are equal"
        return (
            f"not equal to corrupting on the fly ({how}): digest {self.stored}, where on the fly "
            f"it is {self.shown}"
        )

    def to_bytes(self) -> bytes:
        """The receipt as JSON: the bytes of the file."""
        origin = {
            **asdict(self.origin),
            "condition": str(self.origin.condition),
            "versions": dict(self.origin.versions),
        }
        value = {"format": FORMAT, **asdict(self), "origin": origin, "exact": self.exact}
        return json.dumps(value, indent=2, allow_nan=False).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes, where: str = RECEIPT) -> RenderReceipt:
        """The receipt in a file; raises DataError, naming `where`, where there is none."""
        names = {"format", "exact", *cls.__dataclass_fields__}
        given = Fields.of(parse(data, where), where, names)
        if given.text("format") != FORMAT:
            raise DataError(f"{where} has format {given.text('format')!r}, not {FORMAT!r}.")
        try:
            origin = dict(given.values["origin"])
            origin["condition"] = Condition.parse(origin["condition"])
            origin["versions"] = tuple(origin["versions"].items())
            return cls(
                given.text("name"),
                given.whole("clips"),
                Origin(**origin),
                RenderOptions(**given.values["options"]),
                given.sha256("shown"),
                given.sha256("stored"),
                None if given.values["psnr"] is None else given.number("psnr"),
                tuple(Failure(**failure) for failure in given.values["skipped"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"{where} is no receipt of a rendering: {error}.") from error
