"""A page that shows and plays everything in a bank, in one file that needs no other."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..atomic import write_atomic
from ..codecs import encode_audio
from ..corruptions.bank import KINDS, Bank, Item
from ..progress import Progress
from ..reports.html.elements import Html, Page, data_url, document, element, section
from ..reports.spectrogram import spectrogram

TITLE = "The bank of sounds and images"
STYLE = """
.items { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 1em }
.items img, .items audio { width: 100%; display: block }
.items figure { margin: 0 }
.spectrum { height: 110px }
.silhouette { height: 420px; object-fit: contain }
"""


def write_bank_page(
    bank: Bank, out: str | os.PathLike[str], progress: Progress | None = None
) -> None:
    """Write the page of a bank: every sound as a player and spectrogram, every image.

    Sounds are in it as FLAC, textures as JPEG; the built-in bank makes 16 MB.  progress:
    called with (items done, items).
    """
    head = (
        element("h1", TITLE),
        element(
            "p",
            f"Digest {bank.digest}. Spectrograms: time to the right, 0 to 8 kHz upwards, 70 dB.",
        ),
    )
    page = document(Page(TITLE, STYLE, media=True), *head, *_sections(bank, progress))
    write_atomic(Path(out), page.encode(errors="backslashreplace"))


def _sections(bank: Bank, progress: Progress | None) -> Iterator[Html]:
    groups = (*KINDS, "texture", "silhouette")
    done, total = 0, sum(len(bank.entries(group)) for group in groups)
    for group in groups:
        figures = []
        for item in bank.items(group):
            figures.append(_audio(item) if group in KINDS else _image(item))
            done += 1
            if progress:
                progress(done, total)
        yield section(group, element("div", *figures, class_="items"))


def _audio(item: Item) -> Html:
    seconds = item.data.shape[1] / item.sample_rate
    label = f"{item.name}: {seconds:.1f} s, {item.sample_rate} Hz, {item.data.shape[0]} ch"
    image = _coded(spectrogram(item.data.mean(axis=0), item.sample_rate), "JPEG")
    audio = data_url("audio/flac", encode_audio(item.data, item.sample_rate, "flac"))
    return element(
        "figure",
        element(
            "img",
            class_="spectrum",
            src=data_url("image/jpeg", image),
            alt=f"spectrogram of {label}",
        ),
        element("audio", controls="controls", preload="none", src=audio),
        element("figcaption", label),
    )


def _image(item: Item) -> Html:
    height, width = item.data.shape[:2]
    label = f"{item.name}: {width}x{height}"
    kind = "JPEG" if item.group == "texture" else "PNG"
    source = data_url(f"image/{kind.lower()}", _coded(item.data, kind))
    return element(
        "figure",
        element("img", class_=item.group, src=source, alt=label),
        element("figcaption", label),
    )


def _coded(image: npt.NDArray[np.uint8], kind: str) -> bytes:
    coded = io.BytesIO()
    Image.fromarray(image).save(coded, kind, quality=88)
    return coded.getvalue()
