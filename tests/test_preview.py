"""The preview: a page that needs nothing else, sheets, and what it refuses."""

import base64
import html
import io
import re
import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from helpers.shards import Made, clips, write_shards
from helpers.videos import Movie, make_video
from PIL import Image

import avrb_wds as avrb
from avrb_wds.codecs import encode_audio
from avrb_wds.errors import DataError, UsageError

TWO = ["rain", "compression"]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(3, frames=4, samples=8000))


@pytest.fixture(scope="module")
def page(shards: Path) -> str:
    made = avrb.preview(shards, shards.parent / "p.html", key="clip0001", corruptions=TWO)
    assert made.contact_sheets == ()
    return made.page.read_text(encoding="utf-8")


def inlined(page: str, kind: str) -> list[bytes]:
    return [base64.b64decode(data) for data in re.findall(f'data:{kind};base64,([^"]+)', page)]


def test_every_cell_is_there_and_plays(page: str) -> None:
    films = inlined(page, "video/mp4")
    assert len(films) == 1 + 2 * 5
    for film in films:
        with av.open(io.BytesIO(film)) as file:
            assert sum(1 for _ in file.decode(video=0)) == 4
        with av.open(io.BytesIO(film)) as file:
            sound = sum(frame.samples for frame in file.decode(audio=0))
            assert abs(sound / 16_000 - 0.5) < 0.1
    assert len(set(films)) == len(films)
    sizes = [Image.open(io.BytesIO(data)).size for data in inlined(page, "image/jpeg")]
    assert sizes.count((32, 24)) == sizes.count((360, 120)) == 11


def test_frames_are_those_of_corrupt_frames(shards: Path, page: str) -> None:
    """The poster of rain at severity 3 is the frame in the middle of the clip."""
    loaded = next(iter(avrb.load(shards, batch_size=3)))
    place = loaded["key"].index("clip0001")
    clean = loaded["frames"][place].numpy()
    wanted = avrb.corrupt_frames(clean, "rain", 3, key="clip0001")[2]
    [poster] = re.findall(
        r'poster="data:image/jpeg;base64,([^"]+)"[^>]*aria-label="rain-3, with sound"', page
    )
    coded = io.BytesIO()
    Image.fromarray(wanted).save(coded, "JPEG", quality=80, optimize=True)
    assert base64.b64decode(poster) == coded.getvalue()


def test_the_page_fetches_nothing(page: str) -> None:
    assert not re.findall(r"""(?:src|href|poster)=["'](?!data:|#)[^"']""", page)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in html.unescape(page)
    assert "http://" not in page
    assert "https://" not in page


def test_the_same_bytes_every_time(shards: Path, page: str, tmp_path: Path) -> None:
    again = avrb.preview(shards, tmp_path / "p.html", key="clip0001", corruptions=TWO)
    assert again.page.read_text(encoding="utf-8") == page


def test_names_are_escaped(tmp_path: Path) -> None:
    shards = write_shards(tmp_path / "shards", [Made("<script>alert(1)<%2Fscript>")])
    page = avrb.preview(shards, tmp_path / "p.html", corruptions=["concert"]).page.read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_videos_pictures_and_sounds(tmp_path: Path) -> None:
    make_video(tmp_path / "film.mp4", Movie())
    make_video(tmp_path / "mute.mp4", Movie(sound=False))
    Image.new("RGB", (500, 300), (90, 120, 30)).save(tmp_path / "still.png")
    pcm = np.random.default_rng(0).integers(-9000, 9000, (2, 8000)).astype(np.int16)
    (tmp_path / "sound.wav").write_bytes(encode_audio(pcm, 8000))
    kinds = {}
    for path in sorted(tmp_path.iterdir()):
        made = avrb.preview(path, tmp_path / "p.html", corruptions=["impulse"], seconds=1.0)
        text = made.page.read_text(encoding="utf-8")
        counts = (len(inlined(text, kind)) for kind in ("video/mp4", "audio/flac", "image/jpeg"))
        kinds[path.name] = tuple(counts)
    assert kinds == {
        "film.mp4": (6, 0, 12),
        "mute.mp4": (6, 0, 6),
        "still.png": (0, 0, 6),
        "sound.wav": (0, 6, 6),
    }


def test_sheets_for_a_paper(shards: Path, tmp_path: Path) -> None:
    made = avrb.preview(
        shards,
        tmp_path / "p.html",
        corruptions=["rain", "snow"],
        contact_sheet=tmp_path / "sheet.png",
    )
    frames, sound = made.contact_sheets
    assert sound.name == "sheet-sound.png"
    for path in (frames, sound):
        with Image.open(path) as image:
            assert image.width == 2100
            # Six different cells in each of two rows, that are no blank paper.
            cells = np.asarray(image.convert("RGB"))[:, 60:]
            assert cells.std() > 20


def test_what_is_refused(shards: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.html"
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "broken.mp4").write_bytes(b"x" * 1000)
    cases: list[tuple[object, dict[str, object], type[Exception], str]] = [
        (shards, {"key": "nobody"}, UsageError, "key 'nobody' is not in these shards; give one"),
        (shards, {"corruptions": ["fog"]}, UsageError, "corruption 'fog' is not one of gaussian, "),
        (tmp_path / "notes.txt", {}, UsageError, "neither shards nor of a kind"),
        (tmp_path / "gone.mp4", {}, UsageError, r"gone\.mp4 does not exist; give shards"),
        (tmp_path / "broken.mp4", {}, DataError, "cannot be decoded"),
        (tmp_path / "broken.mp4", {"key": "a"}, UsageError, "is a single clip"),
        (tmp_path / "broken.mp4", {"seconds": 0.0}, UsageError, "seconds 0.0"),
    ]
    for source, options, kind, match in cases:
        with pytest.raises(kind, match=match):
            avrb.preview(source, out, **options)  # type: ignore[arg-type]
    with pytest.raises(
        UsageError, match=r"p\.html cannot be written: folder .*no does not exist; make"
    ):
        avrb.preview(shards, tmp_path / "no/p.html")
    with pytest.raises(UsageError, match="is a folder; name the file to write"):
        avrb.preview(shards, tmp_path)
    assert not out.exists()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium on this machine")
def test_in_a_browser_the_slider_shows_another_severity(page: str, tmp_path: Path) -> None:
    moved = """<script>window.addEventListener("load", () => {
        slider.value = 5; slider.dispatchEvent(new Event("input"));
        const open = [...document.querySelectorAll(".at:not([hidden])")];
        const empty = [...document.querySelectorAll("img")].filter((i) => !i.naturalWidth);
        document.title = open.map((o) => o.dataset.severity).join("") + " " + empty.length;
    });</script></body>"""
    # For the test's own script the policy, which forbids it, is taken out.
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    (tmp_path / "p.html").write_text(text.replace("</body>", moved), encoding="utf-8")
    done = subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
            "--virtual-time-budget=8000", f"file://{tmp_path / 'p.html'}",
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "<title>55 0</title>" in done.stdout
