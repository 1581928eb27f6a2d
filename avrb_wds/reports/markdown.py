"""Reports and comparisons as Markdown, for a README, a pull request or a paper's appendix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..receipts.receipt import CHECK_COMMAND
from .comparison import Comparison
from .formatting import NO_AUC, has_no_auc, metric_title
from .report import Report
from .tables import Cell, Table, comparison_tables, report_tables

SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|~&$"} | {"\n": " "})


def report_markdown(report: Report) -> str:
    """Return the report as GitHub's Markdown: every number of the HTML page, in tables."""
    text = (
        f"{report.receipt.clips} clips, {len(report.results)} conditions, {report.task}, "
        f"{report.classes} classes; every number in percent. Absolute robustness is 1 - drop, "
        f"relative robustness 1 - drop / clean."
    )
    if has_no_auc(report):
        text += f" {NO_AUC}"
    if report.baseline is not None:
        text += f" Corruption errors (CE) are against {escape(report.baseline.model)}."
    return _join_blocks(
        f"# {escape(report.model)} on {escape(report.receipt.dataset)}",
        text,
        *render_tables(report_tables(report)),
        f"To check it on another machine: `{CHECK_COMMAND}`",
    )


def comparison_markdown(comparison: Comparison) -> str:
    """Return the comparison as GitHub's Markdown; significant differences are bold."""
    a, b = comparison.names
    lead = f"{metric_title(comparison.a)} in %; differences are {b} less {a}."
    if comparison.replicates:
        lead += " Those whose 95 % interval, paired over clips, leaves no doubt are bold."
    return _join_blocks(
        f"# {escape(a)} and {escape(b)} on {escape(comparison.a.receipt.dataset)}",
        escape(lead),
        escape(comparison.headline),
        escape(comparison.digest_statement),
        "\n".join(f"- {escape(note)}" for note in comparison.notes),
        *render_tables(comparison_tables(comparison)),
    )


def _join_blocks(*blocks: str) -> str:
    return "\n\n".join(filter(None, blocks)) + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows unchanged.

    >>> escape("a|b <i>")
    'a\\\\|b \\\\<i\\\\>'
    """
    return text.translate(SPECIAL)


def render_tables(tables: Iterable[Table]) -> Iterator[str]:
    """Yield the tables that have rows, each under its title.

    The first column is left-aligned, the others are right-aligned.
    """
    for table in tables:
        if table.rows:
            if table.title:
                yield f"## {table.title}"
            rule = "|:--|" + "--:|" * (len(table.headings) - 1)
            rows = (_render_row(row) for row in table.rows)
            yield "\n".join([_render_row(table.headings), rule, *rows])


def _render_row(row: Iterable[str | int | Cell]) -> str:
    return f"| {' | '.join(map(_render_cell, row))} |"


def _render_cell(cell: str | int | Cell) -> str:
    text = escape(cell.text if isinstance(cell, Cell) else str(cell))
    return f"**{text}**" if isinstance(cell, Cell) and cell.role == "significant" else text
