"""The same clips as torch datasets, for a DataLoader and custom samplers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from torch.utils.data import Dataset, IterableDataset, get_worker_info

from ..condition import Corruptions, Severity, parse_conditions
from ..errors import DataError, check_int
from ..settings import CorruptionSettings, show_settings
from ..shards import Source
from .clip_block import ClipDict, OutputRows, Transform
from .pipeline import Pipeline, build_pipeline
from .sharding import Plan, Span, Topology, split_spans

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..settings import CorruptionKwargs


class ClipDataset(Dataset[ClipDict]):
    """Map-style torch dataset: item i is clip i // c under condition i % c, of c conditions.

    Items are dicts: "frames" (t, h, w, 3) uint8 and "waveform" (channels, samples) float32 tensors
    or what the transform returns, "key", "video_id", "sample_rate", "target" (if the clip has one),
    "corruption", "severity" and "position". The arguments are those of `load`. An invalid clip
    raises DataError, which names clip and shard.
    """

    @show_settings
    def __init__(
        self,
        source: Source,
        corruption: Corruptions = None,
        severity: Severity | None = None,
        *,
        transform: Transform | None = None,
        **settings: Unpack[CorruptionKwargs],
    ) -> None:
        self._pipeline = build_pipeline(
            source,
            parse_conditions(corruption, severity),
            CorruptionSettings.of(**settings),
            transform=transform,
        )

    def __len__(self) -> int:
        return len(self._pipeline.shards) * len(self._pipeline.processing.conditions)

    def __getitem__(self, number: int) -> ClipDict:
        number = check_int("clip number", number)
        if not -len(self) <= number < len(self):
            raise IndexError(f"clip {number} of {len(self)}")
        clip, condition = divmod(number % len(self), len(self._pipeline.processing.conditions))
        return next(_clips(self._pipeline, range(clip, clip + 1), range(condition, condition + 1)))


class ClipStream(IterableDataset[ClipDict]):
    """Iterable torch dataset: this rank's clips in order, each decoded once for all conditions.

    The workers of a DataLoader share the clips. torchdata's StatefulDataLoader can resume it with
    the same number of workers. The arguments are those of `load`, the items those of `ClipDataset`.
    """

    @show_settings
    def __init__(
        self,
        source: Source,
        corruption: Corruptions = None,
        severity: Severity | None = None,
        *,
        rank: int | None = None,
        world_size: int | None = None,
        shuffle: bool = False,
        transform: Transform | None = None,
        **settings: Unpack[CorruptionKwargs],
    ) -> None:
        self._pipeline = build_pipeline(
            source,
            parse_conditions(corruption, severity),
            CorruptionSettings.of(**settings),
            transform=transform,
            shuffle=shuffle,
        )
        self._topology = Topology(rank, world_size)

    def __len__(self) -> int:
        return len(self._plan(self._spans()))

    def __iter__(self) -> Iterator[ClipDict]:
        info, spans = get_worker_info(), self._spans()
        if info:
            spans = split_spans(spans, info.id, info.num_workers)
        return _Clips(self._pipeline, self._plan(spans))

    def _spans(self) -> tuple[Span, ...]:
        return split_spans([Span(0, len(self._pipeline.shards))], *self._topology.find())

    def _plan(self, spans: tuple[Span, ...]) -> Plan:
        return Plan(spans, 1, len(self._pipeline.processing.conditions))


class _Clips(Iterator[ClipDict]):
    """The clips of a plan with batches of one clip; the position in it can be saved."""

    def __init__(self, pipeline: Pipeline, plan: Plan) -> None:
        self._pipeline, self._plan = pipeline, plan
        self.load_state_dict({"given": 0})

    def __next__(self) -> ClipDict:
        clip = next(self._clips)
        self._given += 1
        return clip

    def state_dict(self) -> dict[str, int]:
        """Return the number of clips returned so far."""
        return {"given": self._given}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue after the clips returned then, without reading them."""
        self._given = state["given"]
        left = replace(self._plan, spans=self._plan.after(self._given))
        blocks = (_clips(self._pipeline, *block) for block in left.blocks())
        self._clips = chain.from_iterable(blocks)


def _clips(pipeline: Pipeline, order_range: range, repeats: range) -> Iterator[ClipDict]:
    """Yield the one clip in `order_range` once for each of `repeats`."""
    block = pipeline.block(order_range)
    for repeat in repeats:
        item = pipeline.collate.checked(block.item(0, repeat, OutputRows()))
        if isinstance(item, DataError):
            raise item
        about = {
            "key": item.key,
            "video_id": item.video_id,
            "sample_rate": item.sample_rate,
            "target": pipeline.collate.target(item),
            "corruption": item.condition.corruption,
            "severity": item.condition.severity,
            "position": item.clip_index,
        }
        # torch's default collate function does not accept None.
        yield {k: v for k, v in {**about, **item.values}.items() if v is not None}
