"""create_video on a real video: every corruption at severity 5, against the video's own length.

    python benchmarks/media.py [--quick] [VIDEO ...]

One process a corruption, through the class, for which torch is in it; `avrb.create_video` does
without.  speed: seconds of video a second; cpu: seconds of both cores a second of video; peak: the
most memory of the process, torch (180 MB) and the encoded video in it.  Every output is decoded
and compared with its source: frames, their times, duration, channels.  --quick: one corruption.
Without ../shared and a VIDEO it takes a video of the demo.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from clips import MEDIA

from avrb_wds.corruptions import CORRUPTIONS
from avrb_wds.demo.videos import make_videos

VIDEOS = (MEDIA / "avrobustbench/eval_segments/BkjpjAohg-0.mp4", MEDIA / "KlsG1EnBEjc_000361.mp4")

RUN = """
import json, resource, sys, time
from avrb_wds import AVRobustBench
wall, cpu = time.perf_counter(), time.process_time()
made = AVRobustBench.create_video(sys.argv[1], sys.argv[2], 5)
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
open(sys.argv[3], "wb").write(made.getvalue())
print(json.dumps([wall, cpu, peak, len(made.getvalue()) / 1e6]))
"""


def seen(path: Path) -> tuple[list[float], float, int]:
    """Times of the frames, duration in seconds, channels."""
    import av

    with av.open(str(path)) as file:
        times = [float(frame.time) for frame in file.decode(video=0)]
    with av.open(str(path)) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
        track = file.streams.audio[0]
        return times, samples / track.sample_rate, track.channels


def compare(video: Path, out: Path) -> str:
    (times, seconds, channels), (new_times, new_seconds, new_channels) = seen(video), seen(out)
    frame = (times[-1] - times[0]) / (len(times) - 1)
    same = (
        len(times) == len(new_times)
        and max(abs(a - b) for a, b in zip(times, new_times, strict=True)) < frame / 2
        and abs(seconds - new_seconds) < frame
        and channels == new_channels
    )
    return "same" if same else f"DIFFERS: {len(times)}, {len(new_times)}; {seconds}, {new_seconds}"


def measure(video: Path, out: Path, names: Sequence[str]) -> None:
    times, seconds, channels = seen(video)
    print(f"{video.name}: {len(times)} frames, {seconds:.2f} s, {channels} channels")
    print(f"{'corruption':<14}{'speed':>7}{'cpu':>7}{'peak MB':>9}{'file MB':>9}  frames and sound")
    speeds, peaks = [], []
    for name in names:
        command = [sys.executable, "-c", RUN, str(video), name, str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        wall, cpu, peak, size = json.loads(done.stdout)
        speeds.append(seconds / wall)
        peaks.append(peak)
        print(
            f"{name:<14}{speeds[-1]:>7.2f}{cpu / seconds:>7.2f}{peak:>9.0f}{size:>9.1f}  "
            f"{compare(video, out)}",
            flush=True,
        )
    print(f"{'median':<14}{median(speeds):>7.2f}{'':>7}{max(peaks):>9.0f} at most\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=Path, nargs="*", metavar="VIDEO")
    parser.add_argument("--quick", action="store_true", help="one corruption only")
    arguments = parser.parse_args()
    names = list(CORRUPTIONS)[: 1 if arguments.quick else None]
    with tempfile.TemporaryDirectory() as folder:
        for video in arguments.videos or videos(Path(folder)):
            measure(video, Path(folder) / "out.mp4", names)


def videos(folder: Path) -> Sequence[Path]:
    """The real videos, or one of the demo's where they do not exist."""
    if MEDIA.is_dir():
        return VIDEOS
    print(f"{MEDIA} does not exist; the video is one of the demo's")
    make_videos(folder / "videos", 1, 0)
    return sorted(folder.glob("videos/*/*.mp4"))


if __name__ == "__main__":
    main()
