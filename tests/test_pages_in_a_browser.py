"""The pages in headless Chromium: no complaint on the console, nothing wider than a phone."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.reports import made_report

import avrb_wds as avrb
from avrb_wds.reports import report_page, with_baseline
from avrb_wds.reports.html import comparison_page

BROWSER = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--enable-logging=stderr",
    "--virtual-time-budget=4000",
    "--dump-dom",
]

# The page in frames as wide as a phone and as a desktop; says by how much it is too wide.
FRAMES = """<!doctype html><body>
<iframe style="width:390px;height:900px" srcdoc="{page}"></iframe>
<iframe style="width:1280px;height:900px" srcdoc="{page}"></iframe>
<script>
addEventListener("load", () => {{
  const wider = [...document.querySelectorAll("iframe")].map(frame => {{
    const root = frame.contentDocument.documentElement;
    return root.scrollWidth - root.clientWidth;
  }});
  document.body.textContent = "wider by " + wider.join(", ");
}});
</script>"""


def shown(text: str, folder: Path) -> tuple[str, str]:
    """What the browser makes of a page, and its console."""
    page = folder / "page.html"
    page.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [str(BROWSER), *FLAGS, f"--user-data-dir={folder / 'profile'}", page.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, "\n".join(console)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    scores = {str(c): round(0.95 - 0.012 * place, 4) for place, c in enumerate(avrb.conditions())}
    report = made_report(scores)
    better = made_report({text: round(score**0.5, 4) for text, score in scores.items()})
    return {
        "report": report_page(with_baseline(better, report)),
        "comparison": comparison_page(avrb.compare(report, better)),
    }


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_no_complaint_and_no_sideways_scrolling(
    pages: dict[str, str], name: str, tmp_path: Path
) -> None:
    dom, console = shown(pages[name], tmp_path)
    assert console == ""
    assert dom.count("<svg") == pages[name].count("<svg") >= 15
    framed, _ = shown(FRAMES.format(page=html.escape(pages[name])), tmp_path)
    assert re.search("wider by .*", framed)[0].startswith("wider by 0, 0")


def test_a_page_that_fetches_would_be_told(pages: dict[str, str], tmp_path: Path) -> None:
    """The policy refuses, and the console says so: the test above can fail."""
    page = pages["report"].replace("<main>", '<main><img src="http://127.0.0.1:9/x.png">')
    _, console = shown(page, tmp_path)
    assert "Content Security Policy" in console
