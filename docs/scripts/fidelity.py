"""Writes docs/fidelity.md: every cell measured and compared with the reference code.

Needs ../shared and the test extra; takes some minutes: .venv/bin/python docs/scripts/fidelity.py
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import builtin
import numpy as np
from cells import VARIED, Row, rendered
from PIL import Image
from scipy import signal

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # one measure for the page and the tests

from test_fidelity import (  # noqa: E402
    FIGURES_OF,
    dropped_as_reference,
    power,
    similarity,
    spectral_distance,
)
from test_fidelity_environment import CROWD_LISTED, FROST_DRAWN, measure  # noqa: E402

from avrb_wds.codecs import decode_audio, decode_frame  # noqa: E402
from avrb_wds.corrupter import Corrupter  # noqa: E402
from avrb_wds.corruptions import SEVERITIES, Profile, available  # noqa: E402
from avrb_wds.corruptions._bankfile import KINDS, Item, write_bank  # noqa: E402
from avrb_wds.corruptions.bank import Bank  # noqa: E402
from avrb_wds.corruptions.crowd import placed  # noqa: E402

SHARED = ROOT.parent / "shared"
REFERENCE_BANK = SHARED / "bank/avrobustbench"
FOLDERS = {
    "spatter": "water_drops",
    "smoke": "crackling_fire_and_siren",
    "crowd": "crowd_speech",
}
DRAWS, SSIM_DRAWS, LSD_DRAWS = 200, 24, 24
DRAWS_NOTHING = ("compression", "underwater", "concert")  # in the visual part
VISUAL = ("psnr", "ssim", "ch_mean", "ch_std", "ch_p5", "ch_p50", "ch_p95")
HEADS = ("PSNR dB", "SSIM", "mean", "std", "p5", "p50", "p95")

Measured = dict[str, Any]


@dataclass(frozen=True)
class Media:
    """The clip that the reference was measured on, its figures, and a part of its bank."""

    figures: dict[str, Any]
    frame: np.ndarray
    pcm: np.ndarray
    sample_rate: int
    folder: Path


def read_media(folder: Path) -> Media:
    """The clip and the reference from ../shared; banks are written to `folder`."""
    clips = SHARED / "media/avrobustbench"
    return Media(
        json.loads((SHARED / "reference/fidelity.json").read_text()),
        decode_frame((clips / "eval_frames/frame_4/BkjpjAohg-0.jpg").read_bytes()),
        *decode_audio((clips / "eval_audio/BkjpjAohg-0.wav").read_bytes()),
        folder,
    )


def differences(found: Measured, cell: Measured) -> dict[str, float]:
    """Measured minus reference; of three channels the one that is farthest off."""
    off = {}
    for name in VISUAL:
        values = np.atleast_1d(found[name] - np.asarray(cell[name]["mean"]))
        off[name] = float(values[np.abs(values).argmax()])
    return off


def frame_statistics(frame: np.ndarray, draws: list[np.ndarray], spectra: int) -> Measured:
    """As the tests measure, but the SSIM over `spectra` draws."""
    # Turned by 0 degrees: the reference has no such draw among its 64, and PSNR is infinite.
    draws = [draw for draw in draws if not np.array_equal(draw, frame)]
    found = measure(frame, draws)
    found["ssim"] = np.mean([similarity(frame, draw) for draw in draws[:spectra]])
    return found


def drawn(media: Media, name: str, severity: int, profile: Profile) -> Measured:
    """What a cell measures with independent draws and the built-in bank."""
    corrupter = Corrupter.of(name, severity, profile=profile)
    count = 1 if name in DRAWS_NOTHING else DRAWS
    draws = [corrupter.frame(media.frame, f"{d}", 0) for d in range(count)]
    return frame_statistics(media.frame, draws, DRAWS if name in VARIED else SSIM_DRAWS)


def frozen(media: Media, severity: int) -> Measured:
    """Frost, texture by texture, as often as the reference's draws picked each."""
    found: dict[str, list[np.ndarray]] = {}
    paths = sorted((REFERENCE_BANK / "visual_corruptions").glob("frost*"))
    for path in paths[: len(FROST_DRAWN)]:
        file = media.folder / path.stem
        if not file.exists():
            write_bank(file, [Item("texture", path.stem, decode_frame(path.read_bytes()))])
        corrupter = Corrupter.of("frost", severity, profile="reference", bank=Bank.open(file))
        draws = [corrupter.frame(media.frame, f"{d}", 0) for d in range(DRAWS // len(FROST_DRAWN))]
        for name, value in frame_statistics(media.frame, draws, SSIM_DRAWS).items():
            found.setdefault(name, []).append(value)
    return {name: np.average(v, axis=0, weights=FROST_DRAWN) for name, v in found.items()}


def crowded(media: Media, severity: int) -> Measured:
    """Crowd with the silhouettes of AVROBUSTBENCH, at the places of the reference's 64 draws."""
    file = media.folder / "people"
    if not file.exists():
        folder = REFERENCE_BANK / "visual_corruptions/crowd_image"
        images = [np.asarray(Image.open(folder / f"crowd{n}.png")) for n in CROWD_LISTED]
        write_bank(file, [Item("silhouette", f"{n}", im) for n, im in enumerate(images)])
    side, draws = 224 * severity // 10, []
    for d in range(64):
        source = random.Random(20_000 + d)
        index, left, top = (source.randint(0, high) for high in (5, 224 - side, 224 - side))
        draws.append(placed(media.frame, Bank.open(file), index, (top, left), (side, side)))
    return frame_statistics(media.frame, draws, 64)


def visual_row(media: Media, name: str, severity: int, profile: Profile) -> Row:
    """A visual cell."""
    cell = media.figures["visual"]["frame_4"][FIGURES_OF[profile]][name][str(severity)]
    if "psnr" not in cell:
        return Row(name, severity, {})
    if name == "frost":
        found = frozen(media, severity)
    elif name == "crowd":
        found = crowded(media, severity)
    else:
        found = drawn(media, name, severity, profile)
    return Row(name, severity, differences(found, cell))


def recordings(media: Media, kind: str) -> Bank:
    """The recordings of a kind in AVROBUSTBENCH that are available, imported."""
    file = media.folder / f"{kind}-recordings"
    if not file.exists():
        paths = sorted((REFERENCE_BANK / "audio_corruptions" / FOLDERS.get(kind, kind)).iterdir())
        read = [(path.stem, *decode_audio(path.read_bytes())) for path in paths]
        write_bank(file, [Item(kind, stem, pcm, rate) for stem, pcm, rate in read])
    return Bank.open(file)


def audio_row(media: Media, name: str, severity: int, profile: Profile) -> Row:
    """An audio cell."""
    cell = media.figures["audio"]["BkjpjAohg-0.wav"][FIGURES_OF[profile]][name][str(severity)]
    if "snr_db" not in cell:
        return Row(name, severity, {})
    environmental = name in KINDS
    bank = recordings(media, name) if environmental else None
    corrupter = Corrupter.of(name, severity, profile=profile, bank=bank)
    # Environmental SNR is measured before clipping: a softer clip has room for all of it.
    clean = media.pcm // 16 if environmental else media.pcm
    loudness, snr, distance = power(clean.astype(np.float32)), [], []
    # Where the reference's silent chunks overlap, the SNR varies widely: see INTRODUCTION.
    replayed = name == "interference" and profile == "reference"
    count = 1 if name == "compression" else 64 if replayed else DRAWS
    for d in range(count):
        if replayed:
            draw = dropped_as_reference(clean, severity, profile, d)
        else:
            draw = corrupter.pcm(clean, f"{d}", media.sample_rate)
        error = np.subtract(draw, clean, dtype=np.float32)
        snr.append(10 * np.log10(loudness / power(error)))
        if d < (DRAWS if name == "interference" else LSD_DRAWS):
            full = corrupter.pcm(media.pcm, f"{d}", media.sample_rate) if environmental else draw
            distance.append(spectral_distance(media.pcm, full))
    reference = cell["snr_db" if environmental else "snr_db_after_clip"]["mean"]
    off = {
        "snr": float(np.mean(snr)) - reference,
        "lsd": float(np.mean(distance)) - cell["lsd_db"]["mean"],
    }
    bound = environmental or name == "compression"
    return Row(name, severity, off, unlimited=("lsd",) if bound else ())


def rounded_low_pass(media: Media) -> float:
    """How far compression's spectra lie from SciPy's low-pass, rounded to 16 bits too, in dB."""
    off = []
    for severity, cutoff in zip(SEVERITIES, (7920, 6000, 4000, 2000, 1000), strict=True):
        sections = signal.butter(6, cutoff, fs=media.sample_rate, output="sos")
        expected = np.rint(signal.sosfilt(sections, media.pcm.astype(np.float64)))
        expected = np.clip(expected, -32768, 32767).astype(np.int16)
        out = Corrupter.of("compression", severity).pcm(media.pcm, "clip", media.sample_rate)
        off.append(spectral_distance(media.pcm, out) - spectral_distance(media.pcm, expected))
    return float(np.abs(off).max())


def table(
    media: Media,
    modality: str,
    profile: Profile,
    row: Callable[[Media, str, int, Profile], Row],
) -> list[Row]:
    """The rows of a modality and profile, in the order of the corruptions."""
    cells = next(iter(media.figures[modality].values()))[FIGURES_OF[profile]]
    names = [name for name in available() if name in cells]
    return [row(media, name, severity, profile) for name in names for severity in SEVERITIES]


def page(media: Media) -> str:
    """The whole page."""
    sound, sound_heads = ("snr", "lsd"), ("SNR dB", "LSD dB")
    frames = table(media, "visual", "default", visual_row)
    reference_frames = table(media, "visual", "reference", visual_row)
    waveforms = table(media, "audio", "default", audio_row)
    reference_waveforms = table(media, "audio", "reference", audio_row)
    rows = [*frames, *reference_frames, *waveforms, *reference_waveforms]
    measured = [row for row in rows if row.off]
    missed = sum(bool(row.misses()) for row in measured)
    parts = [
        INTRODUCTION.format(
            cells=len(measured), missed=missed, low_pass=f"{rounded_low_pass(media):.3f}"
        ),
        rendered("Visual, default profile", frames, VISUAL, HEADS),
        rendered("Visual, reference profile", reference_frames, VISUAL, HEADS),
        rendered("Audio, default profile", waveforms, sound, sound_heads),
        rendered("Audio, reference profile", reference_waveforms, sound, sound_heads),
        builtin.section(builtin.import_images(media.folder)),
    ]
    return "\n\n".join(parts)


INTRODUCTION = f"""\
# Fidelity

This page is generated by `docs/scripts/fidelity.py`; do not edit it. Every figure is *measured
minus reference*: the mean over {DRAWS} draws on one clip, minus the mean over 64 draws of the
reference code of AVROBUSTBENCH on the same clip. Of the three color channels, the table shows the
one with the largest difference.

**{{cells}} cells measured, {{missed}} beyond a limit.**

| figure | limit |
|---|---|
| PSNR | 0.7 dB; spatter, smoke, interference 1.2 dB |
| SSIM | .03; spatter, smoke, interference .05 |
| channel means, standard deviations | 3 of 255 |
| percentiles 5, 50, 95 of each channel | 8 of 255 |
| SNR of the audio | 0.2 dB |
| log-spectral distance (LSD) | 1 dB if no bank is involved |

How it is measured:

- SSIM uses {SSIM_DRAWS} draws, and all draws for spatter, smoke and interference. LSD uses
  {LSD_DRAWS} draws, and all draws for interference.
- Draws of interference with a rotation of 0 degrees are left out, because the reference has none.
- The silent chunks of the reference profile are placed as in the reference's own 64 draws, which
  its seeds reproduce. At severity 1 their SNR varies by 1.3 dB from draw to draw, so that a mean
  over 64 draws deviates by .17 dB: over 20 000 independent draws it is .22 dB below the
  reference's. With the reference's placement, both profiles agree with it to .001 dB
  (`tests/test_fidelity.py`).
- Compression, and the visual parts of underwater and concert, use no random numbers.
- Frost uses the reference profile with the five textures that the reference drew, weighted by
  their frequency. Crowd uses the silhouettes of AVROBUSTBENCH, placed as in the reference's own 64
  draws.
- The nine environmental corruptions use a part of the recordings of AVROBUSTBENCH. Their SNR is
  measured before clipping. Their LSD depends on the recordings that are drawn and has no limit.
- The LSD of compression has no limit either. The band that the low-pass filter empties contains
  the rounding to 16 bits here and nothing in the reference, which measures floats. Against SciPy's
  low-pass filter, rounded to 16 bits, the LSD is within {{low_pass}} dB.
- The reference profile has tables only where it differs from the default profile. Where the
  reference code raises an error, there is nothing to compare with."""


def main() -> None:
    """Measure and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        text = page(read_media(Path(folder)))
    (ROOT / "docs/fidelity.md").write_text(text)


if __name__ == "__main__":
    main()
