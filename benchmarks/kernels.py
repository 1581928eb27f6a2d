"""How long a kernel takes, beside decoding the JPEG it works on, and how much memory.

    python benchmarks/kernels.py [--rounds 60] [--shared FOLDER] [--memory]

Every round measures the decode and then a kernel, for each kernel once.  One thread.  Shown are the
median over rounds and the best of them, of times and of ratios (best kernel to best decode).  The
verdict is on the best: what else the machine does can only add to a time.  "released" is what the
released code takes, times its own decode of the same JPEG, and a limit too (measured at severity 3
and 5; its image of wind does not run).  Without ../shared the clip is a generated one, and nothing
is compared with the released code.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from clips import SHARED, noise, procedural
from PIL import Image

from avrb_wds.codecs import decode_audio, decode_frame
from avrb_wds.corrupter import Corrupter
from avrb_wds.corruptions import SEVERITIES, Draw, Frame, Pcm, available

FRAME_LIMITS = {  # times the decode
    "gaussian": 2, "impulse": 2, "shot": 3, "speckle": 2.5, "compression": 2.5, "snow": 6,
    "frost": 2.5, "spatter": 14, "wind": 6, "rain": 7, "underwater": 5, "concert": 5, "smoke": 5,
    "crowd": 1, "interference": 1,
}  # fmt: skip
MEAN_LIMIT = 3  # geometric mean over all at severity 5, times the decode
AUDIO_LIMIT = 1.5  # milliseconds for 10 s at 16 kHz
AUDIO_LIMITS = {"shot": 2.5, "compression": 3}
MEMORY_LIMIT = 4  # times the clip, at the peak of its corruption
NOT_HELD = ("compression", "interference")  # to the released code's own ratio
CLIP = "BkjpjAohg-0"


@dataclass(frozen=True)
class Row:
    """limit: in times the decode, or in ms for sound.  released: in times the decode."""

    name: str
    severity: int
    run: Callable[[], Any]
    limit: float | None = None
    released: float | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--memory", action="store_true", help="measure memory only")
    arguments = parser.parse_args()
    jpeg, wav, speed = inputs(arguments.shared)
    pcm, sample_rate = decode_audio(wav)
    if arguments.memory:
        memory(decode_frame(jpeg), pcm, sample_rate)
        return
    raw_bits(arguments.rounds)
    frames(jpeg, speed, arguments.rounds)
    waveforms(jpeg, pcm, sample_rate, speed, arguments.rounds)


def inputs(shared: Path) -> tuple[bytes, bytes, dict[str, Any]]:
    """A JPEG frame, a WAV file and the times of the released code; generated, and no times, where
    `shared` does not exist."""
    if not shared.is_dir():
        print(f"{shared} does not exist; the clip is generated, the released code left out")
        return procedural(0), noise(), {}
    clip = shared / "media/avrobustbench"
    jpeg = (clip / "eval_frames" / "frame_4" / f"{CLIP}.jpg").read_bytes()
    wav = (clip / "eval_audio" / f"{CLIP}.wav").read_bytes()
    return jpeg, wav, json.loads((shared / "reference/speed.json").read_text())


def raw_bits(rounds: int) -> None:
    """Raw bits a second, in the blocks that kernels draw them in."""
    draw, words = Draw(0, "bench", CLIP, "visual"), 1 << 13
    seconds = [timed(lambda: draw.bits(words)) for _ in range(10 * rounds)]
    usual, best = (words * 8 / s / 1e9 for s in (statistics.median(seconds), min(seconds)))
    print(f"raw bits: {usual:.2f} GB/s, at best {best:.2f} (limit: at least 1)")


def frames(jpeg: bytes, speed: dict[str, Any], rounds: int) -> None:
    frame = decode_frame(jpeg)

    def row(name: str, severity: int) -> Row:
        corrupter = Corrupter.of(name, severity)
        run = partial(corrupter.frame, frame, CLIP, 4)
        ratio = released(speed, "frame_ms", name, severity)
        return Row(name, severity, run, FRAME_LIMITS.get(name), ratio)

    rows = [Row("decode to array", 0, lambda: np.asarray(Image.open(io.BytesIO(jpeg))))]
    rows += [row(name, severity) for name in available() for severity in SEVERITIES]
    ratios = table(f"frame of {frame.shape[1]}x{frame.shape[0]}", jpeg, rows, rounds, in_ms=False)
    worst = [ratio for row, ratio in zip(rows, ratios, strict=True) if row.severity == 5]
    mean = statistics.geometric_mean(worst)
    print(f"geometric mean over {len(worst)} at severity 5: {mean:.2f} (limit: {MEAN_LIMIT})")


def waveforms(jpeg: bytes, pcm: Pcm, sample_rate: int, speed: dict[str, Any], rounds: int) -> None:
    def row(name: str, severity: int) -> Row:
        corrupter = Corrupter.of(name, severity)
        run = partial(corrupter.pcm, pcm, CLIP, sample_rate)
        ratio = released(speed, "audio_ms_10s", name, severity)
        return Row(name, severity, run, AUDIO_LIMITS.get(name, AUDIO_LIMIT), ratio)

    rows = [row(name, severity) for name in available() for severity in SEVERITIES]
    title = f"sound of {pcm.shape[1] / sample_rate:.0f} s at {sample_rate} Hz, limits in ms"
    table(title, jpeg, rows, rounds, in_ms=True)


def released(speed: dict[str, Any], signal: str, name: str, severity: int) -> float | None:
    """The released code's time in times its decode; None where it isn't known or not held to."""
    taken = speed.get(signal, {}).get(name, {}).get(str(severity))
    return taken / speed["jpeg_decode_ms"] if taken and name not in NOT_HELD else None


def table(title: str, jpeg: bytes, rows: list[Row], rounds: int, *, in_ms: bool) -> list[float]:
    """Print a line a row, its limit in ms or in times the decode; returns the best ratios."""
    times: list[list[float]] = [[] for _ in rows]
    base: list[list[float]] = [[] for _ in rows]
    for _ in range(rounds):
        for number, row in enumerate(rows):
            base[number].append(timed(lambda: Image.open(io.BytesIO(jpeg)).load()))
            times[number].append(timed(row.run))
    decode = min(map(min, base))
    print(f"\n{title}; ratios to Image.open(...).load(), at best {decode * 1e3:.3f} ms")
    print(f"{'':16}severity      ms at best   ratio at best released  limit")
    # The best decode of the same rounds: no more tries at a quiet moment than the kernel has.
    best = [min(own) / min(before) for own, before in zip(times, base, strict=True)]
    for row, own, before, ratio in zip(rows, times, base, best, strict=True):
        usual = statistics.median(a / b for a, b in zip(own, before, strict=True))
        text = f"{row.name:16}{row.severity or '':>8}{statistics.median(own) * 1e3:8.3f}"
        text += f"{min(own) * 1e3:8.3f}{usual:8.2f}{ratio:8.2f}"
        print(text + verdict(row, min(own) * 1e3 if in_ms else ratio, ratio))
    return best


def verdict(row: Row, held: float, ratio: float) -> str:
    """The end of a row: its limits and whether they are kept."""
    text = f"{'' if row.released is None else format(row.released, '.1f'):>9}"
    if row.limit is None:
        return text
    kept = held <= row.limit and ratio <= (row.released or ratio)
    return f"{text}{row.limit:7} {'ok' if kept else 'OVER'}"


def memory(frame: Frame, pcm: Pcm, sample_rate: int) -> None:
    """Print the peak of what corrupting a clip of ten frames and its sound takes, in clips."""
    clip = np.stack([frame] * 10)
    size = clip.nbytes + pcm.nbytes
    print(f"peak memory of corrupting a clip of {size / 1e6:.1f} MB (limit: {MEMORY_LIMIT} times)")
    for name in available():
        corrupter = Corrupter.of(name, 5)
        corrupter.frames(clip, CLIP), corrupter.pcm(pcm, CLIP, sample_rate)  # tables, the bank
        tracemalloc.start()
        kept = corrupter.frames(clip, CLIP), corrupter.pcm(pcm, CLIP, sample_rate)
        peak = tracemalloc.get_traced_memory()[1] / size
        tracemalloc.stop()
        del kept
        print(f"{name:16}{peak:8.2f} {'ok' if peak < MEMORY_LIMIT else 'OVER'}")


def timed(run: Callable[[], Any]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
