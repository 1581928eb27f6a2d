"""Heat maps: a row for each corruption, a column for each severity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ...condition import Condition
from ..formatting import Color, color_at, text_color_on
from ..robustness import group_of
from ..tables import Cell
from .elements import Html, element


def heat_map(
    severities: Sequence[str],
    groups: Iterable[str],
    corruptions: Sequence[str],
    make_row: Callable[[str], Iterable[Html]],
    clean: Html | None = None,
    total: Sequence[Html] = (),
    class_: str = "heat",
) -> Html:
    """A heat map.

    Args:
        severities: Headings of the columns; a column of means follows.
        groups: The groups of the corruptions.
        corruptions: The corruptions, a row each.
        make_row: Makes the cells of a corruption's row.
        clean: The cell above all columns.
        total: The cells of the last row.
        class_: Class of the table.
    """

    def make_rows() -> Iterator[Html]:
        if clean is not None:
            yield _name_row("clean", clean)
        for group in groups:
            label = element("th", group, colspan=len(severities) + 2, scope="rowgroup")
            yield element("tr", label, class_="group")
            for name in corruptions:
                if group_of(Condition(name, 1)) == group:
                    yield _name_row(name, *make_row(name))
        if total:
            yield _name_row("all", *total, class_="total")

    headings = (element("th", text, scope="col") for text in ["", *severities, "mean"])
    head = element("thead", element("tr", *headings))
    table = element("table", head, element("tbody", *make_rows()), class_=class_)
    return element("div", table, class_="wide")


def _name_row(name: str, *cells: Html, class_: str = "") -> Html:
    return element("tr", element("th", name, scope="row"), *cells, class_=class_)


def heat_cell(cell: Cell | None, hint: str = "", colspan: int = 1) -> Html:
    """A cell of a heat map; the hint appears under the pointer."""
    if cell is None or cell.position is None:
        return element("td", "-")
    color = color_at(cell.position)
    style = f"background:{_css_color(color)};color:{_css_color(text_color_on(color))}"
    text = element("b", cell.text) if cell.role == "significant" else cell.text
    wide = {"colspan": colspan} if colspan > 1 else {}
    return element("td", text, style=style, title=hint, **wide)


def color_legend(low: str, middle: str, high: str) -> Html:
    """The color scale with words at its ends and in the middle."""
    steps = ", ".join(_css_color(color_at(number / 8)) for number in range(9))
    scale = element("span", class_="scale", style=f"background:linear-gradient(90deg, {steps})")
    words = (element("span", text) for text in (low, middle, high))
    return element("div", scale, element("div", *words, class_="words"), class_="legend")


def _css_color(color: Color) -> str:
    return f"rgb({color[0]},{color[1]},{color[2]})"
