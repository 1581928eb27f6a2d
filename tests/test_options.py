"""Options that commands share, and what they come to."""

import pytest

import avrb_wds as avrb
from avrb_wds.tools.parsing import chosen_conditions, open_shards, size_in_bytes, storage_options


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("20GB", 20 * 10**9),
        ("20gb", 20 * 10**9),
        ("20 G", 20 * 10**9),
        ("20GiB", 20 << 30),
        ("1.5M", 1_500_000),
        ("2TiB", 2 << 40),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert size_in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "20XB", "1e9", "20iB", "2 0GB", "inf"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(avrb.UsageError, match=r"is not a number of bytes; give one as in 20GB"):
        size_in_bytes(text)


def test_storage_options() -> None:
    given = ["endpoint=http://localhost:8333/?a=b", "skip_signature=true", "headers.X-Id=7"]
    assert storage_options(given) == {
        "endpoint": "http://localhost:8333/?a=b", "skip_signature": "true",
        "headers": {"X-Id": "7"},
    }  # fmt: skip
    assert storage_options(None) is storage_options([]) is None


@pytest.mark.parametrize("text", ["hunter2", "=hunter2"])
def test_half_a_storage_option_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(avrb.UsageError, match=r"number 2 has no key; give KEY=VALUE") as caught:
        storage_options(["region=eu", text])
    assert "hunter2" not in str(caught.value)


def test_conditions() -> None:
    assert len(chosen_conditions(None, None, True)) == 76
    assert len(chosen_conditions(None, ["3"], False)) == 15
    chosen = chosen_conditions(["rain"], ["5", "0+5", "1+0"], True)
    assert [str(c) for c in chosen] == ["clean", "rain-5", "rain-0+5", "rain-1+0"]


@pytest.mark.parametrize("text", ["", "6", "0", "3+6", "0+0", "1+2+3", "x", "-1", "3.0", "+3"])
def test_what_is_no_severity(text: str) -> None:
    with pytest.raises(avrb.UsageError, match="severity"):
        chosen_conditions(["rain"], [text], True)


def test_half_a_cache_is_refused(tmp_path) -> None:
    with pytest.raises(avrb.UsageError, match="give both or neither"):
        open_shards("http://localhost/x.tar", None, tmp_path, None)
