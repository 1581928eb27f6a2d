"""Six people who stand before the camera.

With its margin a picture is covered by .31 to .46, .395 in the mean, as the silhouettes of the
released benchmark cover theirs; `tests/test_bank_images.py` has the figures.

The proportions are those of the canon of seven and a half heads (Richer, "Anatomie artistique",
1890): a head is 175 pixels, x is 0 on the body's middle, y goes down from the top of the head.
"""

from __future__ import annotations

import numpy as np

from .silhouette import Limb, Outline, Points, Shape


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


TROUSERS: Points = ((62, 740), (58, 850), (47, 1010), (43, 1120), (38, 1240), (38, 1272))
SLIM: Points = ((58, 740), (51, 850), (38, 1010), (40, 1080), (27, 1220), (27, 1272))
BARE: Points = ((46, 860), (42, 930), (33, 1010), (37, 1085), (21, 1225), (23, 1272))

_SUIT = (
    *_head(),
    # Short hair.
    Outline(((0, -4), (44, 2), (70, 34), (70, 100), (56, 60), (0, 60)), mirrored=True),
    Outline(
        ((42, 216), (104, 246), (150, 268), (160, 330), (136, 420), (112, 550), (122, 690),
         (132, 778), (132, 778), (40, 790), (10, 760), (0, 756)), mirrored=True),
    *_leg(1, 60, 76, 96, TROUSERS, 26),
    *_leg(-1, 60, 66, 74, TROUSERS, 16),
    _arm((128, 300, 38), (158, 400, 35), (180, 510, 31), (186, 610, 27), (182, 690, 24)),
    *_hand(182, 700, -8),
    _arm((-128, 300, 38), (-172, 400, 35), (-214, 500, 32), (-190, 600, 28), (-134, 690, 26)),
    Outline(((-152, 660), (-96, 690), (-100, 770), (-142, 770))),  # hand in its pocket
)  # fmt: skip

_DRESS = (
    *_head(ears=False, jaw=36),
    Outline(((0, -4), (54, 6), (78, 66), (76, 150), (86, 230), (98, 300), (98, 300), (56, 290),
            (0, 280)),
            mirrored=True),  # long hair
    Outline(
        ((34, 222), (82, 246), (114, 270), (116, 330), (98, 410), (80, 510), (98, 610),
         (132, 760), (154, 880), (154, 880), (80, 898), (0, 902)), mirrored=True),
    *_leg(1, 52, 50, 54, BARE, 12),
    *_leg(-1, 48, 54, 70, BARE, 24),
    _arm((100, 294, 29), (134, 390, 25), (164, 486, 22), (176, 580, 19), (174, 664, 16)),
    *_hand(174, 678, -6),
    _arm((-100, 294, 29), (-144, 390, 25), (-178, 470, 23), (-132, 456, 20), (-82, 392, 17),
         (-62, 346, 16)),
    Limb(((-66, 262, 6), (-136, 420, 6), (-186, 560, 7))),  # the strap of a bag
    Outline(((-226, 562), (-138, 554), (-126, 690), (-238, 700))),
)  # fmt: skip

_PHONE = (
    *_head(4),
    Outline(((-66, 96), (-72, 40), (-46, 2), (10, -16), (66, -10), (84, 26), (72, 98), (40, 60))),
    Outline(
        ((50, 208), (90, 238), (136, 262), (150, 330), (130, 430), (114, 590), (126, 710),
         (122, 740), (70, 752), (0, 756)), mirrored=True),  # hooded jacket
    Outline(((60, 190), (82, 226), (60, 262), (-60, 262), (-82, 226), (-60, 190))),
    *_leg(1, 60, 64, 66, SLIM, 30),
    *_leg(-1, 60, 92, 134, SLIM, 24),
    _arm((128, 300, 39), (178, 384, 35), (226, 462, 31), (198, 400, 28), (146, 292, 25),
         (108, 200, 21)),
    Limb(((102, 180, 22), (88, 140, 23), (80, 110, 16))),
    Outline(((84, 66), (102, 72), (96, 190), (74, 186))),  # the telephone
    # A hand on its hip: daylight between the arm and the side.
    _arm((-126, 300, 39), (-178, 390, 36), (-236, 480, 32), (-202, 556, 27), (-136, 630, 23)),
    Limb(((-136, 634, 22), (-112, 660, 22), (-96, 690, 16))),
)  # fmt: skip

_COAT = (
    *_head(ears=True, jaw=42),
    Outline(((0, -18), (56, -14), (70, 34), (70, 34), (106, 44), (112, 60), (60, 70), (0, 74)),
            mirrored=True),  # a hat with a brim
    Outline(((60, 196), (78, 232), (66, 262), (-66, 262), (-78, 232), (-60, 196))),  # collar
    Outline(
        ((48, 224), (106, 250), (150, 280), (160, 350), (136, 470), (128, 610), (144, 790),
         (162, 965), (162, 965), (80, 980), (12, 976), (4, 870), (0, 866)), mirrored=True),
    *_leg(1, 64, 68, 72, TROUSERS, 18),
    *_leg(-1, 64, 68, 76, TROUSERS, 26),
    _arm((128, 308, 41), (170, 410, 38), (204, 520, 34), (222, 620, 30), (232, 690, 27)),
    Limb(((232, 700, 24), (238, 730, 26), (234, 756, 19))),
    Limb(((212, 742, 10), (242, 730, 11), (268, 742, 9), (258, 900, 8), (256, 1330, 8))),  # a cane
    _arm((-128, 308, 41), (-164, 410, 38), (-184, 520, 34), (-186, 630, 30), (-180, 706, 27)),
    *_hand(-180, 716, 6),
)  # fmt: skip

_CROSSED = (
    *_head(ears=False, jaw=36),
    Outline(((0, 2), (54, 10), (74, 66), (68, 120), (60, 90), (0, 84)), mirrored=True),
    Limb(((44, 34, 16), (70, 28, 20), (90, 62, 22), (98, 120, 21), (96, 180, 15), (88, 236, 4))),
    Outline(
        ((36, 222), (82, 246), (118, 270), (122, 340), (104, 440), (80, 530), (94, 630),
         (116, 735), (112, 795), (60, 806), (0, 796)), mirrored=True),
    *_leg(1, 54, 50, 50, SLIM, 14),
    *_leg(-1, 56, 74, 108, SLIM, 34),
    _arm((106, 300, 32), (146, 390, 29), (176, 470, 27), (112, 494, 25), (0, 466, 23),
         (-88, 448, 20)),
    _arm((-106, 300, 32), (-148, 390, 29), (-178, 474, 27), (-112, 466, 25), (0, 438, 23),
         (94, 426, 20)),
    Limb(((98, 428, 19), (134, 406, 17), (148, 394, 11))),
)  # fmt: skip

_WAVING = (
    *_head(-6),
    Outline(((-72, 96), (-76, 30), (-40, -14), (30, -14), (66, 20), (68, 54), (68, 54),
            (122, 66), (126, 80),
             (60, 84), (-50, 64))),  # a cap
    Outline(
        ((44, 216), (96, 244), (138, 268), (144, 340), (120, 430), (104, 550), (116, 690),
         (120, 746), (120, 746), (60, 762), (0, 758)), mirrored=True),
    *_leg(1, 62, 104, 150, SLIM, 30),
    *_leg(-1, 62, 84, 112, SLIM, 26),
    _arm((122, 300, 39), (178, 290, 35), (238, 260, 31), (266, 180, 27), (282, 92, 22)),
    Limb(((284, 78, 21), (290, 42, 25), (288, 26, 21))),
    Limb(((280, 32, 9), (268, -4, 8), (262, -20, 6))),
    Limb(((286, 26, 9), (282, -18, 8), (279, -36, 6))),
    Limb(((294, 26, 9), (298, -18, 8), (299, -34, 6))),
    Limb(((304, 36, 9), (314, -2, 8), (318, -16, 6))),
    Limb(((272, 58, 10), (250, 36, 8), (242, 24, 6))),
    _arm((-124, 304, 39), (-170, 396, 34), (-216, 480, 30), (-240, 570, 25), (-250, 650, 22)),
    *_hand(-252, 662, -6),
)  # fmt: skip

SILHOUETTES: dict[str, tuple[Shape, ...]] = {
    "man in a suit": _SUIT,
    "woman with a bag": _DRESS,
    "man with a telephone": _PHONE,
    "man with a cane": _COAT,
    "woman, arms crossed": _CROSSED,
    "youth who waves": _WAVING,
}
