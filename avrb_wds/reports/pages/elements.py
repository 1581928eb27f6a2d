"""HTML and SVG by function calls: whatever is not markup already is escaped."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

VOID = ("meta", "br", "wbr", "img", "input")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# Of pages that show and play: what they hold themselves, and the one script that they come with.
PLAYING = "; img-src data:; media-src data:; script-src 'sha256-{}'"


@dataclass(frozen=True)
class Page:
    """A page's title, and what it has beyond the common style: style of its own, a script."""

    title: str
    style: str = ""
    script: str = ""


class Html(str):
    """Text that is markup: not escaped once more."""


def element(name: str, /, *children: str, **attributes: str | int) -> Html:
    """An element with its children and attributes.

    An underscore in the name of an attribute stands for a dash, one at its end for nothing;
    an empty one is left out.

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


def inlined(kind: str, data: bytes) -> str:
    """The address of data that stands in the page itself; kind: its media type.

    >>> inlined("image/png", b"abc")
    'data:image/png;base64,YWJj'
    """
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def section(title: str, *children: str, lead: str = "", class_: str = "") -> Html:
    """A section under a heading; the lead says in a sentence what it shows."""
    first = (element("p", lead, class_="lead"),) if lead else ()
    return element("section", element("h2", title), *first, *children, class_=class_)


def grid_table(headings: Sequence[str], rows: Iterable[Sequence[str]], class_: str = "") -> Html:
    """A table that scrolls sideways where it is too wide; the first cell of a row names it."""
    head = element("tr", *(element("th", text, scope="col") for text in headings))
    body = (
        element(
            "tr", element("th", row[0], scope="row"), *(element("td", text) for text in row[1:])
        )
        for row in rows
    )
    table = element("table", element("thead", head), element("tbody", *body), class_=class_)
    return element("div", table, class_="wide", tabindex=0)


def document(page: Page | str, *body: str) -> str:
    """A whole page: all it needs is inside it, and its policy forbids it to fetch anything else."""
    page = page if isinstance(page, Page) else Page(page)
    style = (files(__package__) / "style.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(page.script)),
        element("meta", name="color-scheme", content="light dark"),
        element("title", page.title),
        element("style", Html(style + page.style)),
    )
    scripts = (element("script", Html(page.script)),) if page.script else ()
    whole = element("html", head, element("body", element("main", *body), *scripts), lang="en")
    return f"<!doctype html>\n{whole}\n"


def _policy(script: str) -> str:
    if not script:
        return POLICY
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return POLICY + PLAYING.format(digest)
