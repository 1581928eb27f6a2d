"""What `render` refuses: broken clips, wrong arguments, names that lead elsewhere, image bombs."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.cli import run_avrb
from helpers.rendering import content, digest, write_source
from helpers.shards import Made, clips, members, write_shards

import avrb_wds as avrb
from avrb_wds.building.shard_writer import ShardWriter
from avrb_wds.rendering import RenderReceipt
from avrb_wds.rendering.avrobustbench_layout import check_id
from avrb_wds.shards import escape_key


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source"))


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Five clips, of which the fourth has a frame of nonsense."""
    folder = write_shards(tmp_path / "broken", clips(5), per_shard=5)
    writer = ShardWriter(folder, "t", 0)
    for clip in clips(5):
        parts = members(clip)
        if clip.key == "clip0003":
            parts["frame_0001.jpg"] = b"no image"
        writer.add(clip.key, parts.items())
    manifest = avrb.Manifest.read(folder / "manifest.json")
    whole = replace(manifest, shards=(writer.finish(),))
    (folder / "manifest.json").write_bytes(whole.to_bytes())
    return folder


@pytest.mark.parametrize("layout", ["shards", "avrobustbench"])
def test_a_broken_clip_is_named_and_leaves_nothing(
    layout: str, broken: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o"
    words = ("render", broken, out, "--corruption", "rain", "--severity", 1, "--layout", layout)
    done = run_avrb(*words, "--num-workers", 2)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "avrb: clip 'clip0003' in shard t-000000.tar: member 'frame_0001.jpg': the image cannot "
        "be decoded: it is in no image format known here.\n"
    )
    assert not out.exists()

    if layout == "shards":
        done = run_avrb(*words, "--max-errors", 1)
        assert done.returncode == 0
        assert done.stderr.startswith("left out: clip0003 (t-000000.tar): member 'frame_0001.jpg'")
    else:
        options = avrb.RenderOptions(layout=layout)
        avrb.render(broken, out, "rain", 1, options, max_errors=1)
    receipt = RenderReceipt.from_bytes((out / "receipt.json").read_bytes())
    assert (receipt.clips, [failure.video_id for failure in receipt.skipped]) == (4, ["clip0003"])
    if layout == "shards":
        assert avrb.verify_shards(out, deep=True) == []
        assert digest(out) == receipt.stored


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"options": {"frame_format": "gif"}}, "frame_format 'gif' is not one of jpg, png, webp"),
        (
            {"options": {"quality": 101}},
            "quality must be an integer from 1 to 100; got 101",
        ),
        ({"options": {"layout": "zip"}}, "layout 'zip' is not one of shards, avrobustbench"),
        ({"num_workers": -1}, "num_workers must be a non-negative integer; got -1"),
        ({"out": "s3://bucket/o"}, "out 's3://bucket/o' is not a folder"),
        ({"modality": "smell"}, "modality 'smell' is not one of"),
    ],
    ids=str,
)
def test_wrong_arguments(
    wrong: dict[str, object], message: str, shards: Path, tmp_path: Path
) -> None:
    def call(out: object, options: dict[str, object], **given: object) -> None:
        avrb.render(shards, out, "rain", 3, avrb.RenderOptions(**options), **given)

    given = {"out": tmp_path / "o", "options": {}, **wrong}
    with pytest.raises(avrb.UsageError, match=message):
        call(**given)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("out", ["", "in", "in/further", "../{name}"])
@pytest.mark.parametrize("conditions", [["rain-1"], ["rain-1", "rain-2"]])
def test_a_rendering_into_its_own_source(
    out: str, conditions: list[str], shards: Path, tmp_path: Path
) -> None:
    copied = shutil.copytree(shards, tmp_path / "s")
    before, target = content(copied), copied / out.format(name=copied.name)
    message = rf"^{re.escape(str(target))} is the folder that is rendered, or lies in it; give one"
    with pytest.raises(avrb.UsageError, match=message):
        avrb.render(copied, target, conditions, resume=True)
    assert content(copied) == before
    assert [path.name for path in copied.iterdir() if path.is_dir()] == []


def test_what_cannot_be_rendered(tmp_path: Path) -> None:
    made = [Made("a", frames=2), Made("b", frames=3)]
    source = write_shards(tmp_path / "s", made)
    options = avrb.RenderOptions(layout="avrobustbench")
    with pytest.raises(
        avrb.UsageError, match="layout 'avrobustbench' cannot hold clips that differ"
    ):
        avrb.render(source, tmp_path / "o", "rain", 1, options)
    with pytest.raises(avrb.UsageError, match=r"no manifest\.json; give a data"):
        avrb.render(source / "t-000000.tar", tmp_path / "o", "rain", 1)
    [made_of_both] = avrb.render(source, tmp_path / "o", "rain", 1, avrb.RenderOptions("png"))
    assert made_of_both.receipt.stored == digest(source, "rain", 1)


def test_ids_that_lead_elsewhere_are_refused(tmp_path: Path) -> None:
    for odd in ("../a", "/a", "a//b", "a/../../b", "a\\b", "", ".", "a\0", "a" * 260):
        with pytest.raises(avrb.DataError, match="cannot name a file"):
            check_id(odd, escape_key(odd))
    for fine in ("a", "dog/a.1", "..a", "ä b"):
        check_id(fine, escape_key(fine))
    with pytest.raises(avrb.DataError, match="gives another key"):
        check_id("a.b", "a")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


BOMBS = {
    # 60000x60000 pixels, of which a thousand bytes are there.
    "png": b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(bytes(1000)))
    + chunk(b"IEND", b""),
    # A whole image, 16383x16383 pixels of black.
    "webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0e\0\0\0/\xfe\xbf\xff\x0f\x07\x10\x11\xfd\x0fDD\xff\x03",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_image_bombs_are_refused_before_memory_is_taken(kind: str, tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path, "b", 0)
    writer.add("clip", [("wav", members(Made("clip"))["wav"]), (f"frame_0000.{kind}", BOMBS[kind])])
    entry = writer.finish()
    code = (
        "import resource, sys; import avrb_wds as avrb; from avrb_wds.shards import decode_clip\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "shards = avrb.ShardSet.open(sys.argv[1]); before = peak()\n"
        "try: decode_clip(shards.read(0))\n"
        "except avrb.DataError as error: print(peak() - before, error)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / entry.file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    taken, _, sentence = done.stdout.partition(" ")
    assert int(taken) < 20_000  # kB; the picture would be ten gigabytes, or one
    assert f"member 'frame_0000.{kind}': the image cannot be decoded: Image size" in sentence
