"""The site is complete: every public name, every page, every link. `make docs` builds it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest

import avrb_wds

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
ENTRY = re.compile(r"^\.\. auto(?:class|data|exception|function):: ([\w.]+)", re.MULTILINE)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
INTERNAL = {"av", "banks", "building", "codecs", "concurrency", "demo", "receipts", "tools"}
"""Packages that export names to the rest of the project only."""


def public_packages() -> list[str]:
    found = {module.name for module in pkgutil.iter_modules(avrb_wds.__path__) if module.ispkg}
    assert found > INTERNAL
    return sorted(found - INTERNAL)


def find_object(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


@pytest.fixture(scope="module")
def entries() -> list[str]:
    """The names documented on the pages of the API."""
    return [
        name for page in (DOCS / "api").glob("*.md") for name in ENTRY.findall(page.read_text())
    ]


def test_every_public_name_has_one_entry(entries: list[str]) -> None:
    top = {f"avrb_wds.{name}" for name in avrb_wds.__all__}
    missing = top - set(entries)
    for package in public_packages():
        for name in importlib.import_module(f"avrb_wds.{package}").__all__:
            as_top, as_own = f"avrb_wds.{name}", f"avrb_wds.{package}.{name}"
            is_top = as_top in top and find_object(as_top) is find_object(as_own)
            missing |= {as_top if is_top else as_own} - set(entries)
    assert not missing, "give these an entry in docs/api"
    assert len(entries) == len(set(entries))


def test_every_entry_is_of_a_public_name(entries: list[str]) -> None:
    exported = {
        f"{module}.{name}"
        for module in ("avrb_wds", *(f"avrb_wds.{package}" for package in public_packages()))
        for name in importlib.import_module(module).__all__
    }
    assert set(entries) <= exported


def test_arguments_are_documented(entries: list[str]) -> None:
    for function in filter(inspect.isfunction, map(find_object, entries)):
        parameters = inspect.signature(function).parameters.values()
        named = arguments(function.__doc__ or "")
        if len(parameters) > 1:
            keywords = {p.name for p in parameters if p.kind is p.VAR_KEYWORD}
            assert {p.name for p in parameters} - keywords <= named, function


def test_documented_arguments_exist(entries: list[str]) -> None:
    for owner in map(find_object, entries):
        members = vars(owner).values() if inspect.isclass(owner) else []
        for documented in (owner, *filter(inspect.isfunction, members)):
            if isinstance(documented, type | FunctionType) and documented.__doc__:
                parameters = inspect.signature(documented).parameters
                # What **settings may hold is not in the signature.
                if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
                    assert arguments(documented.__doc__) <= set(parameters), documented


def arguments(docstring: str) -> set[str]:
    """The names under `Args:` in Google style."""
    text = inspect.cleandoc(docstring) + "\n"
    section = re.search(r"^Args:\n((?: +.*\n|\n)*)", text, re.MULTILINE)
    return set(re.findall(r"^    \*{0,2}(\w+):", section[1], re.MULTILINE)) if section else set()


def test_every_page_is_in_the_navigation() -> None:
    source = (DOCS / "conf.py").read_text()
    listed = re.findall(r'^        "([\w/]+)": "', source, re.MULTILINE)
    index = (DOCS / "api/index.md").read_text()
    listed += [
        f"docs/api/{name}" for name in index.partition(":hidden:\n")[2].split("```")[0].split()
    ]
    there = [page.relative_to(ROOT).with_suffix("").as_posix() for page in PAGES]
    assert sorted(there) == sorted(["README", *listed])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_resolves(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = page.parent / path if path else page
        assert target.exists(), link
        # The gallery's headings are generated.
        if anchor and target.name != "gallery.md":
            assert anchor in anchors(target), link


def anchors(page: Path) -> list[str]:
    """The anchors that GitHub and the site give to a page's headings."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_the_link_check_finds_what_is_broken(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<h1 id="top"></h1><a href="b.html#top"></a><a href="https://example.org/x"></a>'
        '<a href="#bottom"></a><img src="none.png"><a href="https:///x"></a><a href="../x"></a>'
    )
    (tmp_path / "b.html").write_text('<a name="top"></a><a href="a.html"></a>')
    script = DOCS / "scripts/check_links.py"
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "a.html: #bottom: the anchor does not exist",
        "a.html: ../x: leads out of the site",
        "a.html: https:///x: not a valid URL",
        "a.html: none.png: does not exist",
    ]


def test_the_gallery_has_every_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(DOCS / "scripts")
    page = runpy.run_path(str(DOCS / "scripts/gallery.py"))["page"]()
    for corruption in avrb_wds.corruptions.CORRUPTIONS:
        section = page.partition(f"## {corruption}\n")[2].partition("\n## ")[0]
        for severity in avrb_wds.corruptions.SEVERITIES:
            for suffix in (".webp", "-audio.webp", ".mp3"):
                assert f"/{corruption}-{severity}{suffix}" in section
