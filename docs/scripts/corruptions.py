"""Writes docs/corruptions.md and docs/img from the corruptions themselves.

.venv/bin/python docs/scripts/corruptions.py                        everything, in docs/
.venv/bin/python docs/scripts/corruptions.py --out DIR rain wind    the page, figures of these only
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any

import bank
import errata
import figures

from avrb_wds.corruptions import (
    CORRUPTIONS,
    SEVERITIES,
    Corruption,
    Kernel,
    Modality,
    Profile,
    available,
    get,
)
from avrb_wds.corruptions._ambience import Ambience

DOCS = Path(__file__).parents[1]
SIGNALS: tuple[tuple[Modality, str], ...] = (("visual", "Visual"), ("audio", "Audio"))
INTRODUCTION = """\
# The corruptions

This page is generated from the code by `docs/scripts/corruptions.py`; do not edit it.

Each of the {count} corruptions affects the frames and the audio of a clip, at five severities. The
strips show a clean frame and then severities 1 to 5, from left to right; the spectrograms show
four seconds of audio in the same order. The frame and the audio are synthetic
(`docs/scripts/scene.py`). Environmental corruptions add items of [the built-in
bank](#the-built-in-bank). The site's [gallery](gallery.md) also plays the audio.

In the formulas, a pixel value x is in [0, 1]; the code uses 8 bits. "SNR" is the ratio of signal
power to noise power over the whole clip, in every channel and before clipping.
[Fidelity](fidelity.md) shows how closely each one matches the reference code.

{contents}"""


def page() -> str:
    """The whole page."""
    names = [name for name in available() if name in CORRUPTIONS]
    contents = " · ".join(f"[{name}](#{name})" for name in names)
    parts = [INTRODUCTION.format(count=len(names), contents=contents)]
    parts += [_section(get(name)) for name in names]
    return "\n\n".join([*parts, errata.CHOICES, bank.section(), errata.GENERAL]) + "\n"


def _section(corruption: Corruption) -> str:
    name = corruption.name
    module = sys.modules[f"avrb_wds.corruptions.{name}"]
    summary = _words(module.__doc__).partition(": ")[2]
    parts = [f"## {name}", summary[0].upper() + summary[1:]]
    images = (figures.strip_file(name), figures.spectrogram_file(name))
    for (modality, title), image in zip(SIGNALS, images, strict=True):
        parts.append(f"![{name}, {title.lower()}: clean, severity 1 to 5](img/{image})")
        kernel, reference = (corruption.kernel(modality, profile) for profile in _profiles())
        parts += [f"**{title}.** {_doc(kernel)}", _table(kernel)]
        if reference is not kernel:
            parts.append(_reference(kernel, reference))
    parts.append(f"**Reference code.** {errata.BY_NAME.get(name, errata.SAME)}")
    return "\n\n".join(parts)


def _profiles() -> tuple[Profile, Profile]:
    return "default", "reference"


def _reference(kernel: Kernel, reference: Kernel) -> str:
    """How the reference profile differs: its function, its levels or both."""
    says = "" if reference.apply is kernel.apply else f" {_doc(reference)}"
    if reference.levels == kernel.levels:
        return f'*Profile "reference":*{says} Levels as above.'
    return f'*Profile "reference":*{says}\n\n{_table(reference)}'


def _doc(kernel: Kernel) -> str:
    """What the kernel's function says of itself, and its levels of themselves."""
    if isinstance(kernel.apply, Ambience):
        return (
            f"Adds one of the {kernel.apply.kind} recordings of the bank at the SNR, resampled to "
            f"the clip's sample rate and channels and repeated to its length."
        )
    said = [_words(kernel.apply.__doc__)]
    level = type(kernel.levels[0])
    if issubclass(level, tuple):
        said += [_words(inner.__doc__) for inner in _tuples(kernel.levels[0])]
    return " ".join(said)


def _tuples(level: Any) -> list[type]:
    """The types of a level and of what it holds that have fields, each of which explains them."""
    inner = [found for value in level if isinstance(value, tuple) for found in _tuples(value)]
    return [type(level), *inner]


def _words(doc: str | None) -> str:
    return " ".join((doc or "").split())


def _table(kernel: Kernel) -> str:
    """The levels: a row for each field, a column for each severity."""
    head = [
        "| severity | " + " | ".join(map(str, SEVERITIES)) + " |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    columns = [_fields(kernel, level) for level in kernel.levels]
    rows = [f"| {name} | {' | '.join(c[name] for c in columns)} |" for name in columns[0]]
    return "\n".join(head + rows)


def _fields(kernel: Kernel, level: Any) -> dict[str, str]:
    """The name and text of everything in one level."""
    if isinstance(kernel.apply, Ambience) or "power ratio" in _words(kernel.apply.__doc__):
        return {"SNR in dB": f"{10 * math.log10(level):g}"}
    return _flat("level", level)


def _flat(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, tuple):
        return {name: f"{value:g}" if isinstance(value, float) else str(value)}
    fields: dict[str, str] = {}
    for field, inner in zip(type(value)._fields, value, strict=True):  # type: ignore[attr-defined]
        fields |= _flat(field if name == "level" else f"{name}: {field}", inner)
    return fields


def main() -> None:
    """Write the page, and the figures of the corruptions and of the bank: those named, or all."""
    parser = argparse.ArgumentParser()
    everything = ["bank", *(name for name in available() if name in CORRUPTIONS)]
    parser.add_argument("names", nargs="*", default=everything)
    parser.add_argument("--out", type=Path, default=DOCS)
    arguments = parser.parse_args()
    images = arguments.out / "img"
    images.mkdir(parents=True, exist_ok=True)
    (arguments.out / "corruptions.md").write_text(page())
    for name in arguments.names:
        if name == "bank":
            bank.write_sheet(images)
        else:
            figures.write_figures(name, images)


if __name__ == "__main__":
    main()
