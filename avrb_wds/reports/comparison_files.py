"""Comparisons on disk: JSON for programs, Markdown and an HTML page for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..atomic import make_folder, write_atomic
from ..receipts.receipt import receipt_rows
from .comparison import Comparison, Row
from .formatting import metric_title, percent, signed, span
from .markdown import Markdown, cell, markdown_table
from .pages.comparison import comparison_page
from .report import Report

FORMAT = "avrb-comparison/1"
COMPARISON_FILES = ("comparison.json", "comparison.md", "comparison.html")
"""What `write_comparison` writes into a folder."""


def write_comparison(comparison: Comparison, folder: str | Path) -> tuple[Path, ...]:
    """Write a comparison to a folder in every format.

    Args:
        comparison: The comparison.
        folder: The folder; created if it does not exist.

    Returns:
        Paths of the files.
    """
    folder = Path(folder)
    make_folder(folder)
    spellings = (comparison_json, comparison_markdown, comparison_page)
    return tuple(
        write_atomic(folder / name, spell(comparison).encode(errors="backslashreplace"))
        for name, spell in zip(COMPARISON_FILES, spellings, strict=True)
    )


def comparison_json(comparison: Comparison) -> str:
    """The comparison as JSON; scores are fractions, differences second minus first."""
    value = {
        "format": FORMAT,
        "metric": comparison.a.metric,
        "a": _side(comparison.a),
        "b": _side(comparison.b),
        "notes": comparison.notes,
        "proof": comparison.digest_statement,
        "replicates": comparison.replicates,
        **{name: [_plain(row) for row in rows] for name, rows in _parts(comparison)},
    }
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def _parts(comparison: Comparison) -> Iterator[tuple[str, Sequence[Row]]]:
    yield "summary", comparison.summary
    yield "by_severity", comparison.by_severity
    yield "by_group", comparison.by_group
    yield "by_corruption", comparison.by_corruption
    yield "by_condition", comparison.by_condition


def _side(report: Report) -> dict[str, Any]:
    return {"model": report.model, "receipt": report.receipt.to_json()}


def _plain(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "a": row.a,
        "b": row.b,
        "difference": row.difference,
        "interval": row.interval,
    }


def comparison_markdown(comparison: Comparison) -> str:
    """The comparison as GitHub's Markdown; differences whose interval is clear of 0 are bold."""
    a, b = comparison.names
    lead = f"{metric_title(comparison.a)} in %; differences are {b} less {a}."
    if comparison.replicates:
        lead += " Those whose 95 % interval, paired over clips, leaves no doubt are bold."
    blocks = [
        f"# {cell(a)} and {cell(b)} on {cell(comparison.a.receipt.dataset)}",
        cell(lead),
        cell(comparison.headline),
        cell(comparison.digest_statement),
        "\n".join(f"- {cell(note)}" for note in comparison.notes),
    ]
    titles = ("Summary", "By severity", "By group", "By corruption", "Every condition")
    for title, (_, rows) in zip(titles, _parts(comparison), strict=True):
        if rows:
            headings = ["", a, b, "difference", "95 % interval"]
            blocks += [f"## {title}", markdown_table(headings, map(_row, rows))]
    theirs = dict(receipt_rows(comparison.b.receipt))
    both = ((name, text, theirs[name]) for name, text in receipt_rows(comparison.a.receipt))
    blocks += ["## Receipts", markdown_table(["", a, b], both)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _row(row: Row) -> list[str]:
    difference = signed(row.difference)
    return [
        row.name,
        percent(row.a),
        percent(row.b),
        Markdown(f"**{difference}**") if row.is_significant else difference,
        span(row.interval, sign=True),
    ]
