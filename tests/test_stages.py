"""Stages in plain webdataset pipelines."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset as wds
from helpers.shards import Made, clips, members, write_shards

import avrb_wds as avrb
from avrb_wds.errors import DataError, UsageError

RAW = {"__key__": "a", "__url__": "s.tar", **members(Made("a", target=2))}
BROKEN = {**RAW, "__key__": "b", "frame_0001.jpg": RAW["frame_0001.jpg"][:60]}


@pytest.fixture(scope="module")
def clean() -> dict[str, Any]:
    (sample,) = avrb.Decode()([RAW])
    return sample


def test_decode_replaces_members_by_signals(clean: dict[str, Any]) -> None:
    assert clean.keys() == {
        "__key__", "__url__", "frames", "waveform", "sample_rate", "target", "labels", "video_id",
    }  # fmt: skip
    assert (clean["frames"].shape, clean["frames"].dtype) == ((2, 24, 32, 3), np.uint8)
    assert (clean["waveform"].shape, clean["waveform"].dtype) == ((1, 800), np.float32)
    assert (clean["sample_rate"], clean["target"], clean["labels"]) == (16_000, 2, ("class2",))
    assert "frame_0000.jpg" in RAW


def test_decode_takes_shards_of_any_make() -> None:
    raw = {"__key__": "x/y", "__url__": "u", "jpg": RAW["frame_0000.jpg"], "cls": b"7",
           "caption.txt": b"a dog", "__more__": 1}  # fmt: skip
    (sample,) = avrb.Decode()([raw])
    assert sample["frames"].shape == (1, 24, 32, 3)
    assert "waveform" not in sample
    assert (sample["target"], sample["labels"], sample["video_id"]) == (7, (), "x/y")
    assert (sample["caption.txt"], sample["__more__"]) == (b"a dog", 1)
    (corrupted,) = avrb.Corrupt("gaussian", 1)([sample])
    assert not np.array_equal(corrupted["frames"], sample["frames"])


def test_corrupt_leaves_its_input_alone(clean: dict[str, Any]) -> None:
    frames, waveform = clean["frames"].copy(), clean["waveform"].copy()
    (out,) = avrb.Corrupt("gaussian", severity=5, seed=0)([clean])
    assert np.array_equal(clean["frames"], frames)
    assert np.array_equal(clean["waveform"], waveform)
    assert (out["corruption"], out["severity"], out["target"]) == ("gaussian", 5, 2)
    assert "corruption" not in clean
    for name in ("frames", "waveform"):
        assert out[name].shape == clean[name].shape
        assert out[name].dtype == clean[name].dtype
        assert not np.array_equal(out[name], clean[name])


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        ({"modality": "visual", "severity": 2}, {"frames"}),
        ({"modality": "audio", "severity": 2}, {"waveform"}),
        ({"severity": (0, 4)}, {"waveform"}),
        ({"severity": (4, 0)}, {"frames"}),
        ({"severity": 2, "temporal": "clip"}, {"frames", "waveform"}),
    ],
)
def test_what_corrupt_is_told(clean: dict[str, Any], arguments: Any, changed: set[str]) -> None:
    (out,) = avrb.Corrupt("gaussian", **arguments)([clean])
    differ = {n for n in ("frames", "waveform") if not np.array_equal(out[n], clean[n])}
    assert differ == changed


def test_a_pipeline_of_plain_webdataset(tmp_path: Path) -> None:
    write_shards(tmp_path, clips(10))
    urls = f"{tmp_path}/t-{{000000..000002}}.tar"
    dataset = (
        wds.WebDataset(urls, shardshuffle=False)
        .compose(avrb.Decode(), avrb.Corrupt("compression", severity=3, seed=4))
        .to_tuple("frames", "waveform", "target", "__key__")
    )
    found = list(dataset)
    assert [key for *_, key in found] == [clip.key for clip in clips(10)]
    assert [target for _, _, target, _ in found] == [n % 3 for n in range(10)]
    batch = next(iter(avrb.load(tmp_path, "compression", 3, seed=4)))
    for row, (frames, waveform, _, _) in enumerate(found):
        np.testing.assert_array_equal(batch["frames"][row], frames)
        np.testing.assert_array_equal(batch["waveform"][row], waveform)


@pytest.mark.parametrize(
    "stage",
    [
        avrb.Decode(),
        avrb.Decode(wds.warn_and_continue),
        avrb.Corrupt("gaussian", (1, 2), seed=3, temporal="clip", on_error=wds.warn_and_stop),
    ],
)
def test_stages_pickle(stage: Any) -> None:
    copy = pickle.loads(pickle.dumps(stage))
    assert copy == stage
    assert hash(copy) == hash(stage)


def keep_going(error: Exception) -> bool:
    return "clip 'b' in shard s.tar" in str(error)


def stop(error: Exception) -> bool:
    return False


@pytest.mark.parametrize(("handler", "keys"), [(keep_going, ["a", "a"]), (stop, ["a"])])
def test_handlers_as_in_webdataset(clean: dict[str, Any], handler: Any, keys: list[str]) -> None:
    decoded = avrb.Decode(handler)([RAW, BROKEN, RAW])
    assert [sample["__key__"] for sample in decoded] == keys
    loud = {**clean, "__key__": "b", "waveform": np.full((1, 9), np.nan, np.float32)}
    corrupted = avrb.Corrupt("impulse", 1, on_error=handler)([clean, loud, clean])
    assert [sample["__key__"] for sample in corrupted] == keys


def test_a_broken_clip_is_named() -> None:
    with pytest.raises(DataError, match=r"clip 'b' in shard s\.tar, member 'frame_0001\.jpg'"):
        list(avrb.Decode()([BROKEN]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"waveform": np.full((1, 9), np.nan, np.float32)}, "holds NaN or infinity"),
        ({"sample_rate": None}, "sample_rate must be an integer from 1 to"),
        ({"frames": np.zeros((2, 4, 4, 3), np.float32)}, "frames are not a uint8 array"),
        ({"frames": [np.zeros((4, 4, 3), np.uint8)]}, "frames are not a uint8 array"),
    ],
)
def test_signals_that_no_kernel_takes(clean: dict[str, Any], change: Any, message: str) -> None:
    with pytest.raises(DataError, match=rf"clip 'a' in shard s\.tar: .*{message}"):
        list(avrb.Corrupt("gaussian", 1)([clean | change]))


def test_stages_in_the_wrong_order() -> None:
    with pytest.raises(UsageError, match=r"neither frames nor waveform; put Decode\(\) before"):
        list(avrb.Corrupt("gaussian", 1)([RAW]))
    decoded = {**RAW, "frame_0000.jpg": np.zeros((4, 4, 3), np.uint8)}
    with pytest.raises(UsageError, match=r"member 'frame_0000.jpg' of clip 'a' is a ndarray"):
        list(avrb.Decode()([decoded]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"corruption": "static", "severity": 1}, "corruption 'static' is not one of gaussian, "),
        ({"corruption": "gaussian", "severity": 0}, "severity must be an integer from 1"),
        ({"corruption": "gaussian", "severity": 1, "profile": "beta"}, "profile 'beta'"),
    ],
)
def test_wrong_arguments_fail_at_once(arguments: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        avrb.Corrupt(**arguments)
