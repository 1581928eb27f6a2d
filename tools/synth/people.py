"""Six people who stand before the camera.

The proportions are those of the canon of seven and a half heads (Richer, "Anatomie artistique",
1890): a head is 175 pixels, x is 0 on the body's middle, y goes down from the top of the head.
"""

from __future__ import annotations

import numpy as np

from .silhouette import Limb, Outline, Points, Shape

__all__ = ["SILHOUETTES"]


def _head(x: float = 0, ears: bool = True, jaw: float = 44) -> tuple[Shape, ...]:
    """A head seen from the front, 175 tall, with its neck."""
    skull = Outline(
        tuple(
            (x + dx, y)
            for dx, y in (
                (0, 14), (48, 18), (68, 62), (66, 112), (jaw + 12, 158), (26, 196), (0, 200),
                (-26, 196), (-jaw - 12, 158), (-66, 112), (-68, 62), (-48, 18),
            )
        )
    )  # fmt: skip
    neck = Outline(
        ((x - 40, 150), (x + 40, 150), (x + 42, 215), (x + 62, 262), (x - 62, 262), (x - 42, 215))
    )
    if not ears:
        return skull, neck
    sides = (Limb(((x + side * 61, 92, 6), (x + side * 63, 104, 8), (x + side * 57, 128, 5)))
             for side in (-1, 1))  # fmt: skip
    return skull, neck, *sides


def _leg(
    side: int, hip: float, knee: float, ankle: float, widths: Points, toe: float
) -> tuple[Shape, ...]:
    """A leg and its shoe: x at each joint, half widths and their y, the reach of the toe."""
    xs = np.interp([y for _, y in widths], [740, 1010, 1270], [hip, knee, ankle])
    leg = Limb(tuple((side * x, y, half) for x, (half, y) in zip(xs, widths, strict=True)))
    shoe = Outline(
        tuple(
            (side * (ankle + dx), y)
            for dx, y in (
                (-34, 1262), (34, 1258), (42, 1282), (44 + toe, 1306), (46 + toe, 1330),
                (30 + toe, 1338),
                (-30, 1338), (-40, 1322),
            )
        )
    )  # fmt: skip
    return leg, shoe


def _arm(*places: tuple[float, float, float]) -> Limb:
    return Limb(places)


def _hand(x: float, y: float, lean: float = 0) -> tuple[Shape, ...]:
    """A hand that hangs: the palm and fingers, and the thumb; `lean` moves the finger tips in x."""
    fingers = Limb(((x, y, 23), (x + 0.5 * lean, y + 35, 25), (x + lean, y + 82, 13)))
    inward = -1 if x > 0 else 1
    thumb = Limb(
        ((x + inward * 8, y + 8, 13), (x + inward * 25, y + 38, 10), (x + inward * 25, y + 52, 7))
    )
    return fingers, thumb


TROUSERS: Points = ((70, 740), (64, 850), (54, 1010), (50, 1120), (45, 1240), (44, 1272))
SLIM: Points = ((64, 740), (57, 850), (42, 1010), (45, 1080), (30, 1220), (29, 1272))
BARE: Points = ((50, 860), (45, 930), (36, 1010), (41, 1085), (23, 1225), (24, 1272))

_SUIT = (
    *_head(),
    # Short hair.
    Outline(((0, -4), (44, 2), (70, 34), (70, 100), (56, 60), (0, 60)), mirrored=True),
    Outline(
        ((44, 216), (110, 246), (158, 268), (172, 330), (150, 420), (128, 560), (140, 700),
         (146, 778), (146, 778), (40, 790), (10, 760), (0, 756)), mirrored=True),
    *_leg(1, 66, 74, 84, TROUSERS, 26),
    *_leg(-1, 66, 70, 76, TROUSERS, 14),
    _arm((138, 300, 40), (166, 400, 38), (186, 510, 33), (186, 610, 29), (180, 690, 27)),
    *_hand(180, 700, -8),
    _arm((-138, 300, 40), (-172, 400, 38), (-205, 505, 34), (-186, 600, 30), (-140, 690, 28)),
    Outline(((-160, 660), (-100, 690), (-104, 770), (-150, 770))),  # hand in its pocket
)  # fmt: skip

_DRESS = (
    *_head(ears=False, jaw=38),
    Outline(((0, -4), (58, 6), (86, 70), (84, 150), (98, 240), (112, 318), (112, 318), (60, 300),
            (0, 290)),
            mirrored=True),  # long hair
    Outline(
        ((36, 222), (90, 246), (128, 270), (132, 330), (110, 410), (92, 520), (112, 620),
         (150, 760), (176, 890), (176, 890), (90, 908), (0, 912)), mirrored=True),
    *_leg(1, 58, 56, 60, BARE, 10),
    *_leg(-1, 52, 50, 44, BARE, 22),
    _arm((112, 296, 32), (140, 390, 28), (160, 490, 24), (164, 590, 20), (158, 668, 17)),
    *_hand(158, 684, -6),
    _arm((-112, 296, 32), (-146, 390, 28), (-162, 478, 25), (-120, 470, 22), (-70, 400, 18),
         (-50, 350, 17)),
    Limb(((-70, 262, 6), (-128, 420, 6), (-170, 560, 7))),  # the strap of a bag
    Outline(((-214, 560), (-120, 552), (-108, 690), (-226, 700))),
)  # fmt: skip

_PHONE = (
    *_head(4),
    Outline(((-66, 96), (-72, 40), (-46, 2), (10, -16), (66, -10), (84, 26), (72, 98), (40, 60))),
    Outline(
        ((54, 208), (96, 238), (146, 262), (166, 330), (152, 430), (140, 600), (148, 720),
         (140, 748), (70, 760), (0, 762)), mirrored=True),  # hooded jacket
    Outline(((60, 190), (84, 226), (60, 262), (-60, 262), (-84, 226), (-60, 190))),
    *_leg(1, 66, 66, 62, SLIM, 30),
    *_leg(-1, 66, 84, 112, SLIM, 20),
    _arm((138, 300, 42), (178, 390, 38), (214, 476, 34), (190, 420, 30), (140, 300, 26),
         (104, 196, 22)),
    Limb(((100, 180, 23), (86, 140, 24), (80, 110, 16))),
    Outline(((84, 66), (102, 72), (96, 190), (74, 186))),  # the telephone
    _arm((-136, 300, 42), (-170, 400, 40), (-196, 500, 34), (-180, 600, 30), (-148, 672, 28)),
    Outline(((-170, 640), (-110, 660), (-110, 740), (-156, 744))),
)  # fmt: skip

_COAT = (
    *_head(ears=True, jaw=42),
    Outline(((0, -18), (56, -14), (70, 34), (70, 34), (112, 44), (118, 60), (60, 70), (0, 74)),
            mirrored=True),  # a hat with a brim
    Outline(((60, 196), (78, 232), (66, 262), (-66, 262), (-78, 232), (-60, 196))),  # collar
    Outline(
        ((50, 224), (112, 250), (160, 280), (172, 350), (150, 470), (146, 620), (164, 800),
         (184, 985), (184, 985), (80, 1000), (12, 996), (4, 880), (0, 876)), mirrored=True),
    *_leg(1, 70, 74, 78, TROUSERS, 16),
    *_leg(-1, 70, 72, 76, TROUSERS, 22),
    _arm((138, 308, 44), (176, 410, 42), (204, 520, 37), (218, 620, 33), (226, 690, 29)),
    Limb(((226, 700, 25), (232, 730, 27), (228, 756, 20))),
    Limb(((206, 742, 10), (236, 730, 11), (262, 742, 9), (252, 900, 8), (250, 1330, 8))),  # a cane
    _arm((-138, 308, 44), (-172, 410, 42), (-190, 520, 37), (-188, 630, 33), (-178, 706, 30)),
    *_hand(-178, 716, 6),
)  # fmt: skip

_CROSSED = (
    *_head(ears=False, jaw=38),
    Outline(((0, 2), (54, 10), (76, 66), (70, 120), (60, 90), (0, 84)), mirrored=True),
    Limb(((44, 34, 16), (70, 28, 20), (90, 62, 22), (98, 120, 21), (96, 180, 15), (88, 236, 4))),
    Outline(
        ((38, 222), (90, 246), (132, 270), (140, 340), (122, 440), (98, 540), (110, 640),
         (130, 740), (126, 800), (60, 812), (0, 800)), mirrored=True),
    *_leg(1, 62, 58, 60, SLIM, 12),
    *_leg(-1, 62, 66, 84, SLIM, 30),
    _arm((118, 300, 36), (150, 390, 33), (170, 476, 31), (110, 500, 28), (0, 470, 26),
         (-90, 452, 22)),
    _arm((-118, 300, 36), (-152, 390, 33), (-172, 480, 31), (-110, 470, 28), (0, 440, 26),
         (96, 428, 22)),
    Limb(((100, 430, 21), (136, 408, 18), (150, 396, 11))),
)  # fmt: skip

_WAVING = (
    *_head(-6),
    Outline(((-72, 96), (-76, 30), (-40, -14), (30, -14), (66, 20), (68, 54), (68, 54),
            (122, 66), (126, 80),
             (60, 84), (-50, 64))),  # a cap
    Outline(
        ((46, 216), (104, 244), (150, 268), (160, 340), (140, 430), (124, 560), (136, 700),
         (138, 752), (138, 752), (60, 768), (0, 764)), mirrored=True),
    Outline(((-120, 270), (-190, 300), (-206, 420), (-196, 560), (-120, 580))),  # a backpack
    *_leg(1, 66, 90, 118, TROUSERS, 30),
    *_leg(-1, 66, 70, 72, TROUSERS, 20),
    _arm((134, 300, 42), (186, 268, 38), (240, 226, 34), (256, 150, 29), (262, 60, 24)),
    Limb(((264, 46, 22), (268, 10, 26), (266, -6, 22))),
    Limb(((258, 0, 9), (246, -36, 8), (240, -52, 6))),
    Limb(((264, -6, 9), (260, -50, 8), (257, -68, 6))),
    Limb(((272, -6, 9), (276, -50, 8), (277, -66, 6))),
    Limb(((282, 4, 9), (292, -34, 8), (296, -48, 6))),
    Limb(((250, 26, 10), (228, 4, 8), (220, -8, 6))),
    _arm((-136, 304, 42), (-164, 400, 38), (-182, 500, 33), (-182, 600, 28), (-172, 680, 25)),
    *_hand(-172, 692, 8),
)  # fmt: skip

SILHOUETTES: dict[str, tuple[Shape, ...]] = {
    "man in a suit": _SUIT,
    "woman with a bag": _DRESS,
    "man with a telephone": _PHONE,
    "man with a cane": _COAT,
    "woman, arms crossed": _CROSSED,
    "youth who waves": _WAVING,
}
