"""A dataset in the layout of the released benchmark: JSON, frame folders, sounds."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.shards import Made, members


def write_released(folder: Path, clips: int, frames: int = 10) -> Path:
    """eval.json beside frame_0/ID.jpg … and ID.wav, of two classes in turn; returns the JSON."""
    rows = []
    for number in range(clips):
        clip = Made(f"video{number:03}", frames=frames)
        stored = members(clip)
        (folder / "audio").mkdir(parents=True, exist_ok=True)
        (folder / "audio" / f"{clip.key}.wav").write_bytes(stored["wav"])
        for frame in range(frames):
            place = folder / "frames" / f"frame_{frame}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{clip.key}.jpg").write_bytes(stored[f"frame_{frame:04}.jpg"])
        rows.append(
            {
                "video_id": clip.key,
                "wav": f"audio/{clip.key}.wav",
                "video_path": "frames",
                "labels": f"/m/class{number % 2}",
            }
        )
    path = folder / "eval.json"
    path.write_text(json.dumps({"data": rows}))
    return path
