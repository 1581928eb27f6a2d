"""A synthetic frame and synthetic audio for the figures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from avrb_wds.corruptions import Frame, Pcm

SIZE = 192
FINE = 4  # painted so much larger, for smooth edges
RATE = 16_000
SECONDS = 4

Plane = npt.NDArray[np.float64]
Color = tuple[int, int, int]


def frame(size: int = SIZE) -> Frame:
    """A house by a lake at evening, a tree, a figure and their shadows; (size, size, 3)."""
    rng = np.random.default_rng(7)
    side = size * FINE
    canvas = Image.fromarray(_ground(rng, side).astype(np.uint8))
    _cast_shadows(canvas, side)
    _house(ImageDraw.Draw(canvas), side)
    _tree(canvas, rng, side)
    _figure(ImageDraw.Draw(canvas), side)
    grain = 1 + 0.05 * (_cloud(rng, side, 48) - 0.5)
    painted = np.asarray(canvas) * grain[..., np.newaxis]
    fine = Image.fromarray(np.clip(painted, 0, 255).astype(np.uint8))
    return np.asarray(fine.resize((size, size), Image.Resampling.BOX))


def _cloud(rng: np.random.Generator, side: int, coarsest: int, stretch: int = 1) -> Plane:
    """Noise at all scales from `coarsest` cells a side to fine ones, in [0, 1]."""
    total = np.zeros((side, side))
    weight = 1.0
    cells = coarsest
    while cells < side:
        noise = rng.random((cells, max(2, cells // stretch))).astype(np.float32)
        smooth = Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)
        total += weight * np.asarray(smooth)
        weight, cells = weight * 0.6, cells * 2
    total -= total.min()
    return total / total.max()


def _mix(under: Plane, over: Plane | Color, share: Plane) -> Plane:
    return under + (np.asarray(over, np.float64) - under) * share[..., np.newaxis]


def _ground(rng: np.random.Generator, side: int) -> Plane:
    """Sky, hills, the lake that mirrors them, and a meadow, (side, side, 3)."""
    y, x = np.mgrid[:side, :side] / side
    sky = _mix(
        np.full((side, side, 3), (58.0, 92.0, 146.0)), (204, 158, 112), np.clip(y / 0.42, 0, 1)
    )
    sky = _mix(sky, (206, 188, 176), np.clip(2.4 * _cloud(rng, side, 4, 2) - 1.25, 0, 0.85))
    sky = _mix(sky, (255, 226, 160), np.exp(-((x - 0.74) ** 2 + (y - 0.17) ** 2) / 0.0025))
    for level, height, color in ((0.36, 0.13, (112, 128, 158)), (0.41, 0.08, (62, 92, 84))):
        line = np.interp(
            np.arange(side), np.arange(0, side, 6), rng.normal(size=-(-side // 6)).cumsum()
        )
        line -= np.linspace(line[0], line[-1], side)
        ridge = level - height * (line - line.min()) / np.ptp(line)
        hill = np.clip((y - ridge) * side / 2, 0, 1)
        shade = 0.75 + 0.5 * _cloud(rng, side, 24)
        sky = _mix(sky, np.asarray(color) * shade[..., np.newaxis], hill)
    shore = round(0.45 * side)
    ripple = np.clip(2 * shore - np.arange(shore, side) - 1, 0, shore - 1)
    sky[shore:] = 0.8 * sky[ripple] * (0.8 + 0.35 * _cloud(rng, side, 96, 12)[shore:, :, None])
    blades = _cloud(rng, side, 64)
    near = np.clip((y - 0.5) / 0.5, 0, 1)
    grass = np.stack([70 + 60 * near, 104 + 40 * near, 44 + 10 * near], axis=-1)
    grass *= (0.55 + 0.8 * blades)[..., np.newaxis]
    bank = 0.56 + 0.03 * np.sin(7 * x) + 0.012 * np.sin(23 * x + 1)
    ground = _mix(sky, grass, np.clip((y - bank) * side / 3, 0, 1))
    path = np.abs(x - 0.33 - 0.25 * (y - 0.6)) < 0.015 + 0.16 * np.clip(y - 0.66, 0, 1)
    sand = np.array((196.0, 172.0, 132.0)) * (0.75 + 0.4 * _cloud(rng, side, 96))[..., np.newaxis]
    return _mix(ground, sand, (path & (y > 0.66)).astype(np.float64))


def _cast_shadows(canvas: Image.Image, side: int) -> None:
    """Soft shadows to the left, away from the sun."""
    mask = Image.new("L", canvas.size)
    draw = ImageDraw.Draw(mask)
    shadows = (
        ((0.12, 0.69), (0.44, 0.69), (0.30, 0.78), (-0.02, 0.77)),  # the house
        ((0.83, 0.80), (0.86, 0.80), (0.62, 0.92), (0.52, 0.90)),  # the tree
        ((0.605, 0.93), (0.655, 0.93), (0.50, 0.99), (0.44, 0.98)),  # the figure
    )
    for corners in shadows:
        draw.polygon([(x * side, y * side) for x, y in corners], fill=130)
    mask = mask.filter(ImageFilter.GaussianBlur(side / 120))
    canvas.paste((18, 30, 32), mask=mask)


def _house(draw: ImageDraw.ImageDraw, side: int) -> None:
    """White boards, a red roof, lit windows and a door."""

    def box(left: float, top: float, right: float, bottom: float, color: Color) -> None:
        draw.rectangle([left * side, top * side, right * side, bottom * side], fill=color)

    box(0.12, 0.50, 0.44, 0.70, (222, 214, 196))
    for row in range(20):
        box(0.12, 0.50 + row / 100, 0.44, 0.5015 + row / 100, (176, 168, 152))
    box(0.12, 0.50, 0.44, 0.515, (140, 132, 122))
    roof = [(0.09, 0.51), (0.18, 0.36), (0.40, 0.36), (0.47, 0.51)]
    draw.polygon([(x * side, y * side) for x, y in roof], fill=(158, 62, 48))
    for row in range(1, 10):
        y, slope = 0.36 + row * 0.015, row / 10
        ends = [(0.18 - 0.09 * slope) * side, y * side, (0.40 + 0.07 * slope) * side, y * side]
        draw.line(ends, fill=(118, 42, 36), width=max(1, side // 300))
    box(0.34, 0.32, 0.375, 0.40, (120, 84, 72))
    for left in (0.15, 0.36):
        box(left, 0.555, left + 0.055, 0.62, (92, 70, 52))
        box(left + 0.006, 0.561, left + 0.049, 0.614, (255, 222, 138))
        box(left + 0.025, 0.561, left + 0.030, 0.614, (92, 70, 52))
    box(0.255, 0.575, 0.315, 0.70, (54, 84, 112))
    box(0.302, 0.635, 0.308, 0.643, (236, 206, 120))


def _tree(canvas: Image.Image, rng: np.random.Generator, side: int) -> None:
    """A trunk, and a crown of leaves that are lit from the right."""
    draw = ImageDraw.Draw(canvas)
    trunk = [(0.825, 0.82), (0.838, 0.50), (0.862, 0.50), (0.875, 0.82)]
    draw.polygon([(x * side, y * side) for x, y in trunk], fill=(84, 62, 44))
    draw.polygon([(x * side, y * side) for x, y in (*trunk[2:], (0.855, 0.66))], fill=(132, 98, 66))
    for _ in range(1600):
        turn, far = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random())
        x, y = 0.85 + 0.13 * far * np.cos(turn), 0.42 + 0.17 * far * np.sin(turn)
        light = 0.62 + 0.4 * (x - 0.85) / 0.13 - 0.35 * (y - 0.42) / 0.17 + rng.normal(0, 0.18)
        light = float(np.clip(light, 0.2, 1.3))
        leaf = (round(84 * light), round(132 * light), round(52 * light))
        size = 0.009 * side
        draw.ellipse(
            [x * side - size, y * side - size, x * side + size, y * side + size], fill=leaf
        )


def _figure(draw: ImageDraw.ImageDraw, side: int) -> None:
    """A person in a red coat with a scarf."""

    def shape(kind: str, left: float, top: float, right: float, low: float, color: Color) -> None:
        draw_shape = draw.ellipse if kind == "round" else draw.rectangle
        draw_shape([left * side, top * side, right * side, low * side], fill=color)

    shape("box", 0.608, 0.83, 0.627, 0.935, (44, 48, 66))
    shape("box", 0.635, 0.83, 0.654, 0.935, (58, 62, 84))
    coat = [(0.605, 0.665), (0.655, 0.665), (0.676, 0.85), (0.586, 0.85)]
    draw.polygon([(x * side, y * side) for x, y in coat], fill=(176, 34, 40))
    lit = [(0.635, 0.665), (0.655, 0.665), (0.676, 0.85), (0.640, 0.85)]
    draw.polygon([(x * side, y * side) for x, y in lit], fill=(214, 58, 54))
    shape("box", 0.582, 0.675, 0.602, 0.79, (150, 28, 36))
    shape("box", 0.658, 0.675, 0.678, 0.79, (222, 70, 62))
    shape("round", 0.604, 0.590, 0.656, 0.662, (226, 180, 148))
    shape("round", 0.600, 0.580, 0.658, 0.625, (70, 46, 34))
    shape("box", 0.604, 0.655, 0.656, 0.675, (238, 202, 92))


def sound() -> Pcm:
    """Four seconds of a plucked melody over which somebody talks; (1, 64000) at 16 kHz."""
    rng = np.random.default_rng(11)
    track = np.zeros(SECONDS * RATE)
    for beat, note in enumerate((0, 4, 7, 12, 11, 7, 4, 2, 0, 5, 9, 12, 7, 4, 2, 0)):
        _add(track, beat * 0.25, 0.35 * _pluck(262 * 2 ** (note / 12), 0.6))
    for start, seconds, pitch in (
        (0.1, 0.9, 150),
        (1.2, 0.7, 170),
        (2.15, 1.1, 140),
        (3.4, 0.5, 160),
    ):
        _add(track, start, 0.9 * _phrase(rng, seconds, pitch))
    return np.rint(track * (20_000 / np.abs(track).max())).astype(np.int16)[np.newaxis]


def _add(track: Plane, start: float, grain: Plane) -> None:
    first = round(start * RATE)
    track[first : first + grain.size] += grain[: track.size - first]


def _pluck(hertz: float, seconds: float) -> Plane:
    time = np.arange(round(seconds * RATE)) / RATE
    tones = [np.sin(2 * np.pi * hertz * k * time) * np.exp(-5 * k * time) / k for k in range(1, 9)]
    return np.sum(tones, axis=0)


def _phrase(rng: np.random.Generator, seconds: float, pitch: float) -> Plane:
    """Syllables: a hissed consonant, then harmonics through two formants that glide."""
    time = np.arange(round(seconds * RATE)) / RATE
    share = (time / 0.22) % 1
    vowel = np.clip(np.minimum((share - 0.25) * 8, (1 - share) * 6), 0, 1)
    hiss = np.clip(np.minimum(share * 20, (0.22 - share) * 20), 0, 1)
    phase = 2 * np.pi * np.cumsum(pitch * (1.1 - 0.25 * time / seconds)) / RATE
    first = 550 + 200 * np.sin(2 * np.pi * 1.9 * time)
    second = 1500 + 600 * np.sin(2 * np.pi * 1.3 * time + 1)
    voice = np.zeros(time.size)
    for k in range(1, 28):
        tone = pitch * k
        level = np.exp(-(((tone - first) / 220) ** 2)) + 0.5 * np.exp(
            -(((tone - second) / 300) ** 2)
        )
        voice += (level + 0.08 * np.exp(-tone / 1100)) * np.sin(k * phase)
    noise = np.diff(rng.normal(size=time.size + 1))
    return vowel * voice + 0.12 * hiss * noise
