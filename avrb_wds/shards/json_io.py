"""JSON, written in one form only, and read strictly."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from ..condition import Condition
from ..corruptions._json import parse_json
from ..errors import DataError, UsageError, reason

T = TypeVar("T")


def dumps(value: Any) -> bytes:
    """Encode a JSON value: sorted keys, no spaces, ASCII only, so the same value is the same bytes.

    >>> dumps({"b": [1, 2], "a": "é"})
    b'{"a":"\\\\u00e9","b":[1,2]}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def loads(data: bytes, where: str) -> Any:
    """Decode a JSON value; raises DataError, naming `where`, where `parse_json` refuses it."""
    try:
        return parse_json(data)
    except ValueError as error:
        raise DataError(f"{where} is not JSON: {reason(error)}.") from error


def loads_object(data: bytes, where: str) -> dict[str, Any]:
    """Decode a JSON object; raises DataError, naming `where`, for anything else."""
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
    """The fields of a JSON object, each read by its type.

    where: the file, and the place in it, for messages.  lenient: whether objects in it may have
    other fields besides.

    >>> Fields.of({"clips": 3}, "manifest.json", {"clips"}).non_negative_int("clips")
    3
    """

    values: dict[str, Any]
    where: str
    lenient: bool = False

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
        """The same, ignoring other fields, in nested objects too."""
        there = {name: field for name, field in _object(value, where).items() if name in names}
        return cls(cls.of(there, where, names).values, where, lenient=True)

    def _wrong(self, name: str, expected: str) -> DataError:
        return DataError(f"{self.where}: {name!r} is {self.values[name]!r}, not {expected}.")

    def text(self, name: str) -> str:
        """A string."""
        value = self.values[name]
        if not _is_text(value):
            raise self._wrong(name, "text")
        return str(value)

    def non_negative_int(self, name: str) -> int:
        """A non-negative integer of at most 63 bits: a number of bytes, clips or frames."""
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
            raise self._wrong(name, "a non-negative integer")
        return value

    def integer(self, name: str) -> int:
        """An integer of any sign."""
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "an integer")
        return value

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

    def items(self, name: str) -> Iterator[tuple[Fields, str]]:
        """The items of a list, each as a field of its own: "shard 0" is the first of "shards"."""
        value = self.values[name]
        if not isinstance(value, list):
            raise DataError(f"{self.where}: {name!r} is not a list.")
        for index, item in enumerate(value):
            label = f"{name.removesuffix('s')} {index}"
            yield Fields({label: item}, self.where, self.lenient), label

    def nested(self, name: str, kind: type[T]) -> T:
        """An object, read as a dataclass: by its own `from_json` where it has one."""
        value, where = self.values[name], f"{self.where}: {name}"
        own = getattr(kind, "from_json", None)
        read: T = own(value, where) if own else from_json(kind, value, where, lenient=self.lenient)
        return read

    def one_of(self, name: str, allowed: Collection[str]) -> str:
        """One of these strings."""
        value = self.values[name]
        if not isinstance(value, str) or value not in allowed:
            choices = ", ".join(allowed)
            raise DataError(f"{self.where}: {name} {value!r} is not one of {choices}.")
        return value

    def condition(self, name: str) -> Condition:
        """The name of a condition."""
        try:
            return Condition.parse(self.text(name))
        except UsageError as error:
            raise DataError(f"{self.where}: {reason(error)}.") from error

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
        """The name of a file in the same folder: no path, no URL."""
        value = self.text(name)
        if not value.isprintable() or value[:1] in ("", ".") or set(value) & set("/\\:|?#%"):
            raise self._wrong(name, "a plain file name")
        return value


Sha256 = Annotated[str, Fields.sha256]
FileName = Annotated[str, Fields.file_name]
SignedInt = Annotated[int, Fields.integer]
"""Types of fields that `from_json` reads by the function they are annotated with."""

Reader = Callable[[Fields, str], Any]

_PLAIN: dict[Any, Reader] = {
    str: Fields.text,
    int: Fields.non_negative_int,
    float: Fields.number,
    Condition: Fields.condition,
    tuple[str, ...]: Fields.texts,
    tuple[tuple[str, str], ...]: Fields.text_by_name,
}


def from_json(
    kind: type[T], value: Any, where: str, *, lenient: bool = False, other: Collection[str] = ()
) -> T:
    """Read a JSON object as a dataclass, each field by its type.

    The types: `str`, `int` (non-negative), `float`, `Condition`, `Literal`, dataclasses, tuples of
    any of these, each of them or None, pairs of strings (as an object), and `Annotated` with a
    function of `Fields` and the field's name.

    A field whose metadata has "json" is called that in the JSON.

    lenient: ignore other fields.  other: fields that the object has and the dataclass has not.
    Raises DataError, naming `where`, for any other object, and for values that the dataclass
    itself refuses.

    >>> @dataclass
    ... class Size:
    ...     height: int
    ...     name: str | None
    >>> from_json(Size, {"height": 2, "name": None}, "a.json")
    Size(height=2, name=None)
    >>> from_json(Size, {"height": "2", "name": None}, "a.json")
    Traceback (most recent call last):
    avrb_wds.errors.DataError: a.json: 'height' is '2', not a non-negative integer.
    """
    readers = _readers(cast(Hashable, kind))  # which mypy does not see
    take = Fields.among if lenient else Fields.of
    given = take(value, where, {*(spelled for _, spelled, _ in readers), *other})
    values = {name: read(given, spelled) for name, spelled, read in readers}
    try:
        return kind(**values)
    except UsageError as error:
        raise DataError(f"{where}: {reason(error)}.") from error


@cache
def _readers(kind: Any) -> tuple[tuple[str, str, Reader], ...]:
    """The fields of a dataclass: name, name in the JSON, and what reads it."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        (field.name, field.metadata.get("json", field.name), _reader(hints[field.name]))
        for field in fields(kind)
    )


def _reader(kind: Any) -> Reader:
    """What reads a field of this type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        read: Reader = arguments[1]
        return read
    if kind in _PLAIN:
        return _PLAIN[kind]
    if origin is Literal:
        return lambda given, name: given.one_of(name, arguments)
    if type(None) in arguments:
        inner = _reader(next(kind for kind in arguments if kind is not type(None)))
        return lambda given, name: None if given.values[name] is None else inner(given, name)
    if origin is tuple:
        each = _reader(arguments[0])
        return lambda given, name: tuple(each(*item) for item in given.items(name))
    return lambda given, name: given.nested(name, kind)


def _is_text(value: Any) -> bool:
    """Whether it is a string; lone surrogates, which are bytes of file names, are allowed."""
    if not isinstance(value, str):
        return False
    try:
        value.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True
