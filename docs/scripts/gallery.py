"""Makes the gallery of the site: every corruption at every severity, to look at and listen to.

.venv/bin/python docs/scripts/gallery.py      writes build/docs/gallery unless it is current

The folder holds media/gallery/ with the files and gallery.md with the grids, which docs/gallery.md
includes.
"""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import figures
import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import scene
import soundfile
from PIL import Image

import avrb_wds as avrb
from avrb_wds.corruptions import CORRUPTIONS, SEVERITIES, Frame

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build/docs/gallery"
MEDIA = "gallery"  # the folder on the site, beside docs/
SIDE = 256  # pixels of a frame
SPECTROGRAM = (256, 64)  # width and height in pixels
KEY = "docs"
Waveform = npt.NDArray[np.float32]
FIGURE = """\
<figure>
<img src="../{media}/{name}.webp" alt="{label}: the frame" width="{side}" height="{side}" loading="lazy">
<img src="../{media}/{name}-audio.webp" alt="{label}: the spectrogram of the audio" width="{width}" \
height="{height}" loading="lazy">
<audio controls preload="none" src="../{media}/{name}.mp3" aria-label="{label}: the audio"></audio>
<figcaption>{caption}</figcaption>
</figure>"""  # noqa: E501


@dataclass(frozen=True)
class Cell:
    """One condition of the gallery; severity 0 is the clean clip."""

    corruption: str
    severity: int

    @property
    def name(self) -> str:
        """The stem of the cell's files; the clean clip is the same for all corruptions."""
        return f"{self.corruption}-{self.severity}" if self.severity else "clean"

    def write(self, folder: Path, frame: Frame, waveform: Waveform) -> None:
        """Write the frame, the spectrogram and the audio, made from the clean ones."""
        if self.severity:
            name, severity = self.corruption, self.severity
            frame = avrb.corrupt_frames(frame, name, severity, key=KEY)
            waveform = avrb.corrupt_waveform(
                waveform, name, severity, sample_rate=scene.RATE, key=KEY
            )
        Image.fromarray(np.asarray(frame[0])).save(folder / f"{self.name}.webp", quality=80)
        shown = _spectrogram(np.rint(waveform * 32768).astype(np.int16))
        Image.fromarray(shown).resize(SPECTROGRAM).save(folder / f"{self.name}-audio.webp")
        soundfile.write(folder / f"{self.name}.mp3", waveform.T, scene.RATE, format="MP3")

    def figure(self) -> str:
        """The cell as HTML."""
        caption = f"severity {self.severity}" if self.severity else "clean"
        label = f"{self.corruption}, {caption}" if self.severity else caption
        width, height = SPECTROGRAM
        return FIGURE.format(
            media=MEDIA, name=self.name, label=label, caption=caption.capitalize(), side=SIDE,
            width=width, height=height,
        )  # fmt: skip


def _spectrogram(pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    scale = (figures.levels(pcm)[::-1] - figures.FLOOR) / (figures.TOP - figures.FLOOR)
    colors: npt.NDArray[np.uint8] = mpl.colormaps["magma"](np.clip(scale, 0, 1), bytes=True)
    return colors[..., :3]


def page() -> str:
    """The grids in Markdown: a heading and six figures for each corruption."""
    parts = []
    for name in CORRUPTIONS:
        figures = "\n".join(Cell(name, severity).figure() for severity in (0, *SEVERITIES))
        grid = f'```{{raw}} html\n<div class="gallery">\n{figures}\n</div>\n```'
        more = f"[Description and levels](corruptions.md#{name})"
        parts.append(f"## {name}\n\n{more}\n\n{grid}\n")
    return "\n".join(parts)


def fingerprint() -> str:
    """The digest of everything that the files depend on, library versions aside."""
    sources = sorted((ROOT / "corruptions").rglob("*.*")) + sorted(Path(__file__).parent.glob("*"))
    digest = hashlib.sha256()
    for path in sources:
        if path.suffix != ".pyc" and path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def main() -> None:
    """Write the folder, unless it is there and current."""
    stamp, current = OUT / "fingerprint", fingerprint()
    if stamp.is_file() and stamp.read_text() == current:
        return
    shutil.rmtree(OUT, ignore_errors=True)
    media = OUT / "media" / MEDIA
    media.mkdir(parents=True)
    cells = [Cell("", 0), *(Cell(name, level) for name in CORRUPTIONS for level in SEVERITIES)]
    frame, waveform = scene.frame(SIDE)[np.newaxis], scene.sound() / np.float32(32768)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda cell: cell.write(media, frame, waveform), cells))
    (OUT / "gallery.md").write_text(page(), encoding="utf-8")
    stamp.write_text(current)


if __name__ == "__main__":
    main()
