"""The recipe of docs/adaptation.md runs, adapts what it says, and sees the same stream always."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.batches import assert_same
from helpers.shards import clips, write_shards
from torch import nn

import avrb_wds as avrb

DOCS = Path(__file__).resolve().parents[1] / "docs"
[RECIPE] = re.findall(r"```python\n(.*?)```", (DOCS / "adaptation.md").read_text(), re.DOTALL)


class Source(nn.Module):
    """A small audio-visual network with BatchNorm in both modalities, weights drawn by a seed."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.visual = nn.Sequential(
                nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2)
            )
            self.audio = nn.Sequential(nn.Conv1d(1, 8, 16, 8), nn.BatchNorm1d(8), nn.ReLU())
            self.head = nn.Linear(40, 3)

    def forward(self, batch: dict[str, Any]) -> torch.Tensor:
        frames = batch["frames"][:, 0].permute(0, 3, 1, 2).float() / 127.5 - 1
        heard = self.audio(batch["waveform"]).amax(2)
        scores: torch.Tensor = self.head(torch.cat([self.visual(frames).flatten(1), heard], 1))
        return scores


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `shards/` of 128 clips."""
    folder = tmp_path_factory.mktemp("adaptation")
    write_shards(folder / "shards", clips(128), per_shard=50)
    return folder


@pytest.fixture(scope="module")
def recipe(folder: Path) -> Iterator[dict[str, Any]]:
    """What the recipe defines; it runs on this model and these shards, as it stands."""
    names: dict[str, Any] = {"model": Source()}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(RECIPE, "docs/adaptation.md", "exec"), names)
        assert re.fullmatch(r"gaussian-5 0\.\d+\nrain-5 0\.\d+\n", printed.getvalue())
        yield names


def stream(**kind: Any) -> Any:
    return avrb.load("shards/", "gaussian", 5, shuffle=True, batch_size=32,
                     rank=0, world_size=1, **kind)  # fmt: skip


def test_the_entropy_falls(recipe: dict[str, Any]) -> None:
    """Pass by pass, and below that of the same model with nothing but the batch's statistics."""
    passes = itertools.chain.from_iterable(itertools.repeat(stream(), 6))
    adapting = [recipe["entropy"](scores).mean() for _, scores in recipe["tent"](
        recipe["model"], passes, rate=1e-2)]  # fmt: skip
    still = [recipe["entropy"](scores).mean() for _, scores in recipe["tent"](
        recipe["model"], stream(), rate=0)]  # fmt: skip
    means = torch.stack(adapting).reshape(6, 4).mean(1)
    assert (means.diff() < 0).all(), means
    assert means[-1] < 0.9 * torch.stack(still).mean()


def test_only_batchnorm_moves_and_the_source_stays(recipe: dict[str, Any]) -> None:
    model = recipe["model"]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    moved: list[str] = []

    class Watched(Source):
        def forward(self, batch: dict[str, Any]) -> torch.Tensor:
            moved[:] = [n for n, p in self.named_parameters() if not torch.equal(p, before[n])]
            return super().forward(batch)

    watched = Watched()
    watched.load_state_dict(before)
    list(recipe["tent"](watched, stream()))
    assert sorted(moved) == ["audio.1.bias", "audio.1.weight", "visual.1.bias", "visual.1.weight"]
    for one in (model, watched):
        assert all(torch.equal(value, before[name]) for name, value in one.state_dict().items())


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_the_stream_is_the_same_whatever_makes_it(folder: Path, recipe: Any, workers: int) -> None:
    assert_same(list(stream(num_workers=workers)), list(stream(num_workers=2)))
    scores = [scores for _, scores in recipe["tent"](recipe["model"], stream(num_workers=workers))]
    again = [scores for _, scores in recipe["tent"](recipe["model"], stream())]
    assert all(torch.equal(a, b) for a, b in zip(scores, again, strict=True))


def test_the_order_is_that_of_one_process_whatever_torchrun_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keys(**rank: int) -> list[str]:
        stream = avrb.load(folder / "shards", shuffle=True, batch_size=32, **rank)
        return [key for batch in stream for key in batch["key"]]

    expected = keys()
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        assert keys(rank=0, world_size=1) == expected
        assert len(keys()) == 64  # so torchrun does say something
    assert expected != sorted(expected)
