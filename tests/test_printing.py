"""What commands print goes to any stream: closed, full, narrow, in any encoding.

Streams are real: descriptors that are closed, /dev/full, pipes in other encodings.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from helpers.cli import AVRB, run_avrb
from helpers.reports import made_report
from helpers.shards import clips, write_shards
from rich.table import Table

from avrb_wds.reports import Report
from avrb_wds.reports.terminal import report_table
from avrb_wds.tools.output import ERRORS, escape_control, prepare_streams
from avrb_wds.tools.tables import print_table

# Closes or redirects streams before the command starts, which subprocess cannot.
SHELL = 'exec "$0" "$@" '


def run_redirected(redirection: str, *words: str, folder: Path, **env: str) -> tuple[int, str, str]:
    """(status, stdout, stderr) of `avrb WORDS` with the redirection of a shell."""
    done = subprocess.run(
        ["sh", "-c", SHELL + redirection, *AVRB, *words], cwd=folder,
        capture_output=True, text=True, env={**os.environ, **env}, timeout=240,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("printing")
    write_shards(made / "shards", clips(2))
    return made


FULL = "avrb: standard output cannot be written: No space left on device.\n"


@pytest.mark.parametrize(
    ("redirection", "words", "expected"),
    [
        (">/dev/full", ("info", "shards"), (1, "", FULL)),  # it was run for what it prints
        (">/dev/full", ("verify", "shards"), (0, "", FULL)),  # the status says it too
        (">/dev/full", ("--help",), (1, "", FULL)),
        (">&-", ("info", "shards"), (0, "", "")),  # nobody asked for output
        (">&- 2>&- <&-", ("info", "shards"), (0, "", "")),
        ("2>&-", ("info", "nowhere"), (2, "", "")),
        ("2>/dev/full", ("info", "nowhere"), (2, "", "")),
    ],
)
def test_streams_that_cannot_be_written(redirection, words, expected, folder: Path) -> None:
    assert run_redirected(redirection, *words, folder=folder) == expected


def test_a_file_that_is_written_never_gets_the_number_of_a_closed_stream(folder: Path) -> None:
    words = ("render", "shards", "rendered", "--corruption=rain", "--severity=1")
    assert run_redirected(">&- 2>&- <&-", *words, folder=folder) == (0, "", "")
    assert run_avrb("verify", "rendered", "--deep", folder=folder).stdout == "no faults\n"


def test_streams_that_are_open_stay_as_they_are() -> None:
    before = [os.fstat(number) for number in range(3)]
    prepare_streams()
    assert [os.fstat(number).st_ino for number in range(3)] == [stat.st_ino for stat in before]


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "euc-jp", "cp1252", "utf-8"])
def test_any_text_in_any_encoding(encoding: str) -> None:
    prepare_streams()
    text = "95 %: 10.0\N{EN DASH}25.0 \N{MINUS SIGN}1 d\N{PRIME} …: caf\udce9 \N{GRINNING FACE}"
    coded = text.encode(encoding, ERRORS)
    assert coded.endswith((b"\\U0001f600", "\N{GRINNING FACE}".encode()))
    assert b"caf\xe9" in coded
    if encoding in ("ascii", "iso-8859-1"):
        assert coded.startswith(b"95 %: 10.0-25.0 -1 d' ...: ")


def test_a_report_in_another_encoding_is_no_error(folder: Path) -> None:
    code = (
        "from avrb_wds.tools.output import prepare_streams; prepare_streams();"
        "from avrb_wds.tools.tables import print_table;"
        "from avrb_wds.reports.terminal import report_table;"
        "from helpers.reports import made_report;"
        "print_table(report_table(made_report({'clean': 1.0, 'rain-1': .5})), is_saved=False)"
    )
    found = {}
    for encoding in ("utf-8", "ascii", "euc-jp"):
        env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=env)
        assert (done.returncode, done.stderr) == (0, b"")
        found[encoding] = done.stdout.decode(encoding)
    plain = found["utf-8"].replace("\N{EN DASH}", "-").replace("─", "-")
    assert found["ascii"] == plain
    assert "─" in found["euc-jp"]


def made_table() -> Table:
    scores = {f"{name}-{s}": 1 - s / 9 for name in ("rain", "interference") for s in range(1, 6)}
    return report_table(made_report({"clean": 1.0, **scores}))


@pytest.mark.parametrize("columns", [1, 20, 31, 50, 60, 79, 80, 200, None])
def test_no_digit_of_a_table_is_cut_off(columns, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", str(columns))
    made = made_table()
    print_table(made, is_saved=False)
    lines = capsys.readouterr().out.splitlines()
    for name, *cells in zip(*(column.cells for column in made.columns), strict=True):
        found = [line.split()[1:] for line in lines if line.split()[:1] == [str(name)]]
        assert list(chain(*found)) == [str(cell) for cell in cells if str(cell)]
    headings = chain(*(line.split()[1:] for line in lines if line.startswith("corruption ")))
    assert list(headings) == ["1", "2", "3", "4", "5", "mean", "abs", "rel"]
    if columns is not None and columns >= 31:
        assert max(map(len, lines)) <= max(columns, 80)
    assert "".join("".join(lines).split()).count("100.0(10clips)") == 1


EVIL = "\x1b]0;evil\x07\x1b[2J\x9b31m\r\n"


def named(report: Report, name: str) -> Report:
    return replace(report, model=name, receipt=replace(report.receipt, dataset=name))


def test_names_from_outside_send_nothing_to_the_terminal(capsys) -> None:
    made = named(made_report({"clean": 1.0, "rain-1": 0.5}), EVIL)
    print_table(report_table(made), is_saved=True)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", capsys.readouterr().out)
    assert escape_control(EVIL).isprintable()


LONG = "x" * 300


@pytest.mark.parametrize(
    "words",
    [
        ("info", LONG), ("verify", LONG), ("pack", LONG, "out"), ("corrupt", LONG, "out.png"),
        ("report", LONG), ("compare", LONG, LONG), ("preview", LONG, "page.html"),
        ("bank", "info", LONG), ("cache", "info", LONG), ("digest", "shards", "--check", LONG),
        ("digest", "shards", "--out", LONG), ("render", "shards", LONG),
    ],
)  # fmt: skip
def test_a_name_that_is_too_long_is_one_sentence(words, folder: Path) -> None:
    some = words[0] in ("corrupt", "render", "digest")
    more = ["--corruption=rain", "--severity=1"] if some else []
    done = run_avrb(*words, *more, folder=folder)
    assert done.returncode in (1, 2)
    assert re.fullmatch(r"avrb: [^\n]*File name too long[^\n]*\.\n", done.stderr)


def test_a_working_directory_that_is_gone_is_one_sentence(folder: Path) -> None:
    gone = 'mkdir "$PWD/gone" && cd gone && rmdir "$PWD" && exec "$0" "$@"'
    words = ["evaluate", "mymodel:load", str(folder / "shards"), "--out", "run"]
    done = subprocess.run(
        ["sh", "-c", gone, *AVRB, *words], cwd=folder, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 2
    assert done.stderr == (
        "avrb: the working directory does not exist any more; change to another one.\n"
    )


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_user_whom_the_system_does_not_know_is_told_what_to_give() -> None:
    code = """
import os
from avrb_wds.packing import staging_folder
os.setuid(54321)
for name in ("HOME", "XDG_CACHE_HOME"): os.environ.pop(name, None)
try: print(staging_folder("s3://bucket/x"))
except Exception as error: print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("UsageError s3://bucket/x needs a folder to make its files in")
