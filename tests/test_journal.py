"""What a run goes on from is as it was written, or it is refused."""

import random
import shutil
from pathlib import Path

import pytest
from helpers.rendering import content, write_source

import avrb_wds as avrb
from avrb_wds.building.log import Log
from avrb_wds.errors import AvrbError, DataError

JOURNAL = ".avrb-pack.jsonl"


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> Path:
    return write_source(tmp_path_factory.mktemp("journal") / "s")


def render(shards: Path, out: Path, layout: str) -> None:
    options = avrb.RenderOptions(layout=layout, clips_per_shard=2)
    avrb.render(shards, out, "gaussian", 3, options, num_workers=0, resume=True)


@pytest.fixture(scope="module", params=["shards", "avrobustbench"])
def whole(request, shards: Path, tmp_path_factory) -> tuple[str, Path]:
    out = tmp_path_factory.mktemp("whole") / request.param
    render(shards, out, request.param)
    return request.param, out


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    with Log(tmp_path, "log") as log:
        for number in range(3):
            log.add({"number": number, "name": "é"})
        values = [*log.values]
    assert values == []
    data = (tmp_path / "log").read_bytes()
    for at in range(len(data)):
        for other in {data[at] ^ 1, ord("\n")} - {data[at]}:
            (tmp_path / "log").write_bytes(data[:at] + bytes([other]) + data[at + 1 :])
            if at < len(data) - 1:
                with pytest.raises(DataError, match=r"line \d was changed since it was written"):
                    Log(tmp_path, "log")
            else:  # as if a kill had cut off the last line
                with Log(tmp_path, "log") as log:
                    assert [value["number"] for value in log.values] == [0, 1]
    lines = data.splitlines(keepends=True)
    for wrong in ([0, 2], [1, 2], [0, 1, 1, 2], [0, 2, 1], [0, 0, 1, 2]):
        (tmp_path / "log").write_bytes(b"".join(lines[number] for number in wrong))
        with pytest.raises(DataError, match=r"log: line \d was changed"):
            Log(tmp_path, "log")


@pytest.mark.parametrize(
    "data",
    [
        b'{"name":"k","clips":3}\n{"done":1}\n',  # as it was once, without checksums
        b"mine",
        b"\n",
        b"\xff\n",
    ],
)
def test_a_file_that_is_no_log_is_left(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(data)
    with pytest.raises(DataError, match="line 1 was changed since it was written; give a new f"):
        Log(tmp_path, "log")
    assert (tmp_path / "log").read_bytes() == data


def test_a_line_cut_short_was_never_written(tmp_path: Path) -> None:
    with Log(tmp_path, "log") as log:
        log.add({"a": 1})
    whole = (tmp_path / "log").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "log").write_bytes(whole[:length])
        with Log(tmp_path, "log") as log:
            assert log.values == []
            log.add({"a": 1})
        assert (tmp_path / "log").read_bytes() == whole


def test_a_digit_changed_in_a_journal(shards: Path, whole, tmp_path: Path) -> None:
    layout, out = whole
    data = (out / JOURNAL).read_bytes()
    digits = [at for at in range(len(data)) if chr(data[at]).isdigit()]
    for at in random.Random(0).sample(digits, 12):
        shutil.copytree(out, tmp_path / f"{at}")
        other = bytes([data[at] ^ 1])
        (tmp_path / f"{at}" / JOURNAL).write_bytes(data[:at] + other + data[at + 1 :])
        with pytest.raises(AvrbError, match=r"line \d was changed since it was written"):
            render(shards, tmp_path / f"{at}", layout)


def test_what_is_named_is_read_once_more(shards: Path, whole, tmp_path: Path) -> None:
    layout, out = whole
    named = [name for name in content(out) if name.endswith((".tar", ".index.jsonl", "wav", "jpg"))]
    assert len(named) == {"shards": 6, "avrobustbench": 15}[layout]
    for name in named:
        (path := tmp_path / "o" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(out, tmp_path / "o", dirs_exist_ok=True)
        data = bytearray((out / name).read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        with pytest.raises(DataError, match="is gone or changed since it was written; give a new"):
            render(shards, tmp_path / "o", layout)
        path.unlink()
        with pytest.raises(DataError, match=r"is gone or changed since it was written: No such "):
            render(shards, tmp_path / "o", layout)
        shutil.rmtree(tmp_path / "o")


def test_the_journal_is_the_same_after_a_kill(shards: Path, whole, tmp_path: Path) -> None:
    layout, out = whole
    lines = (out / JOURNAL).read_bytes().splitlines(keepends=True)
    for kept in range(len(lines)):
        shutil.copytree(out, tmp_path / f"{kept}")
        begun = b"".join(lines[:kept]) + lines[kept][:20]
        (tmp_path / f"{kept}" / JOURNAL).write_bytes(begun)
        if kept == 0:  # nothing says whose these files are
            with pytest.raises(avrb.UsageError, match="is not empty and has no earlier pack"):
                render(shards, tmp_path / f"{kept}", layout)
            shutil.rmtree(tmp_path / "0")
            (tmp_path / "0").mkdir()
            (tmp_path / "0" / JOURNAL).write_bytes(begun)
        render(shards, tmp_path / f"{kept}", layout)
        assert content(tmp_path / f"{kept}") == content(out)
