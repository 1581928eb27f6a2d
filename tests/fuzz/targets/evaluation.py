"""What evaluations leave and read again: runs, predictions, reports, receipts, digests of clips."""

from __future__ import annotations

import json
import os
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from helpers.reports import RECEIPT, made_report

from avrb_wds.condition import CLEAN, Condition
from avrb_wds.evaluation import compare
from avrb_wds.evaluation.merge import ConditionScores
from avrb_wds.evaluation.runs.ledger import Ledger
from avrb_wds.evaluation.runs.plan import RunPlan, read_keys
from avrb_wds.evaluation.runs.predictions import MAGIC, Record
from avrb_wds.loading import SkippedClip
from avrb_wds.receipts.clip_digests import ClipDigests
from avrb_wds.receipts.files import first_difference, read_receipt
from avrb_wds.rendering.receipt import RenderReceipt
from avrb_wds.reports import Receipt, Report, read_report, with_baseline
from avrb_wds.reports.html import report_page
from avrb_wds.reports.markdown import comparison_markdown, report_markdown
from avrb_wds.reports.report_files import comparison_json, report_csv, report_json

from ..jsons import mutate_json
from ..mutators import mutate_bytes, mutate_csv, mutate_text, one_of
from ..target import Target, written

CONDITIONS = (CLEAN, Condition("rain", 3), Condition("snow", (0, 5)))
KEYS = ["clip0", "clip1", "a\tb\\", "caf\udce9"]
PLAN = RunPlan("model", "single-label", 3, CONDITIONS, RECEIPT)


def plans() -> list[bytes]:
    """Of one label and of several, and without scores, as `digest` has it."""
    several = RunPlan("caf\udce9", "multi-label", 527, (CLEAN,), RECEIPT)
    return [
        plan.to_bytes()
        for plan in (PLAN, several, RunPlan("", "single-label", 0, CONDITIONS, RECEIPT))
    ]


def same_plan(data: bytes, plan: RunPlan) -> None:
    """What was read is what is written, which is what a run goes by."""
    assert RunPlan.from_bytes(plan.to_bytes(), "run.json").digest == plan.digest


def records() -> list[bytes]:
    """Files of predictions: a whole run's, one with a clip left out, one cut off."""
    files = []
    for skipped in (False, True):
        out = [MAGIC, PLAN.digest]
        for number, condition in enumerate(CONDITIONS):
            for start in (0, 2):
                keys = KEYS[start : start + 2]
                left = (
                    (SkippedClip(keys.pop(), "t-0.tar", "it is broken."),)
                    if skipped and start
                    else ()
                )
                scores = np.linspace(-number, 1, 3 * len(keys), dtype=np.float32).reshape(-1, 3)
                targets = tuple((place % 3,) for place in range(len(keys)))
                digests = tuple(bytes([place + number]) * 32 for place in range(len(keys)))
                record = Record(condition, start, tuple(keys), targets, scores, digests, left)
                out.append(record.to_bytes())
        files.append(b"".join(out))
    return [*files, files[0][:-40], b""]


def mutate_records(rng: Random, data: bytes) -> bytes:
    """The head or the body of a record changed, with its lengths and checksum mended; or bytes."""
    start, heads = len(MAGIC) + 16, []
    at = start
    while at + 16 <= len(data):
        mark, head, body, _ = struct.unpack_from("<4I", data, at)
        if at + 16 + head + body > len(data):
            break
        heads.append((at, head, body, mark))
        at += 16 + head + body
    if not heads or rng.random() < 0.15:
        return mutate_bytes(rng, data)
    at, length, size, mark = rng.choice(heads)
    head = data[at + 16 : at + 16 + length]
    body = data[at + 16 + length : at + 16 + length + size]
    what = rng.randrange(6)
    if what == 0:
        body = mutate_bytes(rng, body)
    elif what == 1:
        again = data[at : at + 16 + length + size]
        return data + again * rng.choice((1, 2, 300))
    else:
        head = mutate_json(rng, head)
    check = zlib.crc32(body, zlib.crc32(head))
    new = struct.pack("<4I", mark, len(head), len(body), check) + head + body
    return data[:at] + new + data[at + 16 + length + size :]


@lru_cache(maxsize=1)
def _run(process: int) -> Path:
    folder = written(b"", "run.marker").parent / "run"
    (folder / "predictions").mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_bytes(PLAN.to_bytes())
    lines = "".join(key.translate({9: "\\t", 92: "\\\\"}) + "\n" for key in KEYS)
    (folder / "clips.txt").write_bytes(lines.encode(errors="surrogateescape"))
    return folder


def read_run(data: bytes) -> Ledger:
    """The ledger of a run whose predictions these are, and of one that is whole, what it comes to.

    But for the metrics: torchmetrics is given nothing that numpy is not given here.
    """
    folder = _run(os.getpid())
    (folder / "predictions" / "rank-0000-of-0001.bin").write_bytes(data)
    ledger = Ledger.read(folder, PLAN, read_keys(folder))
    if ledger.is_complete:
        ledger.check()
        ledger.receipt()
        ledger.clip_digests().to_bytes()
        for condition in CONDITIONS:
            score, change = ConditionScores.of(ledger, condition).influence()
            assert 0 <= score <= 1
            assert np.isfinite(change).all()
    return ledger


def same_run(data: bytes, ledger: Ledger) -> None:
    """As many clips are counted as records hold, or more than one where one occurs twice."""
    records = [record for condition in CONDITIONS for record in ledger.records(condition)]
    held = sum(len(record.keys) + len(record.skipped) for record in records)
    assert int(ledger.counts.sum()) == held or (ledger.counts > 1).any()


def keys() -> list[bytes]:
    """Four keys, and none."""
    return [b"clip0\nclip1\na\\tb\\\\\ncaf\xe9\n", b""]


def read_key_file(data: bytes) -> list[str]:
    """The keys in a run's clips.txt."""
    return read_keys(written(data, "clips.txt").parent)


def reports() -> list[bytes]:
    """Of one label and of several, with clips left out and a baseline, and of clean alone."""
    scores = {"clean": 0.9, "rain-1": 0.6, "rain-3": 0.0, "snow-0+5": 0.4}
    one, several = made_report(scores), made_report(scores, multi=True)
    held = with_baseline(one, made_report({name: score / 2 for name, score in scores.items()}))
    return [
        report_json(report).encode() for report in (one, several, held, made_report({"clean": 1.0}))
    ]


def write_all(report: Report) -> None:
    """Every spelling of a report, compared with itself too."""
    for spell in (report_json, report_csv, report_markdown, report_page):
        spell(report).encode(errors="backslashreplace")
    with_baseline(report, report)
    compared = compare(report, report)
    assert {row.difference for row in compared.by_condition} == {0.0}
    comparison_json(compared), comparison_markdown(compared)


def same_report(data: bytes, report: Report) -> None:
    """What was read is what is written, and every other form can be."""
    assert read_report(written(report_json(report).encode(), "again.json")) == report


def read_and_write(data: bytes) -> Report:
    """A report, which is then written in every way."""
    report = read_report(written(data, "report.json"))
    write_all(report)
    return report


def receipts() -> list[bytes]:
    """As `digest` writes them."""
    value = {"format": "avrb-receipt/1", "receipt": RECEIPT.to_json()}
    return [json.dumps(value).encode(), *reports()[:1]]


def read_one_receipt(data: bytes) -> Receipt:
    """A receipt, compared with another."""
    found = read_receipt(written(data, "receipt.json"))
    first_difference((RECEIPT, ClipDigests((), {})), found)
    return found[0]


def clip_digests() -> list[bytes]:
    """Of four clips under two conditions."""
    rows = {key: (f"{number:016x}", "-") for number, key in enumerate(KEYS)}
    return [ClipDigests(("clean", "rain-3"), rows).to_bytes(), b"key\n"]


def same_digests(data: bytes, digests: ClipDigests) -> None:
    """As many as there are conditions for each clip."""
    assert all(len(row) == len(digests.conditions) for row in digests.rows.values())
    assert ClipDigests.read(written(digests.to_bytes(), "again.tsv")) == digests


def rendered() -> list[bytes]:
    """Of frames that are equal, and of frames that are not."""
    from avrb_wds.packing import ClipFailure
    from avrb_wds.rendering import RenderOptions

    shown = Receipt(**{**vars(RECEIPT), "digests": (("rain-3", "ab" * 32),)})
    left = (ClipFailure("x", "x.mp4", "it is broken."),)
    return [
        RenderReceipt(
            "t", 3, Condition("rain", 3), shown, options, "ab" * 32, psnr, left
        ).to_bytes()
        for options, psnr in ((RenderOptions("png"), None), (RenderOptions(), 42.5))
    ]


def same_rendered(data: bytes, receipt: RenderReceipt) -> None:
    """What was read is what is written."""
    assert RenderReceipt.from_bytes(receipt.to_bytes()) == receipt
    assert str(receipt)


TARGETS = (
    Target("run", plans, mutate_json, lambda data: RunPlan.from_bytes(data, "run.json"), same_plan),
    Target("predictions", records, mutate_records, read_run, same_run),
    Target("run-keys", keys, one_of(mutate_text, mutate_bytes), read_key_file),
    Target("report", reports, mutate_json, read_and_write, same_report),
    Target("receipt", receipts, mutate_json, read_one_receipt),
    Target(
        "clip-digests",
        clip_digests,
        mutate_csv,
        lambda data: ClipDigests.read(written(data, "r.digests.tsv")),
        same_digests,
    ),
    Target("render-receipt", rendered, mutate_json, RenderReceipt.from_bytes, same_rendered),
)
