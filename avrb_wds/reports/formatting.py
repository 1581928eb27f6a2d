"""Numbers and names as every kind of report spells them."""

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
    """What the report's primary metric is called."""
    return METRIC_NAMES[report.metric]


def metric_title(report: Report) -> str:
    """The same where a sentence begins."""
    name = metric_name(report)
    return name if name[1].isupper() else name.capitalize()


def has_no_auc(report: Report) -> bool:
    """Whether every clip is of the one class that there is."""
    return report.task == "single-label" and report.classes == 1


def percent(fraction: float | None) -> str:
    """A fraction in percent, to one decimal.

    >>> percent(0.9649), percent(None)
    ('96.5', '-')
    """
    return "-" if fraction is None else f"{100 * fraction:.1f}".replace("-", MINUS)


def signed(fraction: float | None) -> str:
    """A difference in percentage points, with its sign.

    >>> signed(0.05), signed(0.0), signed(None)
    ('+5.0', '0.0', '-')
    """
    if fraction is None:
        return "-"
    text = f"{100 * fraction:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", MINUS)


def span(interval: Interval | None, *, sign: bool = False) -> str:
    """An interval in percent; empty where there is none.

    >>> span(Interval(0.1, 0.25)), span(Interval(-0.1, 0.25), sign=True), span(None)
    ('10.0\N{EN DASH}25.0', '\N{MINUS SIGN}10.0 to +25.0', '')
    """
    if interval is None:
        return ""
    low, high = (signed(end) if sign else percent(end) for end in interval)
    return f"{low} to {high}" if sign else f"{low}{TO}{high}"


def value(name: str, score: float | None) -> str:
    """A metric as it prints: in percent, but for d prime, which is no fraction.

    >>> value("accuracy", 0.5), value("d_prime", 1.2345)
    ('50.0', '1.23')
    """
    if name == "d_prime":
        return "-" if score is None else f"{score:.2f}".replace("-", MINUS)
    return percent(score)
