"""What `KEY.json` says about a clip, and the key an id gets."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from typing import Annotated

from ..errors import DataError
from .json_io import Fields, dumps, from_json, loads


def _target(given: Fields, name: str) -> int | tuple[int, ...] | None:
    value = given.values[name]
    numbers = value if isinstance(value, list) else [] if value is None else [value]
    if any(isinstance(n, bool) or not isinstance(n, int) or not 0 <= n < 1 << 63 for n in numbers):
        raise DataError(f"{given.where}: target {value!r} is not a class number or a list of them.")
    return tuple(value) if isinstance(value, list) else value


Target = Annotated[int | tuple[int, ...] | None, _target]
"""One class by number, several (multi-label), or none known."""

# USTAR holds 100 bytes of name; a key leaves room for ".frame_0000.webp" and more.
LONGEST_KEY = 80
DIGEST = 16


@dataclass(frozen=True)
class ClipRecord:
    """Labels and source of a clip.

    Attributes:
        video_id: The id in the source.
        labels: Names of its classes.
        target: Index into the manifest's class list; several in a tuple; None without labels.
        source: The packed file.
        duration_s: Duration of the audio, in seconds.

    Example:
        >>> ClipRecord("a.b", ("dog",), 0, "a.b.mp4", 1.5).to_bytes()
        b'{"duration_s":1.5,"labels":["dog"],"source":"a.b.mp4","target":0,"video_id":"a.b"}'
    """

    video_id: str
    labels: tuple[str, ...]
    target: Target
    source: str
    duration_s: float

    def to_bytes(self) -> bytes:
        """Return the record as canonical JSON."""
        return dumps(asdict(self))

    @classmethod
    def find(cls, data: bytes, where: str) -> ClipRecord | None:
        """Read the record of a clip of any origin.

        Args:
            data: Bytes of the clip's "json" member.
            where: Name of the clip, for messages.

        Returns:
            The record; None if the JSON has not exactly the fields of a record.

        Raises:
            DataError: The record is invalid.
        """
        if not all(f'"{field.name}"'.encode() in data for field in fields(cls)):
            return None
        value = loads(data, where)
        ours = isinstance(value, dict) and set(value) == {field.name for field in fields(cls)}
        return cls.from_bytes(data, where) if ours else None

    @classmethod
    def from_bytes(cls, data: bytes, where: str = "the clip's json") -> ClipRecord:
        """Read a record.

        Args:
            data: Bytes of the clip's "json" member.
            where: Name of the clip, for messages.

        Raises:
            DataError: The bytes are not a valid record.
        """
        return from_json(cls, loads(data, where), where)


def escape_key(video_id: str) -> str:
    """Make the key of a clip: its id, percent-escaped where tar or webdataset would misread it.

    Escaped are the dot, both slashes, the percent sign, control characters, bytes that are not
    UTF-8, and a leading "__". A key longer than 80 bytes is cut and ends in a digest of the id.

    Args:
        video_id: The id.

    Example:
        >>> escape_key("v1.2/a"), escape_key("__meta__"), escape_key("BkjpjAohg-0")
        ('v1%2E2%2Fa', '%5F_meta__', 'BkjpjAohg-0')
    """
    key = "".join(_escape(character) for character in video_id)
    if key.startswith("__"):
        key = "%5F" + key[1:]
    if len(key.encode()) <= LONGEST_KEY:
        return key
    digest = hashlib.sha256(video_id.encode(errors="surrogateescape")).hexdigest()[:DIGEST]
    start = key.encode()[: LONGEST_KEY - DIGEST - 1].decode(errors="ignore")
    return f"{start}-{digest}"


def _escape(character: str) -> str:
    if character in "./\\%" or not (character.isprintable() or character == " "):
        coded = character.encode(errors="surrogateescape")
        return "".join(f"%{byte:02X}" for byte in coded)
    return character
