"""Reports in every format: whole, escaped, the same bytes each time."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.reports import made_report
from rich.console import Console
from rich.table import Table

import avrb_wds as avrb
from avrb_wds.reports import (
    FILES,
    Report,
    SkippedClip,
    report_csv,
    report_json,
    report_markdown,
    report_page,
    report_table,
    with_baseline,
    write_report,
)

CONDITIONS = [str(condition) for condition in avrb.conditions()]
EVIL = "<img src=x onerror=alert(1)>&\"'|`*_"


@pytest.fixture(scope="module")
def report() -> Report:
    """All 76 conditions, a baseline and two skipped clips."""
    scores = {text: round(0.95 - 0.01 * place, 4) for place, text in enumerate(CONDITIONS)}
    ours, theirs = made_report(scores), made_report({**scores, "clean": 0.97, "rain-5": 0.1})
    skipped = (SkippedClip("a", "s-0.tar", "checksum", 76), SkippedClip(EVIL, EVIL, EVIL, 1))
    return replace(with_baseline(ours, theirs), skipped=skipped)


def evil(report: Report) -> Report:
    return replace(
        report,
        model=EVIL,
        receipt=replace(report.receipt, dataset=EVIL, transform=EVIL),
        baseline=replace(report.baseline, model=EVIL),
    )


def lines(shown: Table, width: int = 80) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(shown)
    return console.file.getvalue().splitlines()


def test_the_table_is_whole_at_80_columns(report: Report) -> None:
    shown = lines(report_table(report))
    assert max(map(len, shown)) <= 80
    assert not any("…" in line for line in shown)
    [head] = [line for line in shown if line.startswith("corruption")]
    assert head.split() == [
        "corruption", "1", "2", "3", "4", "5", "mean", "abs", "rel", "CE", "relCE",
    ]  # fmt: skip
    [gaussian] = [line for line in shown if line.startswith("gaussian")]
    # 0.94 … 0.90 under clean 0.95: a drop of 0.03, as in the baseline but for clean
    assert gaussian.split()[1:9] == ["94.0", "93.0", "92.0", "91.0", "90.0", "92.0", "97.0", "96.8"]
    for name in (*avrb.corruptions.CORRUPTIONS, "environmental", "human-related"):
        assert sum(line.startswith(f"{name} ") for line in shown) == 1


def test_the_table_takes_names_as_they_are(report: Report) -> None:
    """A model called "[red]" is no style."""
    assert lines(report_table(replace(report, model="[red]m")))[0].startswith("[red]m on set")


def test_the_csv_has_a_row_a_condition(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(report_csv(report))))
    assert [row["condition"] for row in rows] == CONDITIONS
    row = rows[1]
    assert (row["corruption"], row["severity"], row["clips"]) == ("gaussian", "1", "10")
    assert (row["accuracy"], row["low"], row["high"], row["drop"]) == (
        "0.94",
        "0.89",
        "0.99",
        "0.01",
    )
    assert row["mean_class_accuracy"] == ""


def test_the_json_has_the_summary(report: Report) -> None:
    value = json.loads(report_json(report))
    assert value["summary"]["clean"] == 0.95
    assert [part["name"] for part in value["summary"]["by_severity"]] == list("12345")
    assert value["baseline"]["mce"] == report.baseline.mce
    assert value["baseline"]["relative_mce"] == report.baseline.relative_mce
    assert value["skipped"][0] == {
        "key": "a",
        "shard": "s-0.tar",
        "cause": "checksum",
        "conditions": 76,
    }


def test_the_markdown_has_every_number(report: Report) -> None:
    text = report_markdown(report)
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    [gaussian] = [row for row in rows if row[0] == "gaussian"]
    assert gaussian[1:9] == ["94.0", "93.0", "92.0", "91.0", "90.0", "92.0", "97.0", "96.8"]
    assert [
        "gaussian-1",
        "10",
        "94.0",
        "95.0",
        "94.0",
        "75.0",
        "0.95",
        "89.0\N{EN DASH}99.0",
    ] in rows
    assert "avrb digest" in text
    for block in re.split(r"\n\n", text):
        if block.startswith("|"):
            pipes = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(pipes) == 1, block


def test_the_markdown_has_a_metric_that_is_0_everywhere() -> None:
    text = report_markdown(made_report({"clean": 0.0, "rain-1": 0.0}))
    assert "| condition | clips | accuracy |" in text
    assert "| rain-1 | 10 | 0.0 |" in text


def test_markdown_escapes(report: Report) -> None:
    text = report_markdown(evil(report))
    assert not re.findall(r"(?<!\\)[<>`*](?!.*`$)", text.partition("To check it")[0])


class Checker(html.parser.HTMLParser):
    """Every element is closed in order; collects what a browser could fetch or run."""

    VOID = ("meta", "br", "wbr")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.suspects: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "action", "xlink:href") or name.startswith("on"):
                self.suspects.append(f"{tag} {name}={value}")
            if name == "style":
                assert "url(" not in (value or "")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            assert "url(" not in data
            assert "@import" not in data
        else:
            self.words.append(data)


def checked(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    assert checker.suspects == []
    assert not checker.tags & {"script", "img", "link", "iframe", "object", "embed", "base"}
    return checker


def test_the_page_is_whole_and_fetches_nothing(report: Report) -> None:
    page = report_page(report)
    found = checked(page)
    assert page.startswith("<!doctype html>\n<html")
    assert "default-src &#x27;none&#x27;" in page
    assert not re.search(r"https?://", page)
    words = " ".join(found.words)
    for text in (
        "model",
        "interference",
        "Skipped".lower(),
        "95.0",
        "ab" * 32,
        "ef" * 32,
        "23" * 32,
        "avrb digest",
    ):
        assert text in words
    # 15 by 5, clean, and the means
    assert page.count('<td style="background:') == 75 + 1 + 15 + 6
    assert page.count('class="curve"') == 15


def test_the_page_escapes(report: Report) -> None:
    found = checked(report_page(evil(report)))
    assert sum(EVIL in word for word in found.words) >= 6
    assert "img" not in found.tags


@pytest.mark.parametrize(
    "scores",
    [
        {"clean": 0.5},
        {"rain-1": 0.5},
        {"clean": 0.0, "rain-1": 0.0},
        {"clean": 1.0, "rain-0+5": 0.5},
    ],
    ids=["clean only", "no clean", "nothing right", "modalities apart"],
)
@pytest.mark.parametrize("multi", [False, True])
def test_small_reports_have_every_format(
    scores: dict[str, float], multi: bool, tmp_path: Path
) -> None:
    report = made_report(scores, multi=multi)
    write_report(report, tmp_path)
    assert avrb.read_report(tmp_path) == report
    page = checked((tmp_path / "report.html").read_text())
    assert not any("Map" in word for word in page.words)
    assert lines(report_table(report))


def test_the_same_bytes_each_time(report: Report, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    paths = write_report(report, tmp_path / "a")
    assert [path.name for path in paths] == list(FILES)
    write_report(avrb.read_report(tmp_path / "a"), tmp_path / "b")
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert {path.name for path in (tmp_path / "a").iterdir()} == set(FILES)


def test_a_report_is_read_or_refused(tmp_path: Path) -> None:
    with pytest.raises(avrb.DataError, match=r"report\.json cannot be opened: No such"):
        avrb.read_report(tmp_path)
    (tmp_path / "report.json").write_text('{"format": "other"}')
    with pytest.raises(avrb.DataError, match="has format 'other'; this version reads 'avrb-rep"):
        avrb.read_report(tmp_path)
    (tmp_path / "report.json").write_text('{"format": "avrb-report/1", "model": "m"}')
    with pytest.raises(avrb.DataError, match=r"report\.json lacks 'baseline', 'classes', "):
        avrb.read_report(tmp_path)
