"""Other loaders on the same clips: each read from its own format and decoded to the same arrays.

What a user of each would write, with two worker processes (DALI: two threads).  Those that don't
import are left out, with the reason.  They belong in an environment of their own: some pin other
versions than this project does, so that `pip install --no-deps litdata mosaicml-streaming
nvidia-dali-cuda120`, and then what they say is missing, is the way there.
"""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import webdataset as wds
from clips import FRAME_NAMES
from PIL import Image

from avrb_wds.shards import ShardSet

WORKERS, BATCH = 2, 32
Batches = Iterable[dict[str, Any]]


def open_peers(folder: Path) -> dict[str, Callable[[], int]]:
    """By name, a function that exhausts the loader and says how many clips there were."""
    makers = {"webdataset": webdataset, "litdata": litdata, "mosaic": mosaic, "dali cpu": dali}
    peers: dict[str, Callable[[], int]] = {}
    for name, make in makers.items():
        try:
            peers[name] = _counting(make(folder))
        except ImportError as error:
            print(f"{name} is left out: {error}")
    return peers


def _counting(batches: Batches) -> Callable[[], int]:
    return lambda: sum(len(batch["key"]) for batch in batches)


def webdataset(folder: Path) -> Batches:
    urls = sorted(map(str, folder.glob("*.tar")))
    dataset = wds.WebDataset(urls, shardshuffle=False).map(decode_sample)
    return wds.WebLoader(
        dataset.batched(BATCH, collation_fn=collate), batch_size=None, num_workers=WORKERS
    )


def litdata(folder: Path) -> Batches:
    from litdata import StreamingDataLoader, StreamingDataset, optimize

    out = str(folder / "litdata")
    clips = len(ShardSet.open(folder))
    stored = partial(_stored, folder)
    optimize(stored, list(range(clips)), out, chunk_bytes="64MB", num_workers=1, verbose=False)

    # `optimize` makes spawned processes the default, for all; they take seconds to start.
    multiprocessing.set_start_method("fork", force=True)
    dataset = StreamingDataset(out, transform=decode_sample)
    return StreamingDataLoader(dataset, batch_size=BATCH, num_workers=WORKERS, collate_fn=collate)


def mosaic(folder: Path) -> Batches:
    from streaming import MDSWriter, StreamingDataset

    out = str(folder / "mosaic")
    columns = {"__key__": "str", "wav": "bytes", **dict.fromkeys(FRAME_NAMES, "bytes")}
    with MDSWriter(out=out, columns=columns) as writer:
        for position in range(len(ShardSet.open(folder))):
            writer.write(_stored(folder, position))

    class Clips(StreamingDataset):
        def __getitem__(self, index: Any) -> dict[str, Any]:
            return decode_sample(super().__getitem__(index))

    clips = Clips(local=out, batch_size=BATCH)
    return torch.utils.data.DataLoader(
        clips, batch_size=BATCH, num_workers=WORKERS, collate_fn=collate
    )


def dali(folder: Path) -> Batches:
    from nvidia.dali import fn, pipeline_def, types

    @pipeline_def(batch_size=BATCH, num_threads=WORKERS, device_id=None)
    def clips(urls: list[str]) -> Any:
        *jpegs, wav = fn.readers.webdataset(paths=urls, ext=[*FRAME_NAMES, "wav"], name="clips")
        frames = [fn.decoders.image(jpeg, device="cpu") for jpeg in jpegs]
        waveform, _ = fn.decoders.audio(wav, dtype=types.FLOAT, downmix=True)
        return fn.stack(*frames), waveform

    pipeline = clips(sorted(map(str, folder.glob("*.tar"))))
    pipeline.build()
    return _Pipeline(pipeline)


class _Pipeline:
    """One epoch of a pipeline an iteration; keys it has none, so a clip's number stands in."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline

    def __iter__(self) -> Iterator[dict[str, Any]]:
        left = self._pipeline.epoch_size("clips")
        while left > 0:
            frames, waveform = (part.as_tensor() for part in self._pipeline.run())
            rows = min(left, BATCH)
            yield {
                "key": range(rows),
                "frames": torch.from_numpy(np.array(frames))[:rows],
                "waveform": torch.from_numpy(np.array(waveform))[:rows],
            }
            left -= rows
        self._pipeline.reset()


def _stored(folder: Path, position: int) -> dict[str, Any]:
    with ShardSet.open(folder) as shards:
        raw = shards.read(position)
    return {"__key__": raw.key, **{n: bytes(raw.members[n]) for n in (*FRAME_NAMES, "wav")}}


def decode_sample(sample: dict[str, Any]) -> dict[str, Any]:
    """Members as stored to arrays, with Pillow and soundfile."""
    images = [Image.open(io.BytesIO(sample[name])).convert("RGB") for name in FRAME_NAMES]
    waveform, _ = soundfile.read(io.BytesIO(sample["wav"]), dtype="float32", always_2d=True)
    frames = np.stack([np.asarray(image) for image in images])
    return {"key": sample["__key__"], "frames": frames, "waveform": waveform.T}


def collate(samples: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "key": [sample["key"] for sample in samples],
        "frames": torch.from_numpy(np.stack([sample["frames"] for sample in samples])),
        "waveform": torch.from_numpy(np.stack([sample["waveform"] for sample in samples])),
    }
