"""One colour scale for how much of the clean score is left, in the terminal and on the page."""

from __future__ import annotations

Color = tuple[int, int, int]

# Anchors from nothing left to all of it, apart for colour-blind eyes too (ColorBrewer's RdBu).
ANCHORS: tuple[Color, ...] = (
    (178, 24, 43), (214, 96, 77), (244, 165, 130), (253, 219, 199), (247, 247, 247),
    (209, 229, 240), (146, 197, 222), (67, 147, 195), (33, 102, 172),
)  # fmt: skip


def color_of(score: float, clean: float | None) -> Color:
    """The colour of a score: red for nothing, white for half, blue for all of the clean score.

    >>> color_of(0.0, 0.8), color_of(0.4, 0.8), color_of(0.9, 0.8)
    ((178, 24, 43), (247, 247, 247), (33, 102, 172))
    """
    return _on_scale(score / clean if clean else score)


def color_of_difference(difference: float, full: float) -> Color:
    """The colour of a difference: white for none, full red and blue for `full` down and up.

    >>> color_of_difference(-0.2, 0.2), color_of_difference(0.0, 0.0)
    ((178, 24, 43), (247, 247, 247))
    """
    return _on_scale(0.5 + difference / full / 2 if full else 0.5)


def _on_scale(place: float) -> Color:
    along = min(1.0, max(0.0, place)) * (len(ANCHORS) - 1)
    low = min(int(along), len(ANCHORS) - 2)
    red, green, blue = (
        round(a + (b - a) * (along - low))
        for a, b in zip(ANCHORS[low], ANCHORS[low + 1], strict=True)
    )
    return red, green, blue


def ink_on(color: Color) -> Color:
    """Black or white, whichever reads better on a colour.

    >>> ink_on((178, 24, 43)), ink_on((247, 247, 247))
    ((255, 255, 255), (0, 0, 0))
    """
    light = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2] > 140
    return (0, 0, 0) if light else (255, 255, 255)
