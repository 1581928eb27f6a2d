"""The layers of docs/architecture.md, and the rules for files."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the bottom up; a module may import from its own layer and from those above it in this list.
LAYERS = [
    {"corruptions"},
    {"errors", "error_budget", "limits", "concurrency", "progress", "locks"},
    {"atomic", "paths", "folders", "settings", "signals", "condition", "codecs", "storage"},
    {"corrupter", "av", "shards", "receipts"},
    {"stages", "building"},
    {"packing", "media"},
    {"loading"},
    {"reports"},
    {"evaluation", "banks"},
    {"rendering", "previews", "avrobustbench"},
    {"demo"},
    {"tools", "__main__"},
]
SHORT = {
    "avrb_wds.demo.videos": "joins scenes and sounds into files, apart from the run of the demo",
}
"""Modules under 60 lines that one other module imports, and why each is a file."""
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def modules() -> list[Path]:
    own = [p for p in (ROOT / "avrb_wds").rglob("*.py") if p != ROOT / "avrb_wds/__init__.py"]
    linked = ("corruptions", "tools")
    own = [p for p in own if p.relative_to(ROOT / "avrb_wds").parts[0] not in linked]
    return own + [p for name in linked for p in (ROOT / name).rglob("*.py")]


def dotted(path: Path) -> tuple[str, ...]:
    """The import path of a file, with corruptions and tools where they are installed."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts if parts[0] == "avrb_wds" else ("avrb_wds", *parts)


def imports(path: Path) -> set[tuple[str, ...]]:
    """Every module imported anywhere in a file, relative imports resolved."""
    here, found = dotted(path), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level] if node.level else ()
            base += tuple((node.module or "").split(".")) if node.module else ()
            found |= {(*base, alias.name) for alias in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    here = dotted(path)[1]
    assert here in LEVEL, f"{here} has no layer in docs/architecture.md"
    for target in imports(path):
        if target[0] == "avrb_wds" and len(target) > 1 and target[1] in LEVEL:
            assert LEVEL[target[1]] <= LEVEL[here], f"{path} imports {'.'.join(target)}"


@pytest.mark.parametrize("path", sorted((ROOT / "corruptions").glob("*.py")), ids=lambda p: p.name)
def test_corruptions_know_nothing_of_ours(path: Path) -> None:
    for target in imports(path):
        assert target[0] != "avrb_wds" or target[1] == "corruptions"
        assert target[0] not in {"torch", "webdataset", "simplejpeg", "soundfile", "cv2"}


def test_no_file_is_longer_than_300_lines() -> None:
    long = [p for p in modules() if len(p.read_text().splitlines()) > 300]
    assert not long


def test_no_short_module_has_a_single_importer() -> None:
    """Except what a package makes public, the commands (one file each), and SHORT."""
    graph, found = import_graph(), set()
    for path in modules():
        here = dotted(path)
        importers = [node for node, ends in graph.items() if here in ends]
        is_short = len(path.read_text().splitlines()) < 60 and path.stem != "__init__"
        if is_short and len(importers) == 1:
            is_public = importers[0][-1] == "__init__"
            is_command = importers[0] == ("avrb_wds", "tools", "cli")
            if not is_public and not is_command:
                found.add(".".join(here))
    assert found == set(SHORT)


def test_only_packages_have_all() -> None:
    lists = [p for p in modules() if re.search(r"^__all__\b", p.read_text(), re.MULTILINE)]
    assert all(path.name == "__init__.py" for path in lists), lists


def import_graph() -> dict[tuple[str, ...], set[tuple[str, ...]]]:
    """The modules of the project that each of them imports."""
    graph: dict[tuple[str, ...], set[tuple[str, ...]]] = {dotted(p): set() for p in modules()}
    for path in modules():
        for target in imports(path):
            for end in (target, target[:-1]):
                if end in graph and end != dotted(path):
                    graph[dotted(path)].add(end)
    return graph


def test_no_circles() -> None:
    graph = import_graph()
    done: set[tuple[str, ...]] = set()

    def visit(node: tuple[str, ...], trail: tuple[tuple[str, ...], ...]) -> None:
        assert node not in trail, " -> ".join(".".join(n) for n in (*trail, node))
        if node not in done:
            for end in graph[node]:
                visit(end, (*trail, node))
            done.add(node)

    for node in graph:
        visit(node, ())


def test_the_page_has_the_layers_and_files_of_the_code() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \| ((?:`[a-z_]+/?` ?)+)\|", page, re.MULTILINE)
    assert [set(re.findall(r"[a-z_]+", row)) for row in rows] == LAYERS[1:-1]
    for name in re.findall(r"`([\w/]+(?:\.py|/))`", page):
        assert any((ROOT / base / name).exists() for base in (".", "avrb_wds")), name
