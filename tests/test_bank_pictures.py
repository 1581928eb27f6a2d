"""The pictures of the built-in bank: as strong as those of the released one, by stated figures."""

from __future__ import annotations

import numpy as np
import pytest

from avrb_wds.corruptions.bank import Bank

# The share of its picture that a silhouette covers: mean, least and most over the released six.
COVERAGE = (0.393, 0.301, 0.457)


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
