"""The pictures of the built-in bank: as strong as those of the released one, by stated figures."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.bank_figures import FROST, LIMITS, figures, made_images
from scipy.ndimage import uniform_filter

from avrb_wds.corruptions.bank import Bank

# The share of its picture that a silhouette covers: mean, least and most over the released six.
COVERAGE = (0.393, 0.301, 0.457)

# The channels' means over all crops of 224 x 224 of the released textures; two are one picture.
TEXTURES = [
    (77.0, 147.7, 164.2), (197.8, 202.2, 211.4), (197.8, 202.2, 211.4),
    (144.8, 159.6, 172.5), (100.8, 112.2, 124.1), (68.6, 88.9, 96.4),
]  # fmt: skip


def test_silhouettes_cover_as_much_as_the_released_ones() -> None:
    people = [item.data for item in Bank.builtin().items("silhouette")]
    covered = [person[..., 3].mean() / 255 for person in people]
    found = (np.mean(covered), min(covered), max(covered))
    assert found == pytest.approx(COVERAGE, abs=0.015)
    for person in people:
        alpha = person[..., 3]
        edges = (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1])
        assert not any(edge.any() for edge in edges), "a figure is cut off"
        assert (alpha.max(axis=1) == 255).mean() > 0.9, "a figure is not as tall as its picture"


@pytest.mark.parametrize(("picture", "severity"), FROST)
def test_frost_is_as_strong_as_with_the_released_textures(picture: str, severity: int) -> None:
    ssim, means = FROST[picture, severity]
    found = figures("frost", severity, made_images(192)[picture], None)
    assert found["ssim"] == pytest.approx(ssim, abs=LIMITS["ssim"])
    assert found["ch_mean"] == pytest.approx(means, abs=LIMITS["ch_mean"])


def test_textures_have_the_levels_of_the_released_ones() -> None:
    """In the same order, so that the profile "reference" has the same first five."""
    for item, expected in zip(Bank.builtin().items("texture"), TEXTURES, strict=True):
        crops = uniform_filter(item.data.astype(np.float32), (224, 224, 1))[112:-111, 112:-111]
        assert crops.mean(axis=(0, 1)) == pytest.approx(expected, abs=2)
