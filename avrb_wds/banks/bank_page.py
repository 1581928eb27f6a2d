"""A page that shows and plays everything in a bank, in one file that needs no other."""

from __future__ import annotations

import html
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
from ..reports.html.elements import data_url
from ..reports.spectrogram import spectrogram

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 1180px; padding: 0 1em }}
section {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 1em }}
figure {{ margin: 0 }} figcaption {{ font-size: 13px; color: #555 }}
img, audio {{ width: 100%; display: block }} .spectrum {{ height: 110px }}
.silhouette {{ height: 420px; object-fit: contain }} h2 {{ margin: 1.6em 0 .4em }}
</style>
<h1>{title}</h1>
<p>Digest {digest}. Spectrograms: time to the right, 0 to 8 kHz upwards, 70 dB.</p>
{body}</html>
"""


def write_bank_page(
    bank: Bank, out: str | os.PathLike[str], progress: Progress | None = None
) -> None:
    """Write the page of a bank: every sound as a player and spectrogram, every image.

    Sounds are in it as FLAC, textures as JPEG; the built-in bank makes 16 MB.  progress:
    called with (items done, items).
    """
    title = "The bank of sounds and images"
    body = "\n".join(_sections(bank, progress))
    page = PAGE.format(title=title, digest=bank.digest, body=body)
    write_atomic(Path(out), page.encode(errors="backslashreplace"))


def _sections(bank: Bank, progress: Progress | None) -> Iterator[str]:
    groups = (*KINDS, "texture", "silhouette")
    done, total = 0, sum(len(bank.entries(group)) for group in groups)
    for group in groups:
        yield f"<h2>{group}</h2>\n<section>"
        for item in bank.items(group):
            yield _audio(item) if group in KINDS else _image(item)
            done += 1
            if progress:
                progress(done, total)
        yield "</section>"


def _audio(item: Item) -> str:
    seconds = item.data.shape[1] / item.sample_rate
    label = f"{item.name}: {seconds:.1f} s, {item.sample_rate} Hz, {item.data.shape[0]} ch"
    sound = data_url("audio/flac", encode_audio(item.data, item.sample_rate, "flac"))
    image = data_url(
        "image/jpeg", _coded(spectrogram(item.data.mean(axis=0), item.sample_rate), "JPEG")
    )
    return (
        f'<figure><img class="spectrum" src="{image}" alt="spectrogram of {html.escape(label)}">'
        f'<audio controls preload="none" src="{sound}"></audio>'
        f"<figcaption>{html.escape(label)}</figcaption></figure>"
    )


def _image(item: Item) -> str:
    height, width = item.data.shape[:2]
    label = html.escape(f"{item.name}: {width}x{height}")
    if item.group == "texture":
        source = data_url("image/jpeg", _coded(item.data, "JPEG"))
    else:
        source = data_url("image/png", _coded(item.data, "PNG"))
    return (
        f'<figure><img class="{item.group}" src="{source}" alt="{label}">'
        f"<figcaption>{label}</figcaption></figure>"
    )


def _coded(image: npt.NDArray[np.uint8], kind: str) -> bytes:
    coded = io.BytesIO()
    Image.fromarray(image).save(coded, kind, quality=88)
    return coded.getvalue()
