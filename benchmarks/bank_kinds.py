"""Can the bank's kinds be told apart, and are they what the released benchmark means by them?

    python benchmarks/bank_kinds.py [--released FOLDER] [--seconds 2]

A small classifier learns the nine kinds of sounds from one bank and is scored on the other, both
ways: a linear one (ridge regression on the kinds) on the mean, the spread and the movement of 40
log-mel bands of pieces of 2 s.  A sound counts as the kind that most of its pieces were taken for.
Within each bank every sound is left out in turn, which tells how alike the sounds of a kind are.
Chance is 11 %.  Without the released bank (../shared/bank) only the built-in bank is measured.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from clips import SHARED

from avrb_wds.banks.bank_import import import_bank
from avrb_wds.corruptions.bank import KINDS, Bank

RATE, WINDOW, HOP, BANDS = 16_000, 512, 256, 40
RIDGE = 1.0  # of standardised features
RANGE = 60.0  # dB below a piece's loudest band: what is softer counts as that soft


@dataclass(frozen=True)
class Pieces:
    """Features (pieces, n), the kind of each, and the sound it is from."""

    features: np.ndarray
    kind: np.ndarray
    sound: np.ndarray

    def where(self, chosen: np.ndarray) -> Pieces:
        return Pieces(self.features[chosen], self.kind[chosen], self.sound[chosen])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--released", type=Path, default=SHARED / "bank/avrobustbench")
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    own = pieces(Bank.builtin(), arguments.seconds)
    if not arguments.released.is_dir():
        print(f"{arguments.released} does not exist; the released bank is left out")
        report("the built-in bank, each sound left out in turn", own, left_out(own))
        return
    with tempfile.TemporaryDirectory() as folder:
        released = import_bank(arguments.released, Path(folder) / "released.avrbbank")
        other = pieces(released, arguments.seconds)
    report("trained on the built-in bank, scored on the released one", other, classify(own, other))
    report("trained on the released bank, scored on the built-in one", own, classify(other, own))
    report("the built-in bank, each sound left out in turn", own, left_out(own))
    report("the released bank, each sound left out in turn", other, left_out(other))


def pieces(bank: Bank, seconds: float) -> Pieces:
    """Features of every piece of every sound, at half overlap."""
    length, found = int(seconds * RATE), []
    for label, kind in enumerate(KINDS):
        for index in range(bank.count(kind)):
            track = bank.sound(kind, index, RATE, 1)[0].astype(np.float32) / 32768
            for start in range(0, max(track.size - length, 0) + 1, length // 2):
                piece = track[start : start + length]
                if piece.any():
                    found.append((features(piece), label, 100 * label + index))
    rows, labels, sounds = zip(*found, strict=True)
    return Pieces(np.stack(rows), np.array(labels), np.array(sounds))


def features(track: np.ndarray) -> np.ndarray:
    """Mean, spread and movement of the log-mel bands, whatever the loudness."""
    windows = np.lib.stride_tricks.sliding_window_view(track, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW), axis=1)) ** 2
    level = 10 * np.log10(power @ _mel_filters() + 1e-12)
    level = np.maximum(level - level.max(), -RANGE)
    moves = np.abs(np.diff(level, axis=0))
    slow = level[: len(level) // 8 * 8].reshape(-1, 8, BANDS).mean(axis=1)
    return np.concatenate([level.mean(0), level.std(0), moves.mean(0), slow.std(0)])


def _mel_filters() -> np.ndarray:
    """Triangles, (bins, bands), even on the mel scale from 40 Hz to 8 kHz."""
    mel = np.linspace(*(2595 * np.log10(1 + f / 700) for f in (40, RATE / 2)), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.fft.rfftfreq(WINDOW, 1 / RATE)[:, np.newaxis]
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    # Narrow triangles between two bins would be empty.
    return np.maximum(np.minimum(rise, fall), 1e-4)


def classify(known: Pieces, asked: Pieces) -> np.ndarray:
    """The kind that a linear classifier trained on `known` takes each piece of `asked` for."""
    mean, std = known.features.mean(0), known.features.std(0) + 1e-6
    x, y = ((p.features - mean) / std for p in (known, asked))
    # Kinds weigh alike, however many pieces they have.
    target = np.eye(len(KINDS))[known.kind]
    weight = 1 / np.maximum(target.sum(0), 1)[known.kind, np.newaxis]
    normal = x.T @ (x * weight) + RIDGE * np.eye(x.shape[1])
    slopes = np.linalg.solve(normal, x.T @ (target * weight))
    return np.asarray((y @ slopes + (target * weight).mean(0)).argmax(1))


def left_out(known: Pieces) -> np.ndarray:
    """As `classify`, each sound by the others."""
    taken = np.empty_like(known.kind)
    for sound in np.unique(known.sound):
        asked = known.sound == sound
        taken[asked] = classify(known.where(~asked), known.where(asked))
    return taken


def report(title: str, asked: Pieces, taken: np.ndarray) -> None:
    """Shares of pieces and sounds taken for what they are, and what each kind was taken for."""
    counts = np.zeros((len(KINDS), len(KINDS)), int)
    for sound in np.unique(asked.sound):
        votes = np.bincount(taken[asked.sound == sound], minlength=len(KINDS))
        counts[sound // 100, votes.argmax()] += 1
    right = (taken == asked.kind).mean()
    print(f"\n{title}: {right:.0%} of pieces, {np.trace(counts)} of {counts.sum()} sounds")
    for kind, row in zip(KINDS, counts, strict=True):
        others = ", ".join(f"{KINDS[n]} {row[n]}" for n in np.argsort(-row) if row[n])
        print(f"  {kind:12}{others}")


if __name__ == "__main__":
    main()
