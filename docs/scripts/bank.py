"""The section of docs/corruptions.md on the built-in bank, and the image of all its items."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from avrb_wds.banks.bank_page import spectrogram
from avrb_wds.corruptions.bank import ASSETS, KINDS, Bank

SHEET = "bank.jpg"
LABEL, CELL, GAP = 72, (150, 60), 4  # pixels; cells are (width, height)
TEXTURE, PERSON = (150, 112), (150, 150)
SECONDS = 5

RgbImage = npt.NDArray[np.uint8]


def section() -> str:
    """What the built-in bank holds, how to see and hear it, and how to bring another."""
    bank = Bank.builtin()
    size = sum(path.stat().st_size for path in ASSETS.iterdir()) / 1e6
    rows = [
        f"| {kind} | {' · '.join(entry.name for entry in bank.entries(kind))} |" for kind in KINDS
    ]
    rows += [
        f"| {group}s | {' · '.join(entry.name for entry in bank.entries(group))} |"
        for group in ("texture", "silhouette")
    ]
    return SECTION.format(size=size, digest=bank.digest, rows="\n".join(rows), sheet=SHEET)


def write_sheet(folder: Path) -> None:
    """Write spectrograms of five seconds of all recordings, all textures and all silhouettes."""
    bank = Bank.builtin()
    rows = [(kind, CELL, [_spectrogram(bank, kind, n) for n in range(6)]) for kind in KINDS]
    rows.append(("textures", TEXTURE, [item.data for item in bank.items("texture")]))
    people = [_on_white(item.data) for item in bank.items("silhouette")]
    rows.append(("silhouettes", PERSON, people))
    width = LABEL + 6 * (CELL[0] + GAP)
    height = sum(cell[1] + GAP for _, cell, _ in rows)
    sheet = Image.new("RGB", (width, height), "white")
    pen, top = ImageDraw.Draw(sheet), 0
    for name, cell, images in rows:
        pen.text((2, top + cell[1] // 2 - 6), name, fill="black")
        for number, image in enumerate(images):
            shown = Image.fromarray(image).resize(cell, Image.Resampling.LANCZOS)
            sheet.paste(shown, (LABEL + number * (cell[0] + GAP), top))
        top += cell[1] + GAP
    sheet.save(folder / SHEET, quality=65)


def _spectrogram(bank: Bank, kind: str, index: int) -> RgbImage:
    rate = bank.entries(kind)[index].sample_rate
    track = bank.sound(kind, index, rate, 1)[0, : SECONDS * rate]
    return spectrogram(track.astype(np.float64), rate)


def _on_white(person: RgbImage) -> RgbImage:
    """A silhouette in the middle of a white square."""
    side = max(person.shape[:2])
    square = Image.new("RGB", (side, side), "white")
    image = Image.fromarray(person)
    square.paste(image, ((side - image.width) // 2, 0), image)
    return np.asarray(square)


SECTION = """\
## The built-in bank

The nine environmental corruptions add items of this bank: six recordings of each kind, 10 s at 16
kHz, six frost textures of 720 x 540 and six silhouettes, {size:.1f} MB in all. Every item is
synthetic, made by the code in `tools/synth`, and under the license of this package.

- `avrb bank page bank.html` writes a page that shows and plays every item.
- `avrb bank import DIR OUT` imports a custom bank, or the folders of AVROBUSTBENCH, for `bank=`
  and `--bank`.
- `avrb bank build OUT` generates the built-in bank again.

The digest of the built-in bank is
`{digest}`.

| kind | items |
|---|---|
{rows}

![Spectrograms of five seconds of every recording, 0 to 8 kHz; textures; silhouettes](img/{sheet})

`benchmarks/bank_kinds.py` tests whether the kinds can be told apart, with a small linear
classifier on pieces of two seconds; chance is 11 %. Trained on this bank, it recognizes 16 of 27
recordings from a part of the AVROBUSTBENCH bank; trained on those, it recognizes 30 of the 54
recordings of this bank. Within one bank, with one recording left out at a time, it recognizes 50
of 54 here and 15 of 27 there, where recordings of one kind differ more from one another. Between
the banks it confuses the snow of AVROBUSTBENCH, a steady hiss, with rain, and crowds
with sirens."""
