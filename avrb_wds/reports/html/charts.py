"""Scores as curves and bars in inline SVG, and as tiles; colors come from the page's style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..formatting import interval_text, percent
from ..report import Interval
from .elements import Html, element

WIDTH, HEIGHT = 240, 150
LEFT, RIGHT, TOP, BOTTOM = 26, 8, 8, 20  # margins


@dataclass(frozen=True)
class Point:
    """A score in [0, 1] at one severity, or on clean clips.

    label: under the axis.  Points whose label is an integer are joined; severities of picture
    and sound apart have no order to be joined in.
    """

    label: str
    score: float
    interval: Interval | None

    @property
    def is_joined(self) -> bool:
        """Whether a line leads here."""
        return self.label.isdigit()


@dataclass(frozen=True)
class Curve:
    """One model's scores.  style: the class of its elements, which gives them their color."""

    name: str
    style: str
    points: tuple[Point, ...]


def curves(lines: Sequence[Curve], label: str) -> Html:
    """Scores over severity with their intervals; the first point's score goes on as a dashed line.

    label: what the chart shows, for those who don't see it.
    """
    labels = [point.label for point in lines[0].points]
    places = [_across(number, len(labels)) for number in range(len(labels))]
    parts = [*_axes(labels, places)]
    for line in lines:
        parts += _band(line, places)
    for line in lines:
        parts += _line(line, places)
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=label,
        class_="curve",
    )


def _across(number: int, count: int) -> float:
    room = WIDTH - LEFT - RIGHT - 12
    return LEFT + 6 + room * (number / (count - 1) if count > 1 else 0.5)


def _down(score: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(1.0, max(0.0, score)))


def _axes(labels: Sequence[str], places: Sequence[float]) -> list[Html]:
    parts = []
    for score in (0, 0.25, 0.5, 0.75, 1):
        y = f"{_down(score):.1f}"
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="rule"))
        if score in (0, 0.5, 1):
            text = f"{100 * score:.0f}"
            parts.append(element("text", text, x=LEFT - 5, y=y, dy="0.35em", class_="end"))
    for text, x in zip(labels, places, strict=True):
        parts.append(element("text", text, x=f"{x:.1f}", y=HEIGHT - 5, class_="middle"))
    return parts


def _band(line: Curve, places: Sequence[float]) -> list[Html]:
    known = [
        (x, point.interval)
        for x, point in zip(places, line.points, strict=True)
        if point.interval and point.is_joined
    ]
    if len(known) < 2:
        return []
    upper = [f"{x:.1f},{_down(found.high):.1f}" for x, found in known]
    lower = [f"{x:.1f},{_down(found.low):.1f}" for x, found in reversed(known)]
    return [element("polygon", points=" ".join(upper + lower), class_=f"band {line.style}")]


def _line(line: Curve, places: Sequence[float]) -> list[Html]:
    heights = [_down(point.score) for point in line.points]
    joined = [point.is_joined for point in line.points]
    route = " ".join(
        f"{x:.1f},{y:.1f}" for x, y, on in zip(places, heights, joined, strict=True) if on
    )
    level = f"{heights[0]:.1f}"
    ends = {"x1": f"{places[0]:.1f}", "x2": f"{places[-1]:.1f}", "y1": level, "y2": level}
    parts = [
        element("line", class_=f"level {line.style}", **ends),
        element("polyline", points=route, class_=f"line {line.style}"),
    ]
    for point, x, y in zip(line.points, places, heights, strict=True):
        text = f"{line.name}, {point.label}: {percent(point.score)}"
        if point.interval is not None:
            text += f" ({interval_text(point.interval)})"
        dot = element("title", text)
        parts.append(
            element("circle", dot, cx=f"{x:.1f}", cy=f"{y:.1f}", r=3, class_=f"dot {line.style}")
        )
    return parts


def bar(
    name: str,
    length: float,
    mark: float | None,
    style: str,
    *,
    number: str,
    note: str = "",
    interval: Interval | None = None,
) -> Html:
    """A named bar, its interval as a whisker over it, with the number that it stands for.

    length: from 0 to 1.  mark: a length to hold it against, as a line across.
    """
    parts = [
        element("rect", width="100%", height="100%", rx=3, class_="track"),
        element("rect", width=_along(length), height="100%", rx=3, class_=f"fill {style}"),
    ]
    if interval is not None:
        low, high = (_along(end) for end in interval)
        parts.append(element("line", x1=low, x2=high, y1="50%", y2="50%", class_="whisker"))
        for end in (low, high):
            parts.append(element("line", x1=end, x2=end, y1="28%", y2="72%", class_="whisker"))
    if mark is not None:
        parts.append(
            element("line", x1=_along(mark), x2=_along(mark), y1=0, y2="100%", class_="mark")
        )
    return element(
        "div",
        element("span", name, class_="name"),
        element("svg", *parts, role="img", aria_label=f"{name}: {number}"),
        element("span", element("b", number), element("small", note), class_="number"),
        class_="bar",
    )


def score_bar(
    name: str,
    score: float,
    style: str,
    interval: Interval | None = None,
    clean: float | None = None,
) -> Html:
    """A score in [0, 1] as a bar, with its interval and a mark at the clean score."""
    note = interval_text(interval)
    return bar(name, score, clean, style, number=percent(score), note=note, interval=interval)


def score_tile(
    name: str, number: str, interval: Interval | None, *, sign: bool = False, note: str = ""
) -> Html:
    """A score with its name, and its interval or a note."""
    spread = interval_text(interval, sign=sign)
    small = element("span", f"95 %: {spread}" if spread else note, class_="spread")
    return element(
        "div",
        element("span", name, class_="name"),
        element("span", number, class_="figure"),
        small,
        class_="tile",
    )


def _along(score: float) -> str:
    return f"{100 * min(1.0, max(0.0, score)):.2f}%"
