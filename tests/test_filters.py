"""The sums behind the environmental corruptions against their definitions in real numbers."""

from __future__ import annotations

from decimal import Decimal
from math import cos, exp, radians, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from avrb_wds.corruptions import Draw
from avrb_wds.corruptions._blur import blur, blur_finely
from avrb_wds.corruptions._edges import REACH, edges, squared_distance
from avrb_wds.corruptions._motion import STEPS, Tail, draw_angle, motion_blur
from avrb_wds.corruptions._precipitation import SEAM, drifted
from avrb_wds.corruptions._resize import resized

SIZES = [(1, 1), (1, 9), (7, 1), (23, 31), (64, 48)]


def picture(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def motion_blurred(image: np.ndarray, radius: int, sigma: float, degrees: float) -> np.ndarray:
    """The definition, in floats."""
    y, x = np.ogrid[: image.shape[0], : image.shape[1]]
    out, total = np.zeros(image.shape), 0.0
    for i in range(2 * radius + 1):
        weight = exp(-(i**2) / (2 * sigma**2))
        dx, dy = round(i * cos(radians(degrees))), round(i * sin(radians(degrees)))
        row, column = np.clip(y + dy, 0, len(image) - 1), np.clip(x + dx, 0, image.shape[1] - 1)
        out += weight * image[row, column]
        total += weight
    return out / total


@pytest.mark.parametrize("size", [*SIZES, (23, 31, 3), (1, 1, 3), (40, 5, 3)])
@pytest.mark.parametrize("tail", [Tail(10, 3), Tail(12, 12), Tail(20, 15)])
@pytest.mark.parametrize("degrees", [-130.625, -90, -45, 0, 17.25, 45])
def test_motion_blur_is_its_definition(size: tuple[int, ...], tail: Tail, degrees: float) -> None:
    image = picture(*size)
    out = motion_blur(image, tail, int(degrees * STEPS))
    expected = motion_blurred(image, *tail, degrees)
    assert out.shape == image.shape
    # Rounded down, by weights of 1/256 that are off by half of one each at most.
    assert np.abs(out + 0.5 - expected).max() < 6
    assert np.abs(out + 0.5 - expected).mean() < 1.2


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 255), st.integers(1, 40), st.integers(1, 40), st.integers(-1080, 1080),
    st.sampled_from([Tail(10, 3), Tail(18, 10), Tail(20, 15)]),
)  # fmt: skip
def test_motion_leaves_one_colour_as_it_is(
    value: int, height: int, width: int, angle: int, tail: Tail
) -> None:
    image = np.full((height, width, 3), value, np.uint8)
    assert np.array_equal(motion_blur(image, tail, angle), image)


@pytest.mark.parametrize("move", [1, 5, 30, 64, 150, -1, -30, -64, -150])
def test_what_drifts_is_followed_by_itself(move: int) -> None:
    plane = picture(64, 48)
    down, right = drifted(plane, 0, move), drifted(plane.T, move, 0)
    assert np.array_equal(down, right.T)
    turned = drifted(plane[::-1], 0, -move)
    assert np.array_equal(turned, down[::-1])  # up as down
    place = np.arange(64) - move
    first = (place >= 0) & (place < 64)
    assert np.array_equal(down[first], plane[place[first]])
    # Copies are whole but for the rows that join them to what went before.
    wrapped = np.roll(plane, move, axis=0)
    changed = np.flatnonzero((down != wrapped).any(axis=1))
    assert len(changed) <= SEAM * (1 + abs(move) // 64)
    assert not first[changed].any()
    assert np.array_equal(drifted(np.full((9, 7), 200, np.uint8), 4, 5), np.full((9, 7), 200))


@pytest.mark.parametrize("move", [SEAM, 40])
def test_what_follows_begins_like_a_mirror_image_and_goes_on_as_another(move: int) -> None:
    y = np.arange(64)
    plane = np.repeat(2 * y, 5).reshape(64, 5).astype(np.uint8)  # 0 at the top, 126 at the end
    joint = drifted(plane, 0, move)[: move + 1, 0].astype(int)
    assert joint[-1] == 0
    assert np.abs(np.diff(joint[-SEAM - 1 :])).max() <= 126 // SEAM + 4


def test_angles_come_from_the_whole_range() -> None:
    angles = [draw_angle(Draw(0, "wind", f"{k}", "visual"), -45, 45) / STEPS for k in range(2000)]
    assert -45 <= min(angles) < -44
    assert 44 < max(angles) <= 45
    assert abs(np.mean(angles)) < 2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("edge", ["edge", "reflect", "symmetric"])
@pytest.mark.parametrize("sigma", ["0.8", "1.5", "2.6", "4"])
def test_blur_is_a_gaussian_filter(size: tuple[int, int], edge: str, sigma: str) -> None:
    plane, radius = picture(*size), round(4 * Decimal(sigma))
    mode = {"edge": "nearest", "reflect": "mirror", "symmetric": "reflect"}[edge]
    expected = ndimage.gaussian_filter(plane.astype(float), float(sigma), mode=mode, radius=radius)
    assert np.abs(blur(plane, Decimal(sigma), radius, edge) - expected).max() < 3.5
    field = plane.astype(np.int16) * 64 - 8192
    fine = blur_finely(field, Decimal(sigma), radius, edge)
    assert np.abs((fine + 8192.0) / 64 - expected).max() < 0.1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.002, 0.05, 1.0])
def test_distances_are_euclidean(size: tuple[int, int], share: float) -> None:
    mask = np.random.default_rng(1).random(size) < share
    if mask.any():
        expected = np.minimum(ndimage.distance_transform_edt(~mask) ** 2, REACH**2)
    else:
        expected = np.full(size, REACH**2)
    assert np.array_equal(squared_distance(mask), np.rint(expected))


def test_edges_run_once_around_a_disc() -> None:
    y, x = np.ogrid[:60, :70]
    disc = (x - 30) ** 2 + (y - 33) ** 2 <= 15**2
    found = edges(np.where(disc, np.uint8(200), np.uint8(0)), strength=150)
    distance = np.sqrt((x - 30) ** 2 + (y - 33) ** 2)[found]
    assert 13.5 < distance.min() < distance.max() < 17.5
    assert 75 < np.count_nonzero(found) < 130  # the circumference is 94
    assert ndimage.label(found, np.ones((3, 3)))[1] == 1


def test_a_slope_under_the_strength_has_no_edge() -> None:
    slope = np.tile(np.arange(0, 240, 8, dtype=np.uint8), (20, 1))
    assert not edges(slope, strength=150).any()


@pytest.mark.parametrize(("size", "to"), [((1, 1), (5, 4)), ((6, 9), (12, 9)), ((90, 40), (7, 13))])
def test_resizing_interpolates_between_pixel_centres(
    size: tuple[int, int], to: tuple[int, int]
) -> None:
    image = picture(*size, 4)
    places = [
        np.clip((np.arange(many) + 0.5) * count / many - 0.5, 0, count - 1)
        for count, many in zip(size, to, strict=True)
    ]
    grid = np.meshgrid(*places, indexing="ij")
    expected = [
        ndimage.map_coordinates(image[..., c].astype(float), grid, order=1) for c in range(4)
    ]
    out = resized(image.astype(np.int32), *to)
    assert out.shape == (*to, 4)
    assert np.abs(out - np.stack(expected, axis=-1)).max() < 3
