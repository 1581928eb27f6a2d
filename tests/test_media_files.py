"""avrb corrupt: files of every kind and folders of them, published whole, resumed."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from helpers.cli import run_avrb
from helpers.films import Film, make_film
from PIL import Image

import avrb_wds as avrb
from avrb_wds.codecs import decode_audio, encode_audio

SCENE = np.random.default_rng(0).integers(0, 256, (30, 41, 3), np.uint8)
TONE = (np.sin(np.arange(2 * 8000).reshape(2, 8000) / 9) * 9000).astype(np.int16)


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.bmp", "a.tiff"])
def test_an_image_is_that_of_corrupt_frames(name: str, tmp_path: Path) -> None:
    Image.fromarray(SCENE).save(tmp_path / "in.png")
    out = avrb.corrupt_file(tmp_path / "in.png", tmp_path / name, "smoke", 4, seed=1)
    expected = avrb.corrupt_frames(SCENE, "smoke", 4, seed=1, key="in")
    with Image.open(out) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), expected)


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    smooth = np.asarray(Image.fromarray(SCENE).resize((64, 48)).resize((640, 480)))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(smooth).save(tmp_path / "in.jpg", exif=exif, quality=100)
        from PIL import ImageOps

        with Image.open(tmp_path / "in.jpg") as image:
            upright = np.asarray(ImageOps.exif_transpose(image))
        out = avrb.corrupt_file(
            tmp_path / "in.jpg", tmp_path / "a.png", "smoke", 1, modality="audio", overwrite=True
        )
        with Image.open(out) as image:
            assert np.array_equal(np.asarray(image), upright)


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_sound_is_that_of_corrupt_waveform(name: str, tmp_path: Path) -> None:
    (tmp_path / "in.flac").write_bytes(encode_audio(TONE, 8000, "flac"))
    out = avrb.corrupt_file(tmp_path / "in.flac", tmp_path / name, "wind", 5)
    pcm, sample_rate = decode_audio(out.read_bytes())
    waveform = TONE.astype(np.float32) / 32768
    expected = avrb.corrupt_waveform(waveform, "wind", 5, sample_rate=8000, key="in")
    assert sample_rate == 8000
    assert np.array_equal(pcm.astype(np.float32) / 32768, expected)


def test_what_is_not_allowed_is_said(tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    Image.fromarray(SCENE).save(source)
    (tmp_path / "there.png").write_bytes(b"kept")
    (tmp_path / "notes.txt").write_bytes(b"")
    wrong = {
        (source, source): "is what is to be corrupted",
        (source, tmp_path / "there.png"): "is there already",
        (source, tmp_path): "is a folder",
        (source, tmp_path / "no" / "a.png"): "cannot be written: folder ",
        (source, tmp_path / "a.mp4"): "cannot become a.mp4; give a name that ends in .jpg",
        (
            tmp_path / "notes.txt",
            tmp_path / "a.png",
        ): "is not a video, an image or a sound known here",
        (
            tmp_path / "none.png",
            tmp_path / "a.png",
        ): "does not exist; give a video, an image or an audio file",
    }
    for (given, out), cause in wrong.items():
        with pytest.raises(avrb.UsageError, match=cause):
            avrb.corrupt_file(given, out, "rain", 3)
    assert (tmp_path / "there.png").read_bytes() == b"kept"
    avrb.corrupt_file(source, tmp_path / "there.png", "rain", 3, overwrite=True)
    assert (tmp_path / "there.png").read_bytes() != b"kept"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two of each kind, one of them broken, and a file of another kind."""
    root = tmp_path / "in"
    (root / "sub").mkdir(parents=True)
    make_film(root / "sub" / "clip.mkv", Film(frames=4, flashes=(1,)))
    (root / "cut.mp4").write_bytes(bytes(1000))
    Image.fromarray(SCENE).save(root / "sub" / "still.png")
    (root / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    (root / "sub" / "tone.wav").write_bytes(encode_audio(TONE, 8000))
    (root / "cut.flac").write_bytes(b"fLaC")
    (root / "notes.txt").write_text("left out")
    return root


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_folder_is_mirrored_and_what_failed_is_named(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run_avrb("corrupt", tree, out, "--corruption", "snow", "--severity", 2)
    assert done.returncode == 1
    assert done.stdout == f"{out}: 3 file(s)\n"
    lines = done.stderr.splitlines()
    assert [line.split(": ")[:2] for line in lines[:3]] == [
        ["not corrupted", str(tree / name)] for name in ("cut.flac", "cut.jpg", "cut.mp4")
    ]
    assert lines[3:] == ["1 file(s) of other kinds were left out."]
    first = contents(out)
    assert sorted(first) == [
        ".avrb-corrupt.json", "sub/clip.mp4", "sub/still.png", "sub/tone.wav",
    ]  # fmt: skip
    with Image.open(io.BytesIO(first["sub/still.png"])) as image:
        expected = avrb.corrupt_frames(SCENE, "snow", 2, key="sub%2Fstill")
        assert np.array_equal(np.asarray(image), expected)

    refused = run_avrb("corrupt", tree, out, "--corruption", "snow", "--severity", 2)
    assert (refused.returncode, contents(out)) == (2, first)
    other = run_avrb("corrupt", tree, out, "--corruption", "rain", "--severity", 2, "--resume")
    assert other.returncode == 2
    assert "was made with corruption 'snow', not 'rain'" in other.stderr

    (out / "sub/still.png").unlink()
    resumed = run_avrb("corrupt", tree, out, "--corruption", "snow", "--severity", 2, "--resume")
    assert resumed.stdout == f"{out}: 1 file(s), 2 there already\n"
    assert contents(out) == first


def test_a_folder_without_faults_exits_0_and_two_of_one_name_are_refused(
    tree: Path, tmp_path: Path
) -> None:
    for path in tree.glob("cut.*"):
        path.unlink()
    assert run_avrb("corrupt", tree, tmp_path / "out", "--corruption", "shot").returncode == 0
    make_film(tree / "sub" / "clip.mp4", Film(frames=4, flashes=(1,)))
    twice = run_avrb("corrupt", tree, tmp_path / "new", "--corruption", "shot")
    assert twice.returncode == 2
    assert "would both become" in twice.stderr
    inside = run_avrb("corrupt", tree, tree / "out", "--corruption", "shot")
    assert "write to a folder outside of it" in inside.stderr
    assert not (tree / "out").exists()


def test_one_file_by_the_command_line(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mp4", Film(frames=5, flashes=(1,)))
    out = tmp_path / "out.mp4"
    done = run_avrb(
        "corrupt", source, out, "--corruption", "frost", "--severity", 3, "--duration", 0.3
    )
    assert (done.returncode, done.stdout) == (0, f"{out}\n")
    with av.open(str(out)) as file:
        assert file.streams.video[0].frames == 3
    assert run_avrb("corrupt", source, out, "--corruption", "frost").returncode == 2
    assert run_avrb("corrupt", source, out, "--corruption", "frost", "--overwrite").returncode == 0
    unknown = run_avrb("corrupt", source, tmp_path / "b.mp4", "--corruption", "fog")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "corruption 'fog' is not one of gaussian, " in unknown.stderr


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="files without name are Linux's")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_process_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mkv", Film(frames=90, height=240, width=320, flashes=()))
    out = tmp_path / "out"
    out.mkdir()
    code = (
        "import signal, sys, avrb_wds as avrb\n"
        # A shell lets what it starts in the background ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "tell = lambda done, total: done == 60 and (print(done, flush=True), input())\n"
        "avrb.corrupt_file(sys.argv[1], sys.argv[2], 'gaussian', 5, progress=tell)\n"
    )
    command = [sys.executable, "-c", code, str(source), str(out / "made.mp4")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"60\n"  # there it waits, however fast the machine
        process.send_signal(number)
        assert process.wait(30) != 0
    assert list(out.iterdir()) == []
    assert sorted(tmp_path.iterdir()) == [source, out]


def test_a_disk_that_is_full_is_one_sentence(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mkv", Film(frames=60, height=240, width=320, flashes=()))
    code = (
        "import sys, resource, signal, avrb_wds as avrb\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "avrb.corrupt_file(sys.argv[1], sys.argv[2], 'gaussian', 5)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(source), str(tmp_path / "made.mp4")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "avrb_wds.errors.DataError: " in done.stderr
    assert "made.mp4 cannot be written: File too large." in done.stderr
    assert sorted(tmp_path.iterdir()) == [source]
