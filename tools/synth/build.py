"""Make the built-in bank: every recipe, run once with draws of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avrb_wds.corruptions._bankfile import PICTURES, Item, write_bank
from avrb_wds.whole import whole_file

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

__all__ = ["FILES", "SOUNDS", "build", "make"]

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


def build(out: Path) -> Iterator[Path]:
    """Write the files of the built-in bank into the folder `out`; gives each path once it is there.

    Takes some minutes.
    """
    out.mkdir(parents=True, exist_ok=True)
    for stem, contents in FILES.items():
        path = out / f"{stem}.avrbbank"
        with whole_file(path) as file:
            write_bank(file, (make(group, name) for group, name in contents))
        yield path


def _rng(group: str, name: str) -> np.random.Generator:
    key = hashlib.sha256(f"{group}/{name}".encode()).digest()[:16]
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
