"""Brace expressions: as many names as they stand for, told before they are made."""

from pathlib import Path

import pytest
from braceexpand import braceexpand
from hypothesis import given
from hypothesis import strategies as st

import avrb_wds as avrb
from avrb_wds.shards.locate import count_names

NUMBERS = st.integers(-30, 300).map(str)
RANGES = st.tuples(NUMBERS, NUMBERS, st.sampled_from(["", "..2", "..-3", "..0"])).map(
    lambda parts: f"{{{parts[0]}..{parts[1]}{parts[2]}}}"
)
TEXTS = st.sampled_from(["a", "b.tar", "\\{", "\\,", "", "{a}", "{a..c}x", "..", ","])
EXPRESSIONS = st.recursive(
    st.one_of(RANGES, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "{" + ",".join(parts) + "}"),
    ),
    max_leaves=4,
)


@given(EXPRESSIONS)
def test_the_count_is_that_of_the_names(text: str) -> None:
    count = count_names(text)
    assert count > 100_000 or count == sum(1 for _ in braceexpand(text))


TOO_MANY = [
    "{00000000..99999999}.tar",
    "{0..9}" * 8,
    "{1,2}" * 30,
    "{a,{0..99999999}}.tar",
    "s3://bucket/{0..1000000}.tar",
    "{A..z}" * 100,
    "{0..99999999999999999999}.tar",
    "{0..9" + "9" * 5000 + "}.tar",
    "{" * 101 + "}" * 101,
]


@pytest.mark.parametrize("text", TOO_MANY)
def test_too_many_are_refused_at_once(text: str) -> None:
    with pytest.raises(avrb.UsageError, match=r"more than 100 braces|names too many files at once"):
        avrb.load(text, "impulse", 1)


@pytest.mark.parametrize("text", ["{0..1", "0..1}", "{a,{b}"])
def test_braces_that_do_not_close(text: str) -> None:
    with pytest.raises(avrb.UsageError):
        avrb.load(text, "impulse", 1)


def test_a_file_whose_name_has_braces_is_that_file(tmp_path: Path) -> None:
    name = tmp_path / "{0..99999999}.tar"
    name.write_bytes(bytes(1024))
    with avrb.ShardSet.open(name) as shards:
        assert len(shards) == 0


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".tar", "y/" * 3000, "a\0b.tar"])
def test_a_name_that_no_file_has(name: str) -> None:
    with pytest.raises(avrb.UsageError, match="; give a folder, a manifest or tars"):
        avrb.load(name, "impulse", 1)
