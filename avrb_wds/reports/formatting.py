"""Numbers, names and colors as every report format writes them."""

from __future__ import annotations

from .report import Interval, Report

METRIC_NAMES = {
    "accuracy": "accuracy",
    "top5": "top-5",
    "mean_class_accuracy": "mean class accuracy",
    "mean_average_precision": "mAP",
    "auc": "AUC",
    "d_prime": "d\N{PRIME}",
}
NO_AUC = "With one class there is no AUC: no clip is of another."
MINUS = "\N{MINUS SIGN}"
TO = "\N{EN DASH}"


def metric_name(report: Report) -> str:
    """The name of the report's primary metric."""
    return METRIC_NAMES[report.metric]


def metric_title(report: Report) -> str:
    """The same name at the start of a sentence."""
    name = metric_name(report)
    return name if name[1].isupper() else name.capitalize()


def has_no_auc(report: Report) -> bool:
    """Whether the data has only one class, so that AUC is undefined."""
    return report.task == "single-label" and report.classes == 1


def percent(fraction: float | None) -> str:
    """A fraction in percent, to one decimal.

    >>> percent(0.9649), percent(None)
    ('96.5', '-')
    """
    return "-" if fraction is None else f"{100 * fraction:.1f}".replace("-", MINUS)


def signed_percent(fraction: float | None) -> str:
    """A difference in percentage points, with its sign.

    >>> signed_percent(0.05), signed_percent(0.0), signed_percent(None)
    ('+5.0', '0.0', '-')
    """
    if fraction is None:
        return "-"
    text = f"{100 * fraction:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", MINUS)


def interval_text(interval: Interval | None, *, sign: bool = False) -> str:
    """An interval in percent; empty for None.

    >>> interval_text(Interval(0.1, 0.25)), interval_text(Interval(-0.1, 0.25), sign=True)
    ('10.0\N{EN DASH}25.0', '\N{MINUS SIGN}10.0 to +25.0')
    """
    if interval is None:
        return ""
    low, high = (signed_percent(end) if sign else percent(end) for end in interval)
    return f"{low} to {high}" if sign else f"{low}{TO}{high}"


def metric_text(name: str, score: float | None) -> str:
    """The value of a metric: in percent, except d prime, which is not a fraction.

    >>> metric_text("accuracy", 0.5), metric_text("d_prime", 1.2345)
    ('50.0', '1.23')
    """
    if name == "d_prime":
        return "-" if score is None else f"{score:.2f}".replace("-", MINUS)
    return percent(score)


Color = tuple[int, int, int]

# From 0 to 1 on the scale; also readable by color-blind people (ColorBrewer's RdBu).
ANCHORS: tuple[Color, ...] = (
    (178, 24, 43), (214, 96, 77), (244, 165, 130), (253, 219, 199), (247, 247, 247),
    (209, 229, 240), (146, 197, 222), (67, 147, 195), (33, 102, 172),
)  # fmt: skip


def score_position(score: float, clean: float | None) -> float:
    """The position of a score on the color scale: the fraction of the clean score.

    >>> score_position(0.4, 0.8), score_position(0.4, None)
    (0.5, 0.4)
    """
    return score / clean if clean else score


def difference_position(difference: float, full: float) -> float:
    """The position of a difference on the color scale: 0 for -`full`, 1 for `full`.

    >>> difference_position(-0.2, 0.2), difference_position(0.0, 0.0)
    (0.0, 0.5)
    """
    return 0.5 + difference / full / 2 if full else 0.5


def color_at(position: float) -> Color:
    """The color at a position of the scale: red at 0, white at 0.5, blue at 1.

    >>> color_at(-0.1), color_at(0.5), color_at(1.1)
    ((178, 24, 43), (247, 247, 247), (33, 102, 172))
    """
    along = min(1.0, max(0.0, position)) * (len(ANCHORS) - 1)
    low = min(int(along), len(ANCHORS) - 2)
    red, green, blue = (
        round(a + (b - a) * (along - low))
        for a, b in zip(ANCHORS[low], ANCHORS[low + 1], strict=True)
    )
    return red, green, blue


def text_color_on(color: Color) -> Color:
    """Black or white, whichever is easier to read on a color.

    >>> text_color_on((178, 24, 43)), text_color_on((247, 247, 247))
    ((255, 255, 255), (0, 0, 0))
    """
    light = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2] > 140
    return (0, 0, 0) if light else (255, 255, 255)
