"""The last section of docs/fidelity.md: frost and crowd with two banks, built-in and reference.

.venv/bin/python docs/scripts/builtin.py    measures and replaces that section only; needs ../shared
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from cells import Row, rendered

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # one measure for the page and the tests

from helpers.bank_figures import figures, made_images  # noqa: E402

from avrb_wds.banks.bank_import import import_bank  # noqa: E402
from avrb_wds.codecs import decode_frame  # noqa: E402
from avrb_wds.corruptions import SEVERITIES, Frame  # noqa: E402
from avrb_wds.corruptions.bank import Bank  # noqa: E402

SHARED = ROOT.parent / "shared"
FRAME = SHARED / "media/avrobustbench/eval_frames/frame_4/BkjpjAohg-0.jpg"
DRAWS = 100
HEADING = "## The built-in bank"
INTRODUCTION = f"""\
{HEADING}

Frost and crowd with the images of the built-in bank, minus frost and crowd with those of
AVROBUSTBENCH: means over the same {DRAWS} draws, on the frame of the clip and on two synthetic
images, one full of edges and one of flat patches (`tests/helpers/bank_figures.py`). The limits are
those above. On average, silhouettes cover .395 of their image (.309 to .459); those of
AVROBUSTBENCH cover .393 (.301 to .457). Textures have the same channel means as those of
AVROBUSTBENCH, in the same order."""


def section(reference: Bank) -> str:
    """The introduction and a table for each image."""
    images = {"the clip's frame": decode_frame(FRAME.read_bytes())}
    images |= {f"an image of {name}": made for name, made in made_images(192).items()}
    columns, heads = ("psnr", "ssim", "ch_mean"), ("PSNR dB", "SSIM", "mean")
    tables = [
        rendered(f"Built-in bank, {title}", _rows(image, reference), columns, heads)
        for title, image in images.items()
    ]
    return "\n\n".join([INTRODUCTION, *(f"#{table}" for table in tables)]) + "\n"


def _rows(image: Frame, reference: Bank) -> list[Row]:
    return [
        Row(name, severity, _differences(name, severity, image, reference))
        for name in ("frost", "crowd")
        for severity in SEVERITIES
    ]


def _differences(name: str, severity: int, image: Frame, reference: Bank) -> dict[str, float]:
    """Built-in minus reference; of three channels, the one with the largest difference."""
    ours, theirs = (figures(name, severity, image, bank, DRAWS) for bank in (None, reference))
    off = {figure: np.atleast_1d(ours[figure] - theirs[figure]) for figure in ours}
    return {figure: float(values[np.abs(values).argmax()]) for figure, values in off.items()}


def import_images(folder: Path) -> Bank:
    """The images of the AVROBUSTBENCH bank, written to `folder`."""
    return import_bank(SHARED / "bank/avrobustbench/visual_corruptions", folder / "reference")


def main() -> None:
    """Measure, and replace the section."""
    page = ROOT / "docs/fidelity.md"
    with tempfile.TemporaryDirectory() as folder:
        text = section(import_images(Path(folder)))
    page.write_text(page.read_text().partition(HEADING + "\n")[0].rstrip("\n") + "\n\n" + text)


if __name__ == "__main__":
    main()
