"""Writes docs/img/overview.jpg: a frame under every corruption at severity 3.

.venv/bin/python docs/scripts/overview.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scene
from PIL import Image, ImageDraw, ImageFont

from avrb_wds.corrupter import Corrupter
from avrb_wds.corruptions import CORRUPTIONS, Frame, available

KEY, SEVERITY, COLUMNS, GAP, CAPTION = "docs", 3, 5, 6, 20


def overview(frame: Frame) -> Image.Image:
    """The frames in the paper's order, five in a row, their names below them."""
    names = [name for name in available() if name in CORRUPTIONS]
    height, width = frame.shape[:2]
    across, down = width + GAP, height + CAPTION + GAP
    sheet = Image.new("RGB", (COLUMNS * across - GAP, len(names) // COLUMNS * down), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for number, name in enumerate(names):
        left, top = number % COLUMNS * across, number // COLUMNS * down
        corrupted = Corrupter.of(name, SEVERITY).frame(frame, KEY, 0)
        sheet.paste(Image.fromarray(np.ascontiguousarray(corrupted)), (left, top))
        middle = (left + width // 2, top + height + CAPTION // 2)
        draw.text(middle, name, fill="black", font=font, anchor="mm")
    return sheet


def main() -> None:
    """Write the overview."""
    out = Path(__file__).parents[1] / "img" / "overview.jpg"
    overview(scene.frame()).save(out, quality=88, optimize=True)


if __name__ == "__main__":
    main()
