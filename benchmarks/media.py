"""create_video on a real video: every corruption at severity 5, against the video's own length.

    python benchmarks/media.py [VIDEO ...]

One process a corruption, through the class, for which torch is in it; `avrb.create_video` does
without.  speed: seconds of video a second; cpu: seconds of both cores a second of video; peak: the
most memory of the process, torch (180 MB) and the encoded video in it.  Every output is decoded
and compared with its source: frames, their times, duration, channels.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from avrb_wds.corruptions import CORRUPTIONS

MEDIA = Path(__file__).resolve().parents[2] / "shared/media"
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


def measure(video: Path, out: Path) -> None:
    times, seconds, channels = seen(video)
    print(f"{video.name}: {len(times)} frames, {seconds:.2f} s, {channels} channels")
    print(f"{'corruption':<14}{'speed':>7}{'cpu':>7}{'peak MB':>9}{'file MB':>9}  frames and sound")
    speeds, peaks = [], []
    for name in CORRUPTIONS:
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
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        for video in [Path(name) for name in sys.argv[1:]] or VIDEOS:
            measure(video, Path(folder) / "out.mp4")


if __name__ == "__main__":
    main()
