"""Rendered shards: the same bytes however made, and what corrupting on the fly shows."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import webdataset as wds
from helpers.cli import AVRB, run_avrb
from helpers.rendering import content, digest, write_source
from helpers.shards import clips, write_shards

import avrb_wds as avrb
from avrb_wds.banks.bank_import import import_bank
from avrb_wds.codecs import encode_audio
from avrb_wds.evaluation import check_receipt
from avrb_wds.rendering import RenderReceipt
from avrb_wds.shards import FrameLayout, decode_clip

PNG = avrb.RenderOptions("png", clips_per_shard=2)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source"))


def test_same_bytes_for_any_number_of_workers(shards: Path, tmp_path: Path) -> None:
    counted: list[tuple[int, int]] = []
    for workers in (0, 1, 4):
        out = tmp_path / str(workers)
        [made] = avrb.render(
            shards, out, "rain", 3, PNG, num_workers=workers, progress=lambda *n: counted.append(n)
        )
        assert content(out) == content(tmp_path / "0")
    assert counted == [(n, 5) for n in range(1, 6)] * 3
    assert avrb.verify_shards(out, deep=True) == []
    manifest = avrb.Manifest.read(out / "manifest.json")
    assert (manifest.name, manifest.clips, len(manifest.shards)) == ("t-rain-3", 5, 3)
    assert manifest.frames == FrameLayout(2, 24, 32, "png")
    assert manifest.audio == avrb.Manifest.read(shards / "manifest.json").audio
    assert RenderReceipt.from_bytes((out / "receipt.json").read_bytes()) == made.receipt


@pytest.mark.parametrize("kind", ["png", "webp"])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"seed": 7, "profile": "reference"},
        {"modality": "visual"},
        {"modality": "audio", "temporal": "clip"},
    ],
    ids=str,
)
def test_lossless_shards_show_what_corrupting_on_the_fly_does(
    kind: str, how: dict[str, object], shards: Path, tmp_path: Path
) -> None:
    [made] = avrb.render(shards, tmp_path / "o", "spatter", (3, 5), avrb.RenderOptions(kind), **how)
    on_the_fly = digest(shards, "spatter", (3, 5), **how)
    assert made.receipt.shown == made.receipt.stored == on_the_fly == digest(tmp_path / "o")
    assert made.receipt.exact
    assert made.receipt.psnr is None
    assert on_the_fly != digest(shards, "spatter", (3, 4), **how) or how.get("modality") == "visual"


def test_evaluations_of_both_have_one_receipt(shards: Path, tmp_path: Path) -> None:
    [made] = avrb.render(shards, tmp_path / "o", "smoke", 2, avrb.RenderOptions("webp"), seed=5)
    same = {"num_workers": 1, "batch_size": 2}
    on_the_fly = avrb.evaluate(scores, shards, ["smoke-2"], out=tmp_path / "1", seed=5, **same)
    rendered = avrb.evaluate(scores, tmp_path / "o", ["clean"], out=tmp_path / "2", **same)
    assert on_the_fly.receipt.digest == rendered.receipt.digest == made.receipt.receipt.digest
    assert on_the_fly.receipt.digests == made.receipt.receipt.digests
    assert on_the_fly.results[0].metrics == rendered.results[0].metrics
    by_clip = (tmp_path / "1/report.digests.tsv").read_bytes()
    assert (tmp_path / "o/receipt.digests.tsv").read_bytes() == by_clip
    assert str(check_receipt(shards, tmp_path / "o/receipt.json")) == "same"
    other = write_shards(tmp_path / "other", clips(5, channels=2))
    found = check_receipt(other, tmp_path / "o/receipt.json").difference
    assert (found.condition, found.key, found.clips) == ("smoke-2", "clip0004", 2)


def scores(batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Scores that depend on every value shown."""
    loud = batch["waveform"].double().square().mean((1, 2))
    return (batch["frames"].double().mean((1, 2, 3)) + 1000 * loud[:, None]).float()


def test_jpeg_is_near_and_its_distance_stated(shards: Path, tmp_path: Path) -> None:
    [made] = avrb.render(shards, tmp_path / "o", "frost", 2, avrb.RenderOptions("jpg", quality=80))
    receipt = made.receipt
    assert receipt.shown == digest(shards, "frost", 2)
    assert receipt.stored == digest(tmp_path / "o") != receipt.shown
    assert not receipt.exact

    errors = []
    with avrb.ShardSet.open(shards) as source, avrb.ShardSet.open(tmp_path / "o") as stored:
        for position in range(5):
            before, after = (decode_clip(s.read(position)) for s in (source, stored))
            assert before.frames is not None
            assert after.frames is not None
            wanted = avrb.corrupt_frames(before.frames, "frost", 2, key=before.key)
            errors.append((wanted.astype(float) - after.frames) ** 2)
    assert receipt.psnr == pytest.approx(10 * np.log10(255**2 / np.mean(errors)), abs=0.006)
    assert f"PSNR {receipt.psnr} dB" in str(receipt)


def test_jpeg_keeps_the_colour_of_noise(shards: Path, tmp_path: Path) -> None:
    [made] = avrb.render(shards, tmp_path / "o", "gaussian", 5)
    assert made.receipt.psnr is not None
    assert made.receipt.psnr > 34  # 14 where pixels share their color by fours


def test_frames_that_nothing_corrupts_keep_their_bytes(shards: Path, tmp_path: Path) -> None:
    [made] = avrb.render(
        shards, tmp_path / "o", "frost", 2, avrb.RenderOptions("jpg", 30), modality="audio"
    )
    assert made.receipt.exact
    with avrb.ShardSet.open(shards) as source, avrb.ShardSet.open(tmp_path / "o") as stored:
        for name in ("json", "frame_0000.jpg", "frame_0001.jpg"):
            assert source.read(4).members[name] == stored.read(4).members[name]
        assert source.read(4).members["wav"] != stored.read(4).members["wav"]


def test_a_bank_is_honoured_and_named(shards: Path, tmp_path: Path) -> None:
    sounds, bank = tmp_path / "sounds/rain", tmp_path / "mine.avrbbank"
    sounds.mkdir(parents=True)
    noise = np.random.default_rng(1).integers(-9000, 9000, (1, 16_000)).astype(np.int16)
    (sounds / "noise.wav").write_bytes(encode_audio(noise, 16_000))
    import_bank(sounds.parent, bank)
    made = {
        which: avrb.render(shards, tmp_path / str(n), "rain", 3, PNG, bank=which)[0].receipt
        for n, which in enumerate((None, bank))
    }
    assert made[None].receipt.bank != made[bank].receipt.bank
    assert made[None].stored == digest(shards, "rain", 3)
    assert made[bank].stored == digest(shards, "rain", 3, bank=bank) != made[None].stored


def test_several_conditions_get_a_folder_each(shards: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    wanted = ["clean", "rain-3", "shot-0+5"]
    counted: list[tuple[int, int]] = []
    made = avrb.render(shards, out, wanted, options=PNG, progress=lambda *n: counted.append(n))
    assert [r.folder for r in made] == [out / name for name in wanted]
    assert counted == [(n, 15) for n in range(1, 16)]
    for rendered, name in zip(made, wanted, strict=True):
        assert rendered.receipt.stored == digest(rendered.folder) == digest(shards, [name])
    before = content(out)
    with pytest.raises(avrb.UsageError, match=r"rain-3 holds shards; go on with --resume"):
        avrb.render(shards, out, ["smoke-1", "rain-3"], options=PNG)
    assert content(out) == before
    assert avrb.render(shards, out, wanted, options=PNG, resume=True) == made
    assert content(out) == before


@pytest.mark.parametrize("layout", ["shards", "avrobustbench"])
def test_killed_and_resumed(layout: str, tmp_path: Path) -> None:
    source = write_shards(tmp_path / "s", clips(50), per_shard=20)
    out = tmp_path / "o"
    job = ("render", source, out, "--corruption", "gaussian", "--severity", 3, "--resume",
           "--severity", 5, "--layout", layout, "--frame-format", "png",
           "--clips-per-shard", 12, "--num-workers", 2)  # fmt: skip
    journal = out / "gaussian-3/.avrb-pack.jsonl"
    process = subprocess.Popen([*AVRB, *map(str, job)])
    while not (journal.exists() and journal.read_bytes().count(b"\n") > 1):
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (out / "gaussian-3/receipt.json").exists()
    if layout == "shards":
        with pytest.raises(avrb.DataError, match=r"not packed to the end.*--resume"):
            avrb.ShardSet.open(out / "gaussian-3")

    resumed = run_avrb(*job)
    assert (resumed.returncode, resumed.stderr) == (0, "")
    options = avrb.RenderOptions("png", layout=layout, clips_per_shard=12)
    avrb.render(source, tmp_path / "whole", ["gaussian-3", "gaussian-5"], options=options)
    assert content(out) == content(tmp_path / "whole")
    with pytest.raises(avrb.UsageError, match="was begun with seed 0, not 1"):
        avrb.render(source, out, ["gaussian-3", "gaussian-5"], options=options, seed=1, resume=True)


def test_the_released_layout_is_read_by_its_class_and_packed(shards: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    options = avrb.RenderOptions("png", layout="avrobustbench")
    [made] = avrb.render(shards, out, "snow", 4, options, seed=3)
    assert sorted(content(out)) == sorted([
        ".avrb-pack.jsonl", "receipt.digests.tsv", "receipt.json", "t-snow-4.json",
        *(f"audio/{key}.wav" for key in ("clip0000", "clip0001", "clip0002", "clip0003", "slower")),
        *(f"frames/frame_{n}/{key}.png" for n in (0, 1)
          for key in ("clip0000", "clip0001", "clip0002", "clip0003", "slower")),
    ])  # fmt: skip
    rendered = avrb.AVRobustBench(out / "t-snow-4.json", all_frames=True)
    on_the_fly = avrb.AVRobustBench(shards, 4, "snow", 4, all_frames=True, seed=3)
    assert len(rendered) == len(on_the_fly) == 5
    for (images, sound), (expected, heard) in zip(rendered, on_the_fly, strict=True):
        assert len(images) == 2
        assert [image.tobytes() for image in images] == [image.tobytes() for image in expected]
        assert sound.getvalue() == heard.getvalue()
    assert made.receipt.stored == digest(shards, "snow", 4, seed=3)
    as_found = avrb.PackOptions(channels="keep", sample_rate="keep")
    packed = avrb.pack(out / "t-snow-4.json", tmp_path / "packed", as_found)
    assert (packed.manifest.clips, packed.failures) == (5, ())
    entry = json.loads((out / "t-snow-4.json").read_text())["data"][4]
    assert entry == {
        "wav": "audio/slower.wav", "labels": "class0", "video_id": "slower", "video_path": "frames"
    }  # fmt: skip


def test_every_stage_reads_lossless_shards(shards: Path, tmp_path: Path) -> None:
    avrb.render(shards, tmp_path / "o", options=avrb.RenderOptions("webp"))
    stages = wds.WebDataset(
        [str(path) for path in tmp_path.glob("o/*.tar")], shardshuffle=False
    ).compose(avrb.Decode(), avrb.Corrupt("shot", severity=3))
    on_the_fly = wds.WebDataset(
        [str(path) for path in sorted(shards.glob("*.tar"))], shardshuffle=False
    ).compose(avrb.Decode(), avrb.Corrupt("shot", severity=3))
    pairs = list(zip(stages, on_the_fly, strict=True))
    assert len(pairs) == 5
    for one, other in pairs:
        assert one["__key__"] == other["__key__"]
        assert np.array_equal(one["frames"], other["frames"])
        assert np.array_equal(one["waveform"], other["waveform"])
    assert "2 a clip, 32x24 pixels, webp" in run_avrb("info", tmp_path / "o").stdout
    assert avrb.verify_shards(tmp_path / "o", deep=True) == []
