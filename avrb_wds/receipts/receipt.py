"""The receipt of an evaluation: the data that a model got, so that others can check it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..settings import CorruptionSettings
from ..shards import ShardSet
from ..shards.json_io import SignedInt, from_json

SCORING_PACKAGES = ("avrb-wds", "numpy", "scipy", "pillow", "simplejpeg", "torch", "torchmetrics")
"""Packages whose versions may change scores."""
NOT_INSTALLED = "absent"
"""Stands in place of the version of a package that is not installed."""
CHECK_COMMAND = "avrb digest SHARDS --check report.json"
"""Checks on another machine that a model gets the same data."""


@dataclass(frozen=True)
class Receipt:
    """What a model was shown: enough for another machine to show a model the same.

    The digests are empty until everything has been shown.

    Attributes:
        dataset: Name in the manifest; "" for shards without one.
        manifest: SHA-256 of the manifest; "" for shards without one.
        clips: Number of clips of the dataset.
        seed: Seed of the corruptions.
        profile: Their profile.
        modality: What was corrupted.
        temporal: Whether each frame or each clip drew.
        bank: SHA-256 of the bank.
        batch_size: Clips per batch.
        transform: Name of the transform.
        versions: (package, version) of packages that decide what is shown or how it is scored.
        digest: Digest of all that was shown, independent of order and of the conditions' names.
        digests: (condition, digest of what was shown under it).
    """

    dataset: str
    manifest: str
    clips: int
    seed: SignedInt
    profile: str
    modality: str
    temporal: str
    bank: str
    batch_size: int
    transform: str
    versions: tuple[tuple[str, str], ...]
    digest: str = ""
    digests: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        shards: ShardSet,
        settings: CorruptionSettings,
        batch_size: int,
        transform: str = "",
        packages: Iterable[str] = SCORING_PACKAGES,
    ) -> Receipt:
        """The receipt before anything was shown, with the versions of installed `packages`."""
        manifest = shards.manifest
        return cls(
            manifest.name if manifest else "",
            manifest.digest if manifest else "",
            len(shards),
            settings.seed,
            settings.profile,
            settings.modality,
            settings.temporal,
            settings.bank_digest,
            batch_size,
            transform,
            tuple(p for p in package_versions(sorted(packages)) if p[1] != NOT_INSTALLED),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the receipt as a dict that can be written as JSON."""
        return {**asdict(self), "versions": dict(self.versions), "digests": dict(self.digests)}

    @classmethod
    def from_json(cls, value: Any, where: str) -> Receipt:
        """Read the receipt that `to_json` returned.

        Args:
            value: The dict.
            where: Name of its file, for messages.

        Raises:
            DataError: `value` is not a receipt.
        """
        return from_json(cls, value, where, lenient=True)


def receipt_rows(receipt: Receipt) -> Iterator[tuple[str, str]]:
    """Yield name and text of each field in order; an empty field is a dash."""
    for field in fields(receipt):
        if field.name == "digests":  # one per condition: too many for a row
            continue
        given = getattr(receipt, field.name)
        if field.name == "versions":
            given = ", ".join(" ".join(pair) for pair in given)
        yield field.name.replace("_", " "), "-" if given in ("", None) else str(given)


def package_versions(packages: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return (package, version) of each; NOT_INSTALLED for a package that is not installed."""
    return tuple((package, _package_version(package)) for package in packages)


def _package_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return NOT_INSTALLED
