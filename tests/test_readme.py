"""What the README shows runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from shardmaking import clips, write_shards

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

PRELUDE = """
import warnings
# webdataset leaves closing its shards to the garbage collector.
warnings.filterwarnings("error")
warnings.filterwarnings("ignore", category=ResourceWarning)
import numpy as np
frames = np.full((2, 24, 32, 3), 100, np.uint8)
waveform = np.zeros((1, 800), np.float32)
def model(batch):
    return batch["frames"].double().mean((1, 2, 3)).float()
"""
CHECKS = {
    "wds.WebDataset": """
assert len(list(dataset)) == 14
assert report.clean is not None and len(report.cells) > 1
""",
    "register(BLACKOUT)": """
import avrb_wds as avrb
dark = avrb.corrupt_frames(frames, "blackout", 3)
assert (dark == 50).all()
silent = avrb.corrupt_waveform(waveform + 0.5, "blackout", 5, sample_rate=16_000)
assert 0.8 < (silent == 0).mean() < 1
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with `shards/`, fourteen of them, named as in the README."""
    shards = write_shards(tmp_path / "shards", clips(14), per_shard=1)
    for path in shards.iterdir():
        path.rename(path.with_name(path.name.replace("t-", "vgg-")))
    manifest = shards / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"t-', b'"vgg-'))
    return tmp_path


@pytest.mark.parametrize("sign", CHECKS)
def test_python_snippets_run(folder: Path, sign: str) -> None:
    [snippet] = [snippet for snippet in SNIPPETS if sign in snippet]
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + snippet + CHECKS[sign]],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_snippet_is_run() -> None:
    assert len(SNIPPETS) == len(CHECKS)


def test_a_corruption_of_ones_own_takes_under_15_lines() -> None:
    [snippet] = [snippet for snippet in SNIPPETS if "register(" in snippet]
    assert len(snippet.strip().splitlines()) < 15


def test_the_commands_shown_are_there() -> None:
    shown = set(re.findall(r"^\$ avrb (\S+)", README, re.MULTILINE))
    shown |= set(re.findall(r"`avrb ([a-z-]+)", README))
    help_text = subprocess.run(
        [sys.executable, "-m", "avrb_wds.tools.cli", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for command in shown:
        assert re.search(rf"\s{command}\s", help_text), command


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (Path(__file__).parents[1] / target).exists(), target
