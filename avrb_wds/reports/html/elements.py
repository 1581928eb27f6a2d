"""HTML and SVG by function calls; text that is not markup is escaped."""

from __future__ import annotations

import base64
import hashlib
import html
from dataclasses import dataclass
from importlib.resources import files

from ..tables import Cell, Table

VOID = ("meta", "br", "wbr", "img", "input")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# For pages with media and a script: only what they contain themselves.
MEDIA = "; img-src data:; media-src data:"
SCRIPT = "; script-src 'sha256-{}'"


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        title: Its title.
        style: CSS beyond the common style.
        script: JavaScript.
        media: Whether it shows images or plays audio or videos, all of which it contains.
    """

    title: str
    style: str = ""
    script: str = ""
    media: bool = False


class Html(str):
    """Text that is markup, which is not escaped again."""


def element(name: str, /, *children: str, **attributes: str | int) -> Html:
    """An element with its children and attributes.

    An underscore in the name of an attribute becomes a dash, one at its end is removed;
    an attribute whose value is empty is left out.

    >>> element("p", "a < b", element("b", "!"), class_="loud")
    '<p class="loud">a &lt; b<b>!</b></p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value != ""
    )
    if name in VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{''.join(map(_text, children))}</{name}>")


def _text(child: str) -> str:
    return child if isinstance(child, Html) else html.escape(child, quote=False)


def data_url(media_type: str, data: bytes) -> str:
    """The URL of data that the page itself contains.

    >>> data_url("image/png", b"abc")
    'data:image/png;base64,YWJj'
    """
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def section(title: str, *children: str, lead: str = "", class_: str = "") -> Html:
    """A section under a heading; the lead is a sentence on what it shows."""
    first = (element("p", lead, class_="lead"),) if lead else ()
    return element("section", element("h2", title), *first, *children, class_=class_)


def render_table(table: Table, class_: str) -> Html:
    """A table without its title; it scrolls sideways if it is too wide."""
    head = element("tr", *(element("th", text, scope="col") for text in table.headings))
    rows = (
        element("tr", element("th", _cell_text(row[0]), scope="row"), *map(_data_cell, row[1:]))
        for row in table.rows
    )
    whole = element("table", element("thead", head), element("tbody", *rows), class_=class_)
    return element("div", whole, class_="wide", tabindex=0)


def _data_cell(cell: str | int | Cell) -> Html:
    return element("td", _cell_text(cell))


def _cell_text(cell: str | int | Cell) -> str:
    if not isinstance(cell, Cell):
        return f"{cell:,}" if isinstance(cell, int) else cell
    if cell.role in ("code", "changed"):
        return element("code", element("mark", cell.text) if cell.role == "changed" else cell.text)
    return element("b", cell.text) if cell.role == "significant" else cell.text


def document(page: Page | str, *body: str) -> str:
    """A complete page, which contains all that it needs; its policy forbids it to fetch more."""
    page = page if isinstance(page, Page) else Page(page)
    style = (files(__package__) / "style.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(page)),
        element("meta", name="color-scheme", content="light dark"),
        element("title", page.title),
        element("style", Html(style + page.style)),
    )
    scripts = (element("script", Html(page.script)),) if page.script else ()
    whole = element("html", head, element("body", element("main", *body), *scripts), lang="en")
    return f"<!doctype html>\n{whole}\n"


def _policy(page: Page) -> str:
    policy = POLICY + (MEDIA if page.media else "")
    if not page.script:
        return policy
    digest = base64.b64encode(hashlib.sha256(page.script.encode()).digest()).decode()
    return policy + SCRIPT.format(digest)
