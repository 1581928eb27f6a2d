"""The demo's model: a small convolutional network a modality, and a linear layer on both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..loading import load
from ..progress import Progress

WINDOW, HOP, BANDS = 512, 320, 64
FRAMES = 3
EPOCHS, BATCH, RATE = 12, 20, 1e-2


def spectrogram(waveform: Tensor) -> Tensor:
    """Log-power spectrogram (b, 1, BANDS, windows) of a waveform (b, channels, samples)."""
    windows = waveform.mean(1).unfold(1, WINDOW, HOP)
    bins = torch.fft.rfft(windows * torch.hann_window(WINDOW, device=waveform.device))
    power = torch.view_as_real(bins[..., 1:]).square()
    bands = power.reshape(*power.shape[:2], BANDS, -1).sum(3) / (WINDOW // 2 // BANDS)
    return bands.add_(1e-3).log_().div_(3).transpose(1, 2).unsqueeze(1)


def prepare_frames(frames: Tensor) -> Tensor:
    """FRAMES of frames (b, t, h, w, 3) uint8, evenly apart: (b * FRAMES, 3, h / 2, w / 2)."""
    t = frames.shape[1]
    chosen = frames[:, [(2 * i + 1) * t // (2 * FRAMES) for i in range(FRAMES)]]
    pixels = chosen.flatten(0, 1)
    # Pooled in integers, one axis after the other: a third of the time of avg_pool2d.
    rows = pixels[:, 0::2].to(torch.int16) + pixels[:, 1::2]
    small = (rows[:, :, 0::2] + rows[:, :, 1::2]).permute(0, 3, 1, 2).float() / (4 * 127.5)
    return small - small.mean((2, 3), keepdim=True)


def _tower(channels: int, *widths: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in widths:
        convolution = nn.Conv2d(channels, width, 3, 2, 1, bias=False)
        layers += [convolution, nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers)


class TinyModel(nn.Module):
    """Sees three frames and hears a spectrogram; returns logits (b, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.visual = _tower(3, 16, 32, 48, 64)
        self.audio = _tower(1, 16, 32, 48)
        self.seen = nn.Linear(64, classes)
        self.heard = nn.Linear(48, classes)

    def forward(self, batch: Mapping[str, Any]) -> Tensor:
        """Logits for a batch of `load`."""
        seen, heard = self.by_modality(
            prepare_frames(batch["frames"]), spectrogram(batch["waveform"])
        )
        return seen + heard

    def by_modality(self, seen: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of each modality alone, for what `prepare_frames` and `spectrogram` return."""
        return self.see(seen), self.hear(heard)

    def see(self, seen: Tensor) -> Tensor:
        """The logits of sight alone, for what `prepare_frames` returns."""
        visual = self.visual(seen).amax((2, 3))
        logits: Tensor = self.seen(visual.reshape(-1, FRAMES, visual.shape[1]).mean(1))
        return logits

    def hear(self, heard: Tensor) -> Tensor:
        """The logits of hearing alone, for what `spectrogram` returns."""
        logits: Tensor = self.heard(self.audio(heard).mean((2, 3)))
        return logits


def train(
    shards: Path,
    classes: int,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> TinyModel:
    """A model trained on the clean clips of these shards, in seconds; the same for a seed.

    progress: called with the epochs done and in all.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TinyModel(classes)
        seen, heard, target = _inputs(shards)
        steps = EPOCHS * -(-len(target) // BATCH)
        optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
        for epoch in range(EPOCHS):
            for rows in torch.split(torch.randperm(len(target)), BATCH):
                visual, audio = model.by_modality(seen[rows].flatten(0, 1), heard[rows])
                optimizer.zero_grad()
                # Each modality has to do without the other, or the easier one learns alone.
                losses = [
                    functional.cross_entropy(logits, target[rows])
                    for logits in (visual + audio, visual, audio)
                ]
                torch.autograd.backward(losses)
                optimizer.step()
                schedule.step()
            if progress is not None:
                progress(epoch + 1, EPOCHS)
    return model.eval()


def _inputs(shards: Path) -> tuple[Tensor, Tensor, Tensor]:
    """What the model sees and hears of every clip, and the classes."""
    batches = list(load(shards, batch_size=BATCH))
    seen = torch.cat([prepare_frames(batch["frames"]) for batch in batches])
    heard = torch.cat([spectrogram(batch["waveform"]) for batch in batches])
    target = torch.cat([batch["target"] for batch in batches])
    return seen.reshape(-1, FRAMES, *seen.shape[1:]), heard, target
