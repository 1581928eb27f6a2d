"""The heat map: a row a corruption, a column a severity, coloured by how much of clean is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...condition import Condition
from ..colors import Color, color_of, ink_on
from ..formatting import percent, span
from ..report import ConditionResult, Report
from ..robustness import Robustness, group_of, severity_of
from .elements import Html, element


def heat_map(report: Report) -> Html:
    """The map, with the clean score above it and means at its right and lower ends."""
    severities = [part.name for part in report.by_severity]
    headings = ["", *severities, "mean"]
    head = element("tr", *(element("th", text, scope="col") for text in headings))
    body = element("tbody", *_rows(report, severities))
    return element(
        "div", element("table", element("thead", head), body, class_="heat"), class_="wide"
    )


def _rows(report: Report, severities: Sequence[str]) -> Iterator[Html]:
    cells = {
        (cell.condition.corruption, severity_of(cell.condition)): cell for cell in report.results
    }
    clean = next((cell for cell in report.results if cell.condition.is_clean), None)
    if clean is not None:
        yield _named("clean", _cell(report, clean, len(severities) + 1))
    for group in report.by_group:
        label = element("th", group.name, colspan=len(severities) + 2, scope="rowgroup")
        yield element("tr", label, class_="group")
        for part in report.by_corruption:
            if group_of(Condition(part.name, 1)) == group.name:
                row = (cells.get((part.name, severity)) for severity in severities)
                shown = (element("td", "-") if one is None else _cell(report, one) for one in row)
                yield _named(part.name, *shown, _mean(report, part))
    if report.overall is not None:
        ends = (_mean(report, part) for part in (*report.by_severity, report.overall))
        yield _named("all", *ends, class_="total")


def _named(name: str, *cells: Html, class_: str = "") -> Html:
    return element("tr", element("th", name, scope="row"), *cells, class_=class_)


def _cell(report: Report, cell: ConditionResult, colspan: int = 1) -> Html:
    score = report.score(cell)
    hint = f"{cell.condition}: {percent(score)} ({span(cell.interval)}), {cell.clips} clips"
    return colored(percent(score), color_of(score, report.clean), hint, colspan)


def _mean(report: Report, part: Robustness) -> Html:
    hint = f"{part.name}: mean of {part.conditions} conditions"
    return colored(percent(part.score), color_of(part.score, report.clean), hint)


def colored(text: str, color: Color, hint: str, colspan: int = 1) -> Html:
    """A cell of a heat map; the hint appears under the pointer."""
    style = f"background:{_css(color)};color:{_css(ink_on(color))}"
    wide = {"colspan": colspan} if colspan > 1 else {}
    return element("td", text, style=style, title=hint, **wide)


def legend(low: str, middle: str, high: str) -> Html:
    """The colour scale with words at its ends and in the middle."""
    steps = ", ".join(_css(color_of(number / 8, 1.0)) for number in range(9))
    scale = element("span", class_="scale", style=f"background:linear-gradient(90deg, {steps})")
    words = (element("span", text) for text in (low, middle, high))
    return element("div", scale, element("div", *words, class_="words"), class_="legend")


def _css(color: Color) -> str:
    return f"rgb({color[0]},{color[1]},{color[2]})"
