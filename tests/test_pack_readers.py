"""Real clips in shards: read by webdataset, HuggingFace datasets and tar; close to their source."""

import io
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import webdataset as wds
from PIL import Image

from avrb_wds.codecs import decode_audio
from avrb_wds.packing import PackOptions, pack
from avrb_wds.shards import ShardSet, decode_clip, verify_shards

FRAMES = [f"frame_{number:04d}.jpg" for number in range(10)]


@pytest.fixture(scope="module")
def shards(media, tmp_path_factory) -> Path:
    """One shard of the two real videos, one of them also under an id with dots."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "v").mkdir()
    for video in (media / "media").rglob("*.mp4"):
        os.symlink(video, folder / "v" / video.name)
    os.symlink(media / "media/avrobustbench/eval_segments/BkjpjAohg-0.mp4", folder / "v/v1.2.x.mp4")
    pack(folder / "v", folder / "o")
    return folder / "o"


KEYS = ["BkjpjAohg-0", "KlsG1EnBEjc_000361", "v1%2E2%2Ex"]


def test_the_folder_of_real_clips(media, tmp_path) -> None:
    packed = pack(media / "media", tmp_path / "o")
    assert (packed.manifest.clips, packed.failures, packed.manifest.name) == (2, (), "media")
    assert verify_shards(tmp_path / "o", deep=True) == []


def test_webdataset(shards) -> None:
    urls = [str(path) for path in shards.glob("*.tar")]
    samples = list(wds.WebDataset(urls, shardshuffle=False).decode("rgb8"))
    assert [sample["__key__"] for sample in samples] == KEYS
    with ShardSet.open(shards) as own:
        for position, sample in enumerate(samples):
            clip = decode_clip(own.read(position))
            np.testing.assert_array_equal([sample[name] for name in FRAMES], clip.frames)
            np.testing.assert_array_equal(decode_audio(sample["wav"])[0], clip.pcm)
            assert sample["json"]["video_id"] == clip.record.video_id
    assert samples[2]["json"]["video_id"] == "v1.2.x"


def test_huggingface_datasets(shards, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    files = [str(path) for path in shards.glob("*.tar")]
    stream = datasets.load_dataset(
        "webdataset", data_files=files, split="train", streaming=True, cache_dir=str(tmp_path)
    )
    # Its Audio feature needs torchcodec and FFmpeg's libraries even to hand out bytes.
    sound = {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
    rows = list(stream.cast_column("wav", sound))
    assert [row["__key__"] for row in rows] == KEYS
    assert rows[2]["json"]["video_id"] == "v1.2.x"
    with ShardSet.open(shards) as own:
        for position, row in enumerate(rows):
            clip = decode_clip(own.read(position))
            np.testing.assert_array_equal([np.asarray(row[name]) for name in FRAMES], clip.frames)
            np.testing.assert_array_equal(decode_audio(row["wav"]["bytes"])[0], clip.pcm)


def test_tar(shards) -> None:
    (tar,) = shards.glob("*.tar")
    listed = subprocess.run(["tar", "tf", tar], capture_output=True, text=True, check=True)
    expected = [f"{key}.{part}" for key in KEYS for part in ("json", "wav", *FRAMES)]
    assert (listed.stdout.splitlines(), listed.stderr) == (expected, "")
    told = subprocess.run(
        ["tar", "xOf", tar, f"{KEYS[2]}.json"], capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout)["video_id"] == "v1.2.x"


def test_frames_and_sound_are_those_of_the_released_benchmark(media, shards, tmp_path) -> None:
    """Its frames were taken one earlier (a seek of OpenCV's), its sound from the left channel."""
    folder = media / "media/avrobustbench"
    pack(folder / "eval.json", tmp_path / "o")
    pack(folder / "eval_segments", tmp_path / "left", PackOptions(channels="first"))
    with ShardSet.open(tmp_path / "o") as theirs, ShardSet.open(tmp_path / "left") as ours:
        released, own = decode_clip(theirs.read(0)), decode_clip(ours.read(0))
    for number, frame in enumerate(released.frames):
        stored = (folder / f"eval_frames/frame_{number}/BkjpjAohg-0.jpg").read_bytes()
        np.testing.assert_array_equal(frame, np.asarray(Image.open(io.BytesIO(stored))))
    difference = released.frames[0].astype(float) - own.frames[0]
    assert 10 * np.log10(255**2 / (difference**2).mean()) > 38
    np.testing.assert_array_equal(
        released.pcm, decode_audio((folder / "eval_audio/BkjpjAohg-0.wav").read_bytes())[0]
    )
    sound = released.pcm[:, :160_000].astype(float)
    assert 10 * np.log10((sound**2).mean() / ((sound - own.pcm) ** 2).mean()) > 30
    assert released.record.labels == ("/m/04rlf", "/m/07pjwq1", "/m/07s72n", "/m/08cyft")
    assert released.record.target == (0, 1, 2, 3)
