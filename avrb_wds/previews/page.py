"""The page of a preview: an overview of all cells, and a card a corruption that plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby

from ..reports.html.elements import Html, Page, data_url, document, element, section
from .clip import PreviewClip
from .panels import Panel

FIRST = 3  # the severity shown at first


@dataclass(frozen=True)
class PreviewInfo:
    """What is previewed, and under which settings."""

    clip: PreviewClip
    seed: int
    profile: str
    temporal: str


def preview_page(facts: PreviewInfo, panels: Sequence[Panel]) -> str:
    """The page, with everything in it: pictures, films, style and script.

    panels: clean first, then each corruption by severity.
    """
    clean, rows = panels[0], _rows(panels[1:])
    body = (
        _head(facts),
        _slider(),
        _clean(clean),
        element("div", *(_card(name, row, clean) for name, row in rows), class_="cards"),
        _overview(clean, rows),
    )
    style = (files(__package__) / "preview.css").read_text(encoding="utf-8")
    script = (files(__package__) / "preview.js").read_text(encoding="utf-8")
    page = Page(f"{facts.clip.key} under {len(rows)} corruptions", style, script, media=True)
    return document(page, *body)


def _rows(panels: Sequence[Panel]) -> list[tuple[str, list[Panel]]]:
    grouped = groupby(panels, lambda panel: panel.condition.corruption)
    return [(name, list(row)) for name, row in grouped]


def _head(facts: PreviewInfo) -> Html:
    clip = facts.clip
    said = [clip.source]
    if clip.frames is not None:
        count, height, width = clip.frames.shape[:3]
        said.append(
            f"{count} frame{'s' if count > 1 else ''} of {width}\N{MULTIPLICATION SIGN}{height}"
        )
    if clip.pcm is not None:
        channels, samples = clip.pcm.shape
        said += [f"{samples / clip.sample_rate:.1f} s of sound", f"{clip.sample_rate:,} Hz"]
        said += ["mono" if channels == 1 else f"{channels} channels"]
    said += [f"seed {facts.seed}", f"profile {facts.profile}", f"temporal {facts.temporal}"]
    return element(
        "header",
        element("p", "One clip under audio-visual corruptions", class_="kicker"),
        element("h1", clip.key),
        element("p", " · ".join(said), class_="facts"),
    )


def _slider() -> Html:
    slider = element(
        "input", type="range", id="severity", min=1, max=5, step=1, value=FIRST, list="ticks"
    )
    return element(
        "div",
        element("label", "Severity", for_="severity"),
        slider,
        element("output", str(FIRST), for_="severity", id="shown"),
        class_="slider",
    )


def _clean(clean: Panel) -> Html:
    shown = element("div", *_sides(clean, clean), class_="sides")
    return section(
        "clean",
        shown,
        lead="The clip as it is. Point at a picture, or tap it, to play it with its sound.",
        class_="card clean",
    )


def _card(name: str, row: Sequence[Panel], clean: Panel) -> Html:
    """A corruption: clean at the left, the severity chosen at the right."""
    shown = []
    for panel in row:
        severity = panel.condition.severity
        hidden = {} if severity == FIRST else {"hidden": "hidden"}
        shown.append(
            element(
                "div",
                *_sides(clean, panel),
                class_="sides at",
                data_severity=str(severity),
                **hidden,
            )
        )
    return element("section", element("h2", name), *shown, class_="card", id=name)


def _sides(clean: Panel, panel: Panel) -> Iterator[Html]:
    """The panel's film or picture and its spectrogram, those of the clean clip beside them."""
    label = str(panel.condition)
    if panel is not clean and clean.frame is not None:
        # The script gives it the picture, which so is in the page once.
        yield element("img", class_="still beside", data_from="frame", alt="clean frame")
    if panel.frame is not None and panel.film is not None:
        yield element(
            "video",
            class_="still",
            controls="controls",
            loop="loop",
            preload="none",
            poster=data_url("image/jpeg", panel.frame),
            src=data_url("video/mp4", panel.film),
            aria_label=f"{label}, with sound",
        )
    elif panel.frame is not None:
        source = data_url("image/jpeg", panel.frame)
        yield element("img", class_="still", src=source, alt=f"frame under {label}")
    elif panel.film is not None:
        source = data_url("audio/flac", panel.film)
        yield element(
            "audio", controls="controls", preload="none", src=source, aria_label=f"sound, {label}"
        )
    if panel.spectrum is not None:
        if panel is not clean:
            yield element(
                "img", class_="spectrum beside", data_from="spectrum", alt="clean spectrogram"
            )
        source = data_url("image/jpeg", panel.spectrum)
        yield element("img", class_="spectrum", src=source, alt=f"spectrogram under {label}")


def _overview(clean: Panel, rows: Sequence[tuple[str, Sequence[Panel]]]) -> Html:
    """All cells at a glance; each leads to its card."""
    count = max((len(row) for _, row in rows), default=0)
    headings = ("", "clean", *(str(severity) for severity in range(1, count + 1)))
    head = element("tr", *(element("th", text, scope="col") for text in headings))
    lines = (
        element(
            "tr",
            element("th", element("a", name, href=f"#{name}"), scope="row"),
            *(element("td", _thumbnail(clean, panel)) for panel in (clean, *row)),
        )
        for name, row in rows
    )
    table = element("table", element("thead", head), element("tbody", *lines), class_="overview")
    return section(
        "All at a glance",
        element("div", table, class_="wide", tabindex=0),
        lead="Spectrograms: time to the right, 0 to 8 kHz upwards, 70 dB.",
    )


def _thumbnail(clean: Panel, panel: Panel) -> Html:
    """The script gives it the picture of the card above; without one, the spectrogram's."""
    of, condition = "frame" if panel.frame is not None else "spectrum", panel.condition
    where = {} if panel is clean else {"data_card": condition.corruption}
    image = element(
        "img",
        class_=of,
        data_from=of,
        data_severity=str(condition.severity),
        loading="lazy",
        alt=str(condition),
        **where,
    )
    target = "#severity" if panel is clean else f"#{condition.corruption}"
    return element("a", image, href=target, data_go=str(condition.severity or ""))
