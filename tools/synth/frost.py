"""The frost textures: where crystals start on the pane, how they grow, and how light falls on them.

The finished textures have the levels of those of the released benchmark, in their order: the mean
and deviation of each channel, and how strong details of each size are.  A frame's SSIM under frost
depends on little else.

Sources: those of `crystals`; Phong, "Illumination for computer generated pictures", Communications
of the ACM 18(6), 1975; Burt & Adelson, "The Laplacian pyramid as a compact image code", IEEE
Transactions on Communications 31, 1983 (a picture as the sum of its details of each size); Perlin,
"An image synthesizer", SIGGRAPH 1985 (creases from the absolute value of noise).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates, zoom

from .crystals import Growth, Habit, Seed, grow

HEIGHT, WIDTH = 540, 720
FINE = 2  # crystals grow on a grid so many times finer than the picture
SIZES = (0.5, 1, 2, 4, 8, 16, 32)  # deviations of Gaussians, in pixels, between sizes of details
SMALL = 5  # how many of the sizes of details, from the finest, frost is uneven in
CROP = 224  # pixels of the frames that the means are for
Floats = npt.NDArray[np.float64]
Texture = Callable[[np.random.Generator], npt.NDArray[np.uint8]]
Place = Callable[[np.random.Generator], list[Seed]]


@dataclass(frozen=True)
class Levels:
    """What a finished texture measures.

    mean: of each channel, RGB from 0 to 255, over random crops, which show its middle more often.
    deviation: of each channel, over all of it.  grain: the deviation of its details, from those
    under half a pixel to those over 32 pixels, in proportion.
    """

    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    grain: tuple[float, ...]


@dataclass(frozen=True)
class Light:
    """How a pane looks: colours are RGB from 0 to 255.

    glass: where no ice is.  ice: the crystals.  shine: strength of highlights.  relief: how steep
    the ridges look.  haze: how much fine frost covers the glass between.  sun: the direction, in
    radians, of the branches that shine most.
    """

    glass: tuple[float, float, float] = (40, 55, 75)
    ice: tuple[float, float, float] = (215, 228, 240)
    shine: float = 0.6
    relief: float = 3.0
    haze: float = 0.3
    sun: float = 0.9


def _clouds(rng: np.random.Generator, pixels: float) -> Floats:
    """A smooth random field of the picture's size, from 0 to 1, with features so large."""
    coarse = rng.standard_normal((HEIGHT // 6, WIDTH // 6))
    field = zoom(gaussian_filter(coarse, pixels / 6, mode="wrap"), 6, order=1)
    scaled: Floats = (field - field.min()) / (field.max() - field.min())
    return scaled


def _scattered(rng: np.random.Generator, count: int, arms: int, late: float) -> list[Seed]:
    """Stars of `arms` stems at random places, one after the other within `late` ticks."""
    seeds: list[Seed] = []
    for _ in range(count):
        x, y = rng.uniform(0, FINE * WIDTH), rng.uniform(0, FINE * HEIGHT)
        turn, tick = rng.uniform(0, 360), rng.uniform(0, late)
        seeds += [(x, y, turn + 360 * arm / arms, tick) for arm in range(arms)]
    return seeds


def _from_edges(rng: np.random.Generator, count: int, fan: float, late: float) -> list[Seed]:
    """Stems that come in from the frame of the window, within `fan` degrees of straight in."""
    seeds: list[Seed] = []
    w, h = FINE * WIDTH, FINE * HEIGHT
    for _ in range(count):
        angle = int(rng.choice((0, 90, 180, 270), p=(0.2, 0.15, 0.2, 0.45)))  # the way in
        x = rng.uniform(0, w) if angle in (90, 270) else (2 if angle == 0 else w - 3)
        y = rng.uniform(0, h) if angle in (0, 180) else (2 if angle == 90 else h - 3)
        seeds.append((x, y, angle + rng.normal(0, fan), rng.uniform(0, late)))
    return seeds


def _fans(rng: np.random.Generator, count: int, stems: int, fan: float, late: float) -> list[Seed]:
    """Sheaves: `stems` needles that leave one place within `fan` degrees."""
    seeds: list[Seed] = []
    for _ in range(count):
        x, y = rng.uniform(0, FINE * WIDTH), rng.uniform(0, FINE * HEIGHT)
        turn, tick = rng.uniform(0, 360), rng.uniform(0, late)
        for stem in range(stems):
            away = turn + fan * (stem / max(stems - 1, 1) - 0.5) + rng.normal(0, 2)
            seeds.append((x, y, away, tick))
    return seeds


def _ridges(growth: Growth) -> tuple[Floats, Floats, Floats]:
    """Height of the ice, the angle of its ridge, and the distance from it, at every fine pixel."""
    away, (row, column) = distance_transform_edt(growth.branch == 0, return_indices=True)
    half = growth.half[row, column].astype(float) + 0.6
    rank = growth.order[row, column]
    profile = np.clip(1 - away / (2.2 * half), 0, 1)
    return half * profile * 0.85**rank, growth.angle[row, column].astype(float), away


def _shade(rng: np.random.Generator, growth: Growth, light: Light) -> Floats:
    """The picture (h, w, 3), in no particular range yet, at the fine grid's size over FINE."""
    height, angle, away = _ridges(growth)
    height += 0.08 * gaussian_filter(rng.standard_normal(height.shape), 1.0)
    slope_y, slope_x = np.gradient(light.relief * gaussian_filter(height, 0.7))
    length = np.sqrt(1 + slope_x**2 + slope_y**2)
    facing = (1 + 0.7 * -slope_x + 0.9 * -slope_y) / length / np.sqrt(1 + 0.7**2 + 0.9**2)
    diffuse, glint = np.clip(facing, 0, 1), np.clip(facing, 0, 1) ** 24
    # Sheets of parallel needles mirror the sky or don't, all at once.
    sheen = 0.7 + 0.3 * np.cos(2 * (angle - light.sun))
    cover = np.clip(height / 1.2, 0, 1)
    lit = sheen * (0.35 + 0.75 * diffuse) * (0.55 + 0.45 * np.clip(height / 2.5, 0, 1))
    small = [_reduce(part) for part in (cover, lit, glint * cover, np.exp(-away / 14))]
    cover, lit, glint, near = small
    haze = light.haze * (0.4 + 0.6 * _clouds(rng, 60)) * (0.6 + 0.4 * near)
    haze *= 1 + 0.3 * _noise(rng, 0.8)
    glass = 0.7 + 0.6 * _clouds(rng, 140)
    picture = np.empty((HEIGHT, WIDTH, 3))
    for channel in range(3):
        ground = light.glass[channel] * glass
        ground += haze * (light.ice[channel] - ground)
        ice = light.ice[channel] * lit + 255 * light.shine * glint
        picture[..., channel] = ground + cover * (ice - ground)
    return picture * (0.85 + 0.3 * _clouds(rng, 200))[..., np.newaxis]


def _reduce(fine: Floats) -> Floats:
    mean: Floats = fine.reshape(HEIGHT, FINE, WIDTH, FINE).mean(axis=(1, 3))
    return mean


def _crystals(
    rng: np.random.Generator,
    place: Place,
    habit: Habit,
    light: Light,
    levels: Levels,
    uneven: float,
) -> npt.NDArray[np.uint8]:
    """A texture of crystals, grown and lit."""
    growth = grow(rng, (FINE * HEIGHT, FINE * WIDTH), place(rng), habit)
    return _finish(rng, _shade(rng, growth, light), levels, uneven)


def _noise(rng: np.random.Generator, pixels: float) -> Floats:
    """A random field of the picture's size, mean 0 and deviation 1, with features so large."""
    field = gaussian_filter(rng.standard_normal((HEIGHT, WIDTH)), pixels, mode="wrap")
    scaled: Floats = field / field.std()
    return scaled


def _sheet(rng: np.random.Generator, levels: Levels, uneven: float) -> npt.NDArray[np.uint8]:
    """A texture of one sheet of ice, creased and clouded, over water."""
    rows, columns = np.indices((HEIGHT, WIDTH), dtype=float)
    height = 0.3 * _noise(rng, 0.8)
    for size in (16.0, 8.0, 4.0, 2.0, 1.0):
        # Creases run where noise changes its sign, along lines that larger noise bends.
        bent = [axis + 4 * size * _noise(rng, 5 * size) for axis in (rows, columns)]
        crease = np.abs(map_coordinates(_noise(rng, size), bent, order=1, mode="wrap"))
        height -= size**0.8 * np.minimum(crease, 0.8)
    slope_y, slope_x = np.gradient(0.8 * height)
    facing = (1 - 0.7 * slope_x - 0.9 * slope_y) / np.sqrt(1 + slope_x**2 + slope_y**2)
    lit = 0.5 + 0.4 * np.clip(facing, 0, 2) + 0.4 * np.clip(facing - 1.2, 0, 1)
    white = np.clip(1.8 * _clouds(rng, 80) - 0.4, 0, 1)
    deep = 0.7 + 0.6 * _clouds(rng, 110)
    picture = np.empty((HEIGHT, WIDTH, 3))
    for channel, (water, ice) in enumerate(zip((30, 135, 165), (170, 180, 178), strict=True)):
        picture[..., channel] = (water * deep + white * (ice - water * deep)) * lit
    return _finish(rng, picture, levels, uneven)


def _finish(
    rng: np.random.Generator, picture: Floats, levels: Levels, uneven: float
) -> npt.NDArray[np.uint8]:
    """The picture brought to its levels.

    uneven: how much fine details are stronger in one place than in another, from 0 to 1.
    """
    shown = np.outer(_shown(HEIGHT), _shown(WIDTH))
    thick = 1 - uneven + 2 * uneven * _clouds(rng, 40)
    finished = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    for channel in range(3):
        coarser = [picture[..., channel]]
        coarser += [gaussian_filter(coarser[0], size) for size in SIZES]
        coarser.append(np.full((HEIGHT, WIDTH), coarser[0].mean()))
        plane = np.zeros((HEIGHT, WIDTH))
        for number, grain in enumerate(levels.grain):
            detail = coarser[number] - coarser[number + 1]
            detail *= thick if number < SMALL else 1
            plane += detail * (grain / detail.std())
        plane *= levels.deviation[channel] / plane.std()
        plane -= (plane * shown).mean()
        finished[..., channel] = np.rint(np.clip(plane + levels.mean[channel], 0, 255))
    return finished


def _shown(length: int) -> Floats:
    """How often crops show each of `length` pixels, 1 in the mean."""
    place = np.arange(length)
    crops = np.minimum(place, length - CROP) - np.maximum(place - CROP, -1)
    often: Floats = crops / crops.mean()
    return often


# Mean and deviation as the textures of the released benchmark have them, of which the second and
# third are one picture; the grain so that a frame under ours is as like the clean one by SSIM.
POND = Levels((77, 147.7, 164.2), (26.9, 16.5, 15.3), (2.4, 3.8, 2.6, 1.8, 1.7, 2.2, 2.6, 10.9))
WHITE = Levels((197.8, 202.2, 211.4), (21.4, 22.1, 22.6), (3, 5.1, 5.2, 5, 3.7, 2.7, 2.3, 14))
GREY = Levels((144.8, 159.6, 172.5), (28.5, 28.5, 29.9), (4.7, 7.9, 6.6, 5.6, 4.2, 2.7, 2.3, 16.6))
DARK = Levels((100.8, 112.2, 124.1), (44.4, 43.3, 41.7), (5.6, 8.2, 7.2, 8.3, 8.3, 7.5, 5.1, 26))
BLUE = Levels((68.6, 88.9, 96.4), (35.2, 42.7, 47.4), (4.9, 8, 7, 6.7, 6.5, 6.7, 8.4, 24.4))

TEXTURES: dict[str, Texture] = {
    "frozen pond": partial(_sheet, levels=POND, uneven=0.5),
    "white needles": partial(
        _crystals,
        place=partial(_fans, count=230, stems=6, fan=50, late=700),
        habit=Habit(
            gaps=(9, 9), lengths=(420, 70, 24), widths=(6.5, 4.2, 3), spread=28, bend=0.02, jitter=5
        ),
        light=Light(glass=(100, 110, 125), haze=0.75, sun=2.4),
        levels=WHITE,
        uneven=0.15,
    ),
    "white feathers": partial(
        _crystals,
        place=partial(_fans, count=120, stems=5, fan=120, late=700),
        habit=Habit(
            gaps=(11, 9), lengths=(300, 110, 34), widths=(6.5, 4.4, 3.2), spread=42, bend=0.12
        ),
        light=Light(glass=(150, 158, 170), haze=0.5, sun=1.6),
        levels=WHITE,
        uneven=0.5,
    ),
    "grey pane": partial(
        _crystals,
        place=partial(_scattered, count=420, arms=4, late=900),
        habit=Habit(gaps=(10, 9), lengths=(130, 60, 22), widths=(6, 4.4, 3.2), bend=0.1),
        light=Light(glass=(70, 80, 95), haze=0.4),
        levels=GREY,
        uneven=0.5,
    ),
    "stars": partial(
        _crystals,
        place=partial(_scattered, count=130, arms=5, late=700),
        habit=Habit(gaps=(13, 10), lengths=(230, 90, 34), widths=(6.5, 4.6, 3.4), bend=0.04),
        light=Light(glass=(45, 52, 62), haze=0.25),
        levels=DARK,
        uneven=0.7,
    ),
    "blue ferns": partial(
        _crystals,
        place=partial(_from_edges, count=22, fan=35, late=400),
        habit=Habit(
            gaps=(18, 12, 10), lengths=(900, 300, 90, 20), widths=(8, 5.4, 3.8, 2.8), bend=0.1
        ),
        light=Light(glass=(14, 28, 46), haze=0.15, sun=0.2),
        levels=BLUE,
        uneven=0.6,
    ),
}
