"""Make the built-in bank: every recipe, run once with draws of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avrb_wds.atomic import atomic_file, make_folder
from avrb_wds.corruptions._bankfile import PICTURES, Item, write_bank
from avrb_wds.progress import Progress, part_of

from .concert import CONCERT
from .fire import SMOKE
from .frost import TEXTURES
from .ice import FROST
from .people import SILHOUETTES
from .signal import RATE, Recipe, finish
from .silhouette import draw
from .voices import CROWD
from .water import SPATTER, UNDERWATER
from .weather import RAIN, SNOW, WIND

SOUNDS: dict[str, dict[str, Recipe]] = {
    "snow": SNOW, "frost": FROST, "spatter": SPATTER, "wind": WIND, "rain": RAIN,
    "underwater": UNDERWATER, "concert": CONCERT, "smoke": SMOKE, "crowd": CROWD,
}  # fmt: skip

# Several files, so that none is large for a repository: what each holds, (group, name) in order.
FILES: dict[str, list[tuple[str, str]]] = {
    **{kind: [(kind, name) for name in recipes] for kind, recipes in SOUNDS.items()},
    **{
        f"texture-{part}": [("texture", name) for name in list(TEXTURES)[2 * part - 2 : 2 * part]]
        for part in (1, 2, 3)
    },
    "silhouette": [("silhouette", name) for name in SILHOUETTES],
}


def make(group: str, name: str) -> Item:
    """One item of the built-in bank; the same bits whenever it is made on the same machine."""
    data: npt.NDArray[Any]
    if group == "texture":
        data = TEXTURES[name](_rng(group, name))
    elif group == "silhouette":
        data = draw(SILHOUETTES[name])
    else:
        data = finish(SOUNDS[group][name](_rng(group, name)))
    return Item(group, name, data, 0 if group in PICTURES else RATE)


def build(out: Path, progress: Progress | None = None) -> list[Path]:
    """Write the files of the built-in bank into the folder `out`, in some minutes: their paths.

    progress: called with (items made, items).
    """
    make_folder(out)
    paths, done, total = [], 0, sum(map(len, FILES.values()))
    for stem, contents in FILES.items():
        paths.append(out / f"{stem}.avrbbank")
        with atomic_file(paths[-1]) as file:
            write_bank(file, _made(contents, part_of(progress, done, total)))
        done += len(contents)
    return paths


def _made(contents: list[tuple[str, str]], progress: Progress | None) -> Iterator[Item]:
    for done, (group, name) in enumerate(contents, 1):
        yield make(group, name)
        if progress:
            progress(done, len(contents))


def _rng(group: str, name: str) -> np.random.Generator:
    key = hashlib.sha256(f"{group}/{name}".encode()).digest()[:16]
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
