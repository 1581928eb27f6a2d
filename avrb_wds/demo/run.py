"""The full pipeline on made-up clips: videos, shards, a model, a robustness table."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..evaluation import evaluate
from ..evaluation.metrics import one_torch_thread
from ..packing import PackOptions, pack
from ..previews import preview
from ..progress import Progress
from ..reports import Report
from .videos import CLASSES, SIZE, make_videos

TRAIN_SEED, TEST_SEED = 1, 0

Stage = Callable[..., AbstractContextManager[Progress | None]]


@dataclass(frozen=True)
class DemoResult:
    """What the demo made.

    shards: the packed test clips.  run: predictions and report.  preview: a page that shows and
    plays one of the clips under every corruption.
    """

    shards: Path
    run: Path
    report: Report
    preview: Path


def run_demo(out: str | Path, *, clips: int, train_clips: int, stage: Stage) -> DemoResult:
    """Make videos, pack them, train a tiny model on clean clips, evaluate it on others, show one.

    out: a new or empty folder.  clips, train_clips: how many.  stage: gives, for what a part
    of the work is called, a context with its `Progress` or None.  Raises UsageError for a folder
    that is not empty and for fewer clips than there are classes.
    """
    from .model import train

    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not an empty folder; give a new one.")
    for name, number in (("clips", clips), ("train_clips", train_clips)):
        if number < len(CLASSES):
            raise UsageError(
                f"{name} {number} is less than a clip a class; give {len(CLASSES)} or more."
            )
    for name, number, seed in (("train", train_clips, TRAIN_SEED), ("test", clips, TEST_SEED)):
        with stage(f"making {number} videos to {name}") as progress:
            make_videos(out / "videos" / name, number, seed, progress)
        with stage(f"packing {name}") as progress:
            pack(
                out / "videos" / name,
                out / "shards" / name,
                PackOptions(frames=10, frame_size=SIZE),
                progress=progress,
            )
    shards, run = out / "shards" / "test", out / "run"
    with one_torch_thread():
        with stage("training") as progress:
            model = train(out / "shards" / "train", len(CLASSES), progress=progress)
        with stage("evaluating", "scoring") as progress:
            report = evaluate(model, shards, out=run, progress=progress, name="TinyModel")
    assert report is not None  # there is one rank
    with stage("previewing") as progress:
        page = preview(shards, out / "preview.html", progress=progress).page
    return DemoResult(shards, run, report, page)
