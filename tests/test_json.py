"""JSON from outside: what is read, what is refused, and in which words."""

import json
from pathlib import Path

import pytest

import avrb_wds as avrb
from avrb_wds.shards.json_io import Fields, loads, loads_object

GOOD = {
    "plain": (b'{"a": [1, -2.5, true, null, "\xc3\xa9"]}', {"a": [1, -2.5, True, None, "é"]}),
    "byte order mark": (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    "UTF-16": ('{"a": "é"}'.encode("utf-16"), {"a": "é"}),
    "half a character": (b'["\\udce9"]', ["\udce9"]),
    "a large seed": (b"18446744073709551616", 1 << 64),
    "the largest number": (b"1.7976931348623157e308", 1.7976931348623157e308),
    "the smallest number": (b"5e-324", 5e-324),
    "64 lists": (b"[" * 64 + b"0" + b"]" * 64, None),
    "many lists": (b"[" + b"[0]," * 1000 + b"[0]]", [[0]] * 1001),
    "brackets in text": (b'"' + b"[{" * 200 + b'"', "[{" * 200),
}


@pytest.mark.parametrize(("data", "value"), GOOD.values(), ids=GOOD)
def test_read(data: bytes, value: object) -> None:
    assert loads(data, "x.json") == (json.loads(data) if value is None else value)


BAD = {
    "nothing": (b"", "Expecting value"),
    "two values": (b"1 2", "Extra data"),
    "not UTF-8": (b'"caf\xe9"', "'utf-8' codec can't decode byte 0xe9"),
    "NaN": (b'{"a": NaN}', "it has NaN, which JSON has not"),
    "infinity": (b"[-Infinity]", "it has -Infinity, which JSON has not"),
    "infinity by size": (b"1e400", "it has a number beyond 1.8e308"),
    "400 digits": (b"9" * 400, "it has a number of 400 digits"),
    "a million digits": (b"-" + b"9" * 1_000_000, "it has a number of 1000001 digits"),
    "a real of 400 digits": (b"9" * 400 + b".5", "it has a number beyond 1.8e308"),
    "a field twice": (b'[{"a": 1, "b": 2, "a": 1}]', "it has the field 'a' twice"),
    "65 lists": (b"[" * 65 + b"0" + b"]" * 65, "it is nested more than 64 deep"),
    "100,000 lists": (b"[" * 100_000, "it is nested more than 64 deep"),
    "100,000 whole objects": (
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "it is nested more than 64 deep",
    ),
    "objects in lists": (b'[{"a":' * 40 + b"1" + b"}]" * 40, "it is nested more than 64 deep"),
}


@pytest.mark.parametrize(("data", "fault"), BAD.values(), ids=BAD)
def test_refused(data: bytes, fault: str) -> None:
    with pytest.raises(avrb.DataError, match=f"^x.json is not JSON: {fault}.*[.]$"):
        loads(data, "x.json")


def test_an_object_is_asked_for() -> None:
    assert loads_object(b'{"a": 1}', "x.json") == {"a": 1}
    with pytest.raises(avrb.DataError, match=r"^x.json is not a JSON object\.$"):
        loads_object(b"[1]", "x.json")


@pytest.mark.parametrize("value", [-1, True, 1.0, "1", None, 1 << 63, 10**60])
def test_what_is_no_count(value: object) -> None:
    with pytest.raises(avrb.DataError, match=r"^x.json: 'a' is .*, not a non-negative integer"):
        Fields({"a": value}, "x.json").non_negative_int("a")


@pytest.mark.parametrize("value", [10**309, -(10**309), float("nan"), float("inf"), True, "1"])
def test_what_is_no_finite_number(value: object) -> None:
    with pytest.raises(avrb.DataError, match=r"^x.json: 'a' is .*, not a finite number\.$"):
        Fields({"a": value}, "x.json").number("a")


def test_a_message_is_a_few_lines_whatever_it_quotes() -> None:
    with pytest.raises(avrb.DataError) as caught:
        Fields({"a": "x" * 70_000}, "x.json").non_negative_int("a")
    said = str(caught.value)
    assert len(said) < 1000
    assert said.startswith("x.json: 'a' is 'xxx")
    assert said.endswith("xxx', not a non-negative integer.")


def test_nesting_without_end_in_files_of_runs(tmp_path: Path) -> None:
    """Each is read by another module; a RecursionError once came through."""
    nested = tmp_path / "nested.json"
    nested.write_bytes(b"[" * 100_000)
    with pytest.raises(avrb.DataError, match="nested more than 64 deep"):
        avrb.AVRobustBench(str(nested))
    with pytest.raises(avrb.DataError, match="nested more than 64 deep"):
        avrb.read_report(nested)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".avrb-corrupt.json").write_bytes(b"[" * 100_000)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").touch()
    with pytest.raises(avrb.UsageError, match="was not made by avrb corrupt"):
        avrb.corrupt_folder(tmp_path / "in", tmp_path / "out", "rain", 1, resume=True)
