"""Checks every link of a built site: pages, images, audio and anchors exist, external URLs parse.

.venv/bin/python docs/scripts/check_links.py SITE      exits 1 after printing what is broken
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SCHEMES = ("http", "https", "mailto", "data")
ATTRIBUTES = ("href", "src", "poster")


class Page(HTMLParser):
    """The links and the anchors of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to, and what it can be linked by."""
        for name, value in attrs:
            if value and name in ATTRIBUTES:
                self.links.add(value)
            elif value and (name == "id" or (tag == "a" and name == "name")):
                self.anchors.add(value)


def find_broken_links(site: Path) -> list[str]:
    """One line for each broken link of the folder, sorted: page, link and reason."""
    pages = {path: Page(path) for path in site.resolve().rglob("*.html")}
    lines = (
        f"{path.relative_to(site.resolve())}: {link}: {fault}"
        for path, page in pages.items()
        for link in page.links
        if (fault := _find_fault(path, link, pages, site.resolve()))
    )
    return sorted(lines)


def _find_fault(path: Path, link: str, pages: dict[Path, Page], site: Path) -> str | None:
    url = urlsplit(link)
    if url.scheme or url.netloc:
        usable = url.scheme in SCHEMES and (url.netloc or not url.scheme.startswith("http"))
        return None if usable and " " not in link else "not a valid URL"
    target = (path.parent / unquote(url.path)).resolve() if url.path else path
    if site not in target.parents and target != site:
        return "leads out of the site"
    if target.is_dir():
        target = target / "index.html"
    if not target.is_file():
        return "does not exist"
    if url.fragment and target in pages and unquote(url.fragment) not in pages[target].anchors:
        return "the anchor does not exist"
    return None


def main() -> None:
    """Check the site named on the command line."""
    broken = find_broken_links(Path(sys.argv[1]))
    if broken:
        raise SystemExit("\n".join(broken))


if __name__ == "__main__":
    main()
