"""The generated pages: they say what the code says, and everything they link is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import FrameType

import pytest
from helpers.shards import clips, write_shards
from PIL import Image

import avrb_wds as avrb
from avrb_wds.corruptions import CORRUPTIONS, SEVERITIES, available, get

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SCRIPT = DOCS / "scripts/corruptions.py"
BUILT_IN = [name for name in available() if name in CORRUPTIONS]


@pytest.fixture(scope="module")
def page() -> str:
    return (DOCS / "corruptions.md").read_text()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The page and the pictures of one corruption, made twice."""
    folders = [tmp_path_factory.mktemp("docs") for _ in range(2)]
    for folder in folders:
        subprocess.run([sys.executable, SCRIPT, "--out", folder, "interference"], check=True)
    return folders


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_corruption_has_a_section_with_its_levels(name: str, page: str) -> None:
    section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert f"img/{name}.jpg" in section
    assert f"img/{name}-sound.png" in section
    assert section.count("| severity | 1 | 2 | 3 | 4 | 5 |") >= 2
    level = get(name).visual.levels[-1]
    for value in level if isinstance(level, tuple) else [level]:
        text = f"{value:g}" if isinstance(value, float) else str(value)
        assert isinstance(value, tuple) or f"| {text} |" in section
    assert "**Reference code.**" in section


def test_every_link_leads_somewhere(page: str) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", page)
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    anchors = {f"#{heading.lower().replace(' ', '-')}" for heading in headings}
    assert len(targets) > 3 * len(BUILT_IN)
    missing = [t for t in targets if t not in anchors and not (DOCS / t).is_file()]
    assert not missing


def test_the_pictures_are_small_and_all_shown(page: str) -> None:
    images = sorted((DOCS / "img").iterdir())
    shown = page + (DOCS.parent / "README.md").read_text()
    assert [image.name for image in images if f"img/{image.name}" not in shown] == []
    assert sum(image.stat().st_size for image in images) < 4_000_000
    for name in BUILT_IN:
        with Image.open(DOCS / f"img/{name}.jpg") as strip:
            assert strip.width > (1 + len(SEVERITIES)) * strip.height


def test_the_page_is_what_the_code_says_now(page: str, made: list[Path]) -> None:
    assert (made[0] / "corruptions.md").read_text() == page, "run make docs-corruptions"


def test_making_it_again_gives_the_same_bytes(made: list[Path]) -> None:
    first, second = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in made
    )
    assert len(first) == 3
    assert first == second


def test_a_clip_enters_the_files_of_the_architecture_page_in_order(tmp_path: Path) -> None:
    text = (DOCS / "architecture.md").read_text()
    listed = re.findall(r"^\| \d \| `([\w/]+\.py)`", text, re.MULTILINE)
    batches = avrb.load(write_shards(tmp_path, clips(2)), "rain", 3, batch_size=1, num_workers=0)
    next(iterator := iter(batches))  # what is done once is done
    entered: list[str] = []

    def enter(frame: FrameType, event: str, _: object) -> None:
        name = frame.f_code.co_filename.rpartition("/avrb_wds/")[2].removeprefix(f"{ROOT}/")
        if event == "call" and name not in entered:
            entered.append(name)

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        next(iterator)
    finally:
        sys.settrace(before)
    assert [name for name in entered if name in listed] == listed
    assert 0 < len(listed) == len(set(listed)) <= 8
