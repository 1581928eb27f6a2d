"""Frost on a window: crystals that branch at 60 degrees, compete for the glass, and catch light.

Sources: Libbrecht, "The physics of snow crystals", Reports on Progress in Physics 68, 2005 (side
branches at 60 degrees, which grow until a neighbour is in their way); Reiter, "A local cellular
model for snow crystal growth", Chaos, Solitons & Fractals 23, 2005 (growth by local rules).
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

BLOCKED = -1


@dataclass(frozen=True)
class Habit:
    """How a crystal grows; a tuple has one number for stems, then for each order of branches.

    gaps: pixels from one pair of side branches to the next.  speeds: in pixels a tick.
    lengths: at most, in pixels.  widths: of a branch at its base, in pixels.
    spread: the angle of a side branch in degrees.  bend: of a stem, in degrees a pixel.
    """

    gaps: tuple[float, ...] = (9, 7, 5)
    speeds: tuple[float, ...] = (1.0, 0.45, 0.3, 0.2)
    lengths: tuple[float, ...] = (700, 220, 60, 16)
    widths: tuple[float, ...] = (5.0, 3.4, 2.4, 1.8)
    spread: float = 60.0
    bend: float = 0.05
    jitter: float = 4.0


@dataclass
class _Tip:
    """The growing end of one branch."""

    branch: int
    parent: int
    order: int
    x: float
    y: float
    angle: float
    bend: float
    limit: float
    length: float = 0.0
    next_pair: float = 0.0


@dataclass
class Growth:
    """What has grown, by pixel: the branch (0 for none), its angle, its half width, its order."""

    height: int
    width: int
    branch: npt.NDArray[np.int32] = field(init=False)
    angle: npt.NDArray[np.float32] = field(init=False)
    half: npt.NDArray[np.float32] = field(init=False)
    order: npt.NDArray[np.uint8] = field(init=False)
    parents: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        shape = (self.height, self.width)
        self.branch = np.zeros(shape, np.int32)
        self.angle = np.zeros(shape, np.float32)
        self.half = np.zeros(shape, np.float32)
        self.order = np.zeros(shape, np.uint8)

    def at(self, x: float, y: float) -> int:
        """The branch at a place; BLOCKED outside."""
        row, column = int(y), int(x)
        if 0 <= row < self.height and 0 <= column < self.width:
            return int(self.branch[row, column])
        return BLOCKED

    def free(self, branch: int, tip: _Tip) -> bool:
        """Whether a tip may pass: over nothing, itself, and what has just sprung from it."""
        return branch in (0, tip.branch) or (branch > 0 and self.parents[branch] == tip.branch)


Seed = tuple[float, float, float, float]  # x, y, angle in degrees, tick of its start


def grow(
    rng: np.random.Generator, size: tuple[int, int], seeds: list[Seed], habit: Habit
) -> Growth:
    """Let stems grow from their seeds, with branches on branches, until all are blocked.

    size: (height, width) in pixels.
    """
    growth = Growth(*size)
    queue: list[tuple[float, int, _Tip]] = []

    def start(tick: float, tip: _Tip) -> None:
        tip.branch = len(growth.parents)
        tip.next_pair = habit.gaps[tip.order] if tip.order < len(habit.gaps) else math.inf
        growth.parents.append(tip.parent)
        heapq.heappush(queue, (tick, tip.branch, tip))

    for x, y, angle, tick in seeds:
        bend = rng.normal(0, habit.bend)
        start(tick, _Tip(0, 0, 0, x, y, math.radians(angle), bend, _limit(rng, habit, 0)))
    while queue:
        tick, _, tip = heapq.heappop(queue)
        if not _step(growth, tip, habit):
            continue
        if tip.length >= tip.next_pair:
            tip.next_pair = tip.length + habit.gaps[tip.order] * rng.uniform(0.7, 1.3)
            for side in (-1, 1):
                start(tick, _side_branch(rng, tip, side, habit))
        pace = habit.speeds[tip.order] * (0.85 + 0.3 * rng.random())
        heapq.heappush(queue, (tick + 1 / pace, tip.branch, tip))
    return growth


def _limit(rng: np.random.Generator, habit: Habit, order: int) -> float:
    return habit.lengths[order] * rng.uniform(0.6, 1.2)


def _side_branch(rng: np.random.Generator, tip: _Tip, side: int, habit: Habit) -> _Tip:
    turn = side * math.radians(habit.spread + rng.normal(0, habit.jitter))
    order = tip.order + 1
    bend = 0.3 * tip.bend - side * abs(rng.normal(0, 0.5 * habit.bend))
    limit = _limit(rng, habit, order)
    return _Tip(0, tip.branch, order, tip.x, tip.y, tip.angle + turn, bend, limit)


def _step(growth: Growth, tip: _Tip, habit: Habit) -> bool:
    """One pixel on; False where something is in the way, or the branch is as long as it may be."""
    dx, dy = math.cos(tip.angle), math.sin(tip.angle)
    tip.x, tip.y = tip.x + dx, tip.y + dy
    here = growth.at(tip.x, tip.y)
    # It looks ahead, so that a dark line stays between neighbours; where it begins it can't.
    ahead = growth.at(tip.x + 2 * dx, tip.y + 2 * dy)
    if here == BLOCKED or (
        tip.length >= 4 and not (growth.free(here, tip) and growth.free(ahead, tip))
    ):
        return False
    if not here:
        row, column = int(tip.y), int(tip.x)
        taper = 1 - 0.7 * tip.length / tip.limit
        growth.branch[row, column] = tip.branch
        growth.angle[row, column] = tip.angle
        growth.half[row, column] = habit.widths[tip.order] * taper / 2
        growth.order[row, column] = tip.order
    tip.length += 1
    tip.angle += math.radians(tip.bend)
    return tip.length < tip.limit
