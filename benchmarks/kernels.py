"""How long a kernel takes, beside decoding the JPEG it works on.

    python benchmarks/kernels.py [--rounds 60] [--media ../shared/media]

Every round measures the decode (or, for sound, the drawing of as many raw bits) and then each
kernel once; the ratio printed is the median over rounds, so that what else the machine does at the
time counts on both sides.  One thread.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from avrb_wds.apply import Corrupter
from avrb_wds.codecs import decode_audio, decode_frame
from avrb_wds.corruptions import SEVERITIES, Draw, available

FRAME_LIMITS = {  # times the decode
    "gaussian": 2, "impulse": 2, "shot": 3, "speckle": 2.5, "compression": 2.5, "interference": 1,
}  # fmt: skip
AUDIO_LIMITS = {  # milliseconds for 10 s at 16 kHz
    "gaussian": 1.5, "impulse": 1.5, "shot": 2.5, "speckle": 1.5, "compression": 3,
    "interference": 1.5,
}  # fmt: skip
CLIP = "BkjpjAohg-0"


@dataclass(frozen=True)
class Row:
    name: str
    severity: int
    run: Callable[[], Any]
    limit: float | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    arguments = parser.parse_args()
    clip = arguments.media / "avrobustbench"
    jpeg = (clip / "eval_frames" / "frame_4" / f"{CLIP}.jpg").read_bytes()
    sound = (clip / "eval_audio" / f"{CLIP}.wav").read_bytes()
    raw_bits(arguments.rounds)
    frames(jpeg, arguments.rounds)
    waveforms(sound, arguments.rounds)


def raw_bits(rounds: int) -> None:
    """Raw bits a second, in the blocks that kernels draw them in."""
    draw, words = Draw(0, "bench", CLIP, "visual"), 1 << 13
    seconds = [timed(lambda: draw.bits(words)) for _ in range(10 * rounds)]
    usual, best = (words * 8 / s / 1e9 for s in (statistics.median(seconds), min(seconds)))
    print(f"raw bits: {usual:.2f} GB/s, at best {best:.2f} (limit: at least 1)")


def frames(jpeg: bytes, rounds: int) -> None:
    frame = decode_frame(jpeg)

    def row(name: str, severity: int) -> Row:
        corrupter = Corrupter.of(name, severity)
        return Row(name, severity, lambda: corrupter.frame(frame, CLIP, 4), FRAME_LIMITS.get(name))

    table(
        f"frame of {frame.shape[1]}x{frame.shape[0]}, times Image.open(...).load()",
        lambda: Image.open(io.BytesIO(jpeg)).load(),
        [
            Row("decode to array", 0, lambda: np.asarray(Image.open(io.BytesIO(jpeg))), None),
            *(row(name, severity) for name in available() for severity in SEVERITIES),
        ],
        rounds,
        in_ms=False,
    )


def waveforms(sound: bytes, rounds: int) -> None:
    pcm, sample_rate = decode_audio(sound)

    def row(name: str, severity: int) -> Row:
        corrupter = Corrupter.of(name, severity)
        return Row(
            name, severity, lambda: corrupter.pcm(pcm, CLIP, sample_rate), AUDIO_LIMITS.get(name)
        )

    draw = Draw(0, "bench", CLIP, "audio")
    table(
        f"sound of {pcm.shape[1] / sample_rate:.0f} s at {sample_rate} Hz, times drawing its bits",
        lambda: draw.bits(pcm.size, np.uint16),
        [row(name, severity) for name in available() for severity in SEVERITIES],
        rounds,
        in_ms=True,
    )


def table(
    title: str, reference: Callable[[], Any], rows: list[Row], rounds: int, *, in_ms: bool
) -> None:
    """Print a line a row; the limit is in milliseconds or in times the reference."""
    times: list[list[float]] = [[] for _ in rows]
    ratios: list[list[float]] = [[] for _ in rows]
    base: list[float] = []
    for _ in range(rounds):
        for number, row in enumerate(rows):
            before, own = timed(reference), timed(row.run)
            base.append(before)
            times[number].append(own)
            ratios[number].append(own / before)
    print(f"\n{title} ({statistics.median(base) * 1e3:.3f} ms)")
    print(f"{'':18}{'severity':>8}{'ms':>8}{'at best':>8}{'ratio':>8}{'limit':>8}")
    for row, own, ratio in zip(rows, times, ratios, strict=True):
        ms, times_base = statistics.median(own) * 1e3, statistics.median(ratio)
        line = f"{row.name:18}{row.severity or '':>8}{ms:8.3f}{min(own) * 1e3:8.3f}"
        line += f"{times_base:8.2f}"
        if row.limit is not None:
            kept = (ms if in_ms else times_base) <= row.limit
            line += f"{row.limit:8} {'ok' if kept else 'OVER'}"
        print(line)


def timed(run: Callable[[], Any]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
