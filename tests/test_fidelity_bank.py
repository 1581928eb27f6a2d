"""The built-in pictures against the released code's statistics and the released bank's."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.bank_figures import FROST, LIMITS, figures, made_images
from test_fidelity_environment import FROST_DRAWN, check, measure

from avrb_wds.banks.bank_import import import_bank
from avrb_wds.codecs import decode_frame
from avrb_wds.corrupter import Corrupter
from avrb_wds.corruptions import SEVERITIES, Draw
from avrb_wds.corruptions.bank import Bank
from avrb_wds.corruptions.crowd import placed

pytestmark = pytest.mark.media

EACH = 16  # draws of every texture


@pytest.fixture(scope="module")
def frame(media: Path) -> np.ndarray:
    path = media / "media/avrobustbench/eval_frames/frame_4/BkjpjAohg-0.jpg"
    return decode_frame(path.read_bytes())


@pytest.fixture(scope="module")
def reference(media: Path) -> dict[str, Any]:
    figures = json.loads((media / "reference" / "fidelity.json").read_text())
    return figures["visual"]["frame_4"]["default"]


@pytest.fixture(scope="module")
def released(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """The released bank's pictures."""
    folder = media / "bank/avrobustbench/visual_corruptions"
    return import_bank(folder, tmp_path_factory.mktemp("released") / "bank")


@pytest.mark.parametrize("severity", SEVERITIES)
def test_crowd_matches_the_released_code(
    severity: int, frame: np.ndarray, reference: dict[str, Any]
) -> None:
    """Built-in silhouettes at the places of the reference's 64 draws."""
    side, draws = 224 * severity // 10, []
    for d in range(64):
        drawn = random.Random(20_000 + d)
        index, left, top = (drawn.randint(0, high) for high in (5, 224 - side, 224 - side))
        draws.append(placed(frame, Bank.builtin(), index, (top, left), (side, side)))
    check(measure(frame, draws), reference["crowd"][str(severity)])


@pytest.mark.parametrize("severity", SEVERITIES)
def test_frost_matches_the_released_code(
    severity: int, frame: np.ndarray, reference: dict[str, Any]
) -> None:
    """Built-in textures, each as often as the reference's draws picked its counterpart."""
    corrupter = Corrupter.of("frost", severity, profile="reference")
    draws: list[list[np.ndarray]] = [[] for _ in FROST_DRAWN]
    for d in range(200):
        texture = draws[Draw(0, "frost", f"{d}", "visual", 0).integer(0, len(draws))]
        if len(texture) < EACH:
            texture.append(corrupter.frame(frame, f"{d}", 0))
    assert {len(texture) for texture in draws} == {EACH}
    found = [measure(frame, texture) for texture in draws]
    mixed = {name: np.average([f[name] for f in found], axis=0, weights=FROST_DRAWN)
             for name in found[0]}  # fmt: skip
    check(mixed, reference["frost"][str(severity)])


@pytest.mark.parametrize("severity", [1, 5])
@pytest.mark.parametrize("name", made_images(1))
def test_crowd_matches_the_released_bank(name: str, severity: int, released: Bank) -> None:
    picture = made_images(96)[name]
    ours, theirs = (figures("crowd", severity, picture, bank) for bank in (None, released))
    assert ours["psnr"] == pytest.approx(theirs["psnr"], abs=LIMITS["psnr"])
    assert ours["ssim"] == pytest.approx(theirs["ssim"], abs=LIMITS["ssim"])
    assert ours["ch_mean"] == pytest.approx(theirs["ch_mean"], abs=LIMITS["ch_mean"])


@pytest.mark.parametrize("name", made_images(1))
def test_the_stated_figures_are_those_of_the_released_bank(name: str, released: Bank) -> None:
    """What `test_bank_images.py` compares frost with."""
    found = figures("frost", 3, made_images(192)[name], released)
    ssim, means = FROST[name, 3]
    assert found["ssim"] == pytest.approx(ssim, abs=0.001)
    assert found["ch_mean"] == pytest.approx(means, abs=0.1)
