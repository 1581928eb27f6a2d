"""A bank's file: the zip, its manifest, its sounds and images."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from random import Random

import numpy as np

from avrb_wds.corruptions.bank import GROUPS, KINDS, Bank, Item, write_bank

from ..chunks import PNG, mutate_chunks
from ..jsons import mutate_json
from ..mutators import mutate_bytes
from ..target import Target, written

TARGET_RATE = 16_000
DIRECTORY = 400  # bytes at the end, about


def banks() -> list[bytes]:
    """One of two sounds and two pictures, and one of nothing."""
    shape = np.arange(6 * 7 * 4, dtype=np.uint8).reshape(6, 7, 4)
    items = [
        Item("rain", "a.wav", (np.arange(60, dtype=np.int16) * 37).reshape(2, 30), 8000),
        Item("wind", "é.wav", np.arange(40, dtype=np.int16)[None], 16_000),
        Item("texture", "frost1.png", shape[..., :3]),
        Item("silhouette", "p.png", shape),
    ]
    return [_written(items), _written([])]


def _written(items: list[Item]) -> bytes:
    file = io.BytesIO()
    write_bank(file, items)
    return file.getvalue()


def mutate_bank(rng: Random, data: bytes) -> bytes:
    """A member changed within a zip that is whole; or the directory; or any bytes."""
    chance = rng.random()
    if chance < 0.6:
        with suppress(Exception):  # an earlier mutation has spoilt it
            return _change_member(rng, data)
    if chance < 0.85 and len(data) > DIRECTORY:
        end = len(data) - rng.randint(4, DIRECTORY)
        return data[:end] + mutate_bytes(rng, data[end:])
    return mutate_bytes(rng, data)


def _change_member(rng: Random, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        changed = "bank.json" if rng.random() < 0.5 else rng.choice(names)
        for name in names:
            content = old.read(name)
            if name == changed:
                mutate = {"json": mutate_json, "png": mutate_chunks(PNG)}.get(name[-4:].strip("."))
                content = (mutate or mutate_bytes)(rng, content)
            if name != changed or rng.random() < 0.95:
                method = zipfile.ZIP_DEFLATED if rng.random() < 0.02 else zipfile.ZIP_STORED
                new.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def read_bank(data: bytes) -> list[tuple[int, ...]]:
    """The shapes of all that is in it, sounds at another rate too."""
    bank = Bank(written(data, "b.avrbbank"))
    shapes = [item.data.shape for group in GROUPS for item in bank.items(group)]
    for kind in KINDS:
        for index in range(bank.count(kind)):
            shapes.append(bank.sound(kind, index, TARGET_RATE, 1).shape)
    return shapes


def has_contents(data: bytes, shapes: list[tuple[int, ...]]) -> None:
    """Nothing in it is empty."""
    assert all(min(shape) > 0 for shape in shapes)


TARGETS = (Target("bank", banks, mutate_bank, read_bank, has_contents),)
