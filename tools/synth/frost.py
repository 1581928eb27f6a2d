"""The frost textures: where crystals start on the pane, how they grow, and how light falls on them.

Sources: those of `crystals`; Phong, "Illumination for computer generated pictures", Communications
of the ACM 18(6), 1975.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, gaussian_filter, zoom

from .crystals import Growth, Habit, Seed, grow

__all__ = ["TEXTURES", "Texture"]

HEIGHT, WIDTH = 540, 720
FINE = 2  # crystals grow on a grid so many times finer than the picture
Floats = npt.NDArray[np.float64]
Texture = Callable[[np.random.Generator], npt.NDArray[np.uint8]]
Place = Callable[[np.random.Generator], list[Seed]]


@dataclass(frozen=True)
class Light:
    """How a pane looks: colours are RGB from 0 to 255.

    glass: where no ice is.  ice: the crystals.  mean, deviation: of the finished picture, by
    channel.  shine: strength of highlights.  relief: how steep the ridges look.  haze: how much
    fine frost covers the glass between.  sun: the direction, in radians, of
    the branches that shine most.
    """

    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
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
    haze *= 1 + 0.12 * gaussian_filter(rng.standard_normal(haze.shape), 0.7)
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


def _texture(
    rng: np.random.Generator, place: Place, habit: Habit, light: Light
) -> npt.NDArray[np.uint8]:
    """A texture: crystals grown and lit, its levels brought to the light's mean and deviation."""
    growth = grow(rng, (FINE * HEIGHT, FINE * WIDTH), place(rng), habit)
    picture = _shade(rng, growth, light)
    for channel in range(3):
        plane = picture[..., channel]
        plane -= plane.mean()
        plane *= light.deviation[channel] / plane.std()
        plane += light.mean[channel]
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)


TEXTURES: dict[str, Texture] = {
    "ferns from the sill": partial(
        _texture,
        place=partial(_from_edges, count=34, fan=22, late=500),
        habit=Habit(lengths=(800, 170, 60, 16), bend=0.06),
        light=Light(mean=(106, 126, 142), deviation=(46, 46, 44), glass=(18, 30, 46), haze=0.15),
    ),
    "white needles": partial(
        _texture,
        place=partial(_fans, count=190, stems=6, fan=50, late=700),
        habit=Habit(gaps=(5, 6), lengths=(420, 60, 20), spread=28, bend=0.02, jitter=5),
        light=Light(
            mean=(198, 204, 214), deviation=(25, 25, 24), glass=(120, 130, 145), haze=0.5, sun=2.4
        ),
    ),
    "stars": partial(
        _texture,
        place=partial(_scattered, count=46, arms=6, late=700),
        habit=Habit(gaps=(10, 8, 6), lengths=(260, 110, 40, 14), bend=0.02),
        light=Light(mean=(113, 124, 136), deviation=(46, 45, 43), glass=(25, 28, 36), haze=0.2),
    ),
    "grey pane": partial(
        _texture,
        place=partial(_scattered, count=380, arms=4, late=900),
        habit=Habit(gaps=(6, 5), lengths=(110, 50, 16), widths=(4.0, 3.0, 2.2), bend=0.1),
        light=Light(mean=(140, 154, 166), deviation=(30, 30, 30), glass=(70, 80, 95), haze=0.4),
    ),
    "blue ferns": partial(
        _texture,
        place=partial(_from_edges, count=22, fan=35, late=400),
        habit=Habit(gaps=(12, 8, 6), lengths=(900, 300, 80, 18), bend=0.1),
        light=Light(
            mean=(72, 108, 132), deviation=(38, 42, 44), glass=(8, 22, 40), haze=0.12, sun=0.2
        ),
    ),
    "feathers": partial(
        _texture,
        place=partial(_fans, count=22, stems=5, fan=120, late=400),
        habit=Habit(gaps=(7, 5, 6), lengths=(460, 130, 40, 10), spread=48, bend=0.12),
        light=Light(
            mean=(130, 150, 163), deviation=(40, 38, 37), glass=(30, 48, 66), haze=0.25, sun=1.6
        ),
    ),
}
