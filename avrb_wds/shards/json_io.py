"""JSON in one spelling only when written, and taken apart strictly when read."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from ..corruptions._json import parse_json
from ..errors import DataError, reason


def dumps(value: Any) -> bytes:
    """A JSON value as bytes: keys sorted, no spaces, plain ASCII, and so the same everywhere.

    >>> dumps({"b": [1, 2], "a": "é"})
    b'{"a":"\\\\u00e9","b":[1,2]}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def loads(data: bytes, where: str) -> Any:
    """The JSON value that `data` spells; raises DataError, naming `where`, if it spells none.

    What is refused besides is said in `parse_json`.
    """
    try:
        return parse_json(data)
    except ValueError as error:
        raise DataError(f"{where} is not JSON: {reason(error)}.") from error


def loads_object(data: bytes, where: str) -> dict[str, Any]:
    """The JSON object that `data` spells; raises DataError, naming `where`, if it spells none."""
    return _object(loads(data, where), where)


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{where} is not a JSON object.")
    return value


def check_format(value: Any, where: str, known: str) -> None:
    """Raise DataError, naming `where`, unless `value` is an object whose "format" is `known`."""
    _object(value, where)
    if value.get("format") != known:
        raise DataError(
            f"{where} has format {value.get('format')!r}; this version reads {known!r}."
        )


@dataclass(frozen=True)
class Fields:
    """A JSON object of which every field is asked for by type.

    >>> Fields.of({"clips": 3}, "manifest.json", {"clips"}).non_negative_int("clips")
    3
    """

    values: dict[str, Any]
    where: str

    @classmethod
    def of(cls, value: Any, where: str, names: Collection[str]) -> Fields:
        """`value` as an object with exactly the fields `names`; raises DataError otherwise."""
        _object(value, where)
        missing, unknown = sorted(set(names) - set(value)), sorted(set(value) - set(names))
        if missing:
            raise DataError(f"{where} lacks {', '.join(map(repr, missing))}.")
        if unknown:
            raise DataError(f"{where} has unknown fields: {', '.join(map(repr, unknown))}.")
        return cls(value, where)

    @classmethod
    def among(cls, value: Any, where: str, names: Collection[str]) -> Fields:
        """As `of`, where other fields may stand beside these."""
        there = {name: field for name, field in _object(value, where).items() if name in names}
        return cls.of(there, where, names)

    def _wrong(self, name: str, expected: str) -> DataError:
        return DataError(f"{self.where}: {name!r} is {self.values[name]!r}, not {expected}.")

    def text(self, name: str) -> str:
        """A string."""
        value = self.values[name]
        if not _is_text(value):
            raise self._wrong(name, "text")
        return str(value)

    def non_negative_int(self, name: str) -> int:
        """A whole number from 0 up, of 63 bits: what counts bytes, clips or frames."""
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
            raise self._wrong(name, "a whole number from 0 up")
        return value

    def integer(self, name: str) -> int:
        """An integer of any sign."""
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "an integer")
        return value

    def non_negative_int_or_none(self, name: str) -> int | None:
        """A whole number from 0 up, or null."""
        return None if self.values[name] is None else self.non_negative_int(name)

    def number(self, name: str) -> float:
        """A finite number."""
        value = self.values[name]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not -sys.float_info.max <= value <= sys.float_info.max:
            raise self._wrong(name, "a finite number")
        return float(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self.values[name]
        if not isinstance(value, list) or not all(map(_is_text, value)):
            raise self._wrong(name, "a list of texts")
        return tuple(value)

    def objects(self, name: str, names: Collection[str]) -> Iterator[Fields]:
        """A list of objects, which have these fields at least."""
        value = self.values[name]
        if not isinstance(value, list):
            raise self._wrong(name, "a list of objects")
        for number, one in enumerate(value):
            yield Fields.among(one, f"{self.where}: {name} {number}", names)

    def text_by_name(self, name: str) -> tuple[tuple[str, str], ...]:
        """An object whose values are strings, as pairs."""
        value = self.values[name]
        if not isinstance(value, dict) or not all(map(_is_text, (*value, *value.values()))):
            raise self._wrong(name, "an object of texts")
        return tuple(value.items())

    def sha256(self, name: str) -> str:
        """The hexadecimal digits of a SHA-256 digest."""
        value = self.text(name)
        if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
            raise self._wrong(name, "a SHA-256 digest")
        return value

    def file_name(self, name: str) -> str:
        """The name of a file beside this one: no folder, no scheme, no way out."""
        value = self.text(name)
        if not value.isprintable() or value[:1] in ("", ".") or set(value) & set("/\\:|?#%"):
            raise self._wrong(name, "a plain file name")
        return value


def _is_text(value: Any) -> bool:
    """Whether it is text, in which bytes of a file's name may stand as Python has them."""
    if not isinstance(value, str):
        return False
    try:
        value.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # half of a character that JSON spells in two
        return False
    return True
