"""The loader: batches of one rank, in a fixed order, as often as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..concurrency import WorkerType
from ..condition import Condition, Corruptions, Severity, parse_conditions
from ..corrupter import BankChoice, ModalityChoice, Temporal
from ..corruptions import Profile
from ..error_budget import ErrorBudget, MaxErrors
from ..errors import check_int
from ..shards import ShardSet, Source
from .checkpoint import EpochProgress, State, restore_state, save_state
from .clip_block import SkippedClip, Transform
from .collate import Batch
from .pipeline import Pipeline, Result, build_pipeline, open_shards
from .sharding import Plan, Span, Topology, split_spans
from .worker_config import Stream, WorkerConfig


class Loader:
    """Batches of one rank's clips under every condition; made by `load`.

    Every iteration is a pass over the same batches in the same order.  `len()` is the number of
    batches in the next one; where clips are skipped batches hold fewer, and one left without any
    is not given out.  With `state_dict` and `load_state_dict` a pass goes on where one left off.

    shards, conditions: what is loaded.  skipped: the clips left out in the latest pass.
    rank, world_size: as given, else as they are when an iteration begins, or when anything that
    depends on them is first asked for; raises UsageError where that changes later.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        batch_size: int,
        topology: Topology,
        max_errors: MaxErrors,
        stream: Stream,
    ) -> None:
        self.skipped: list[SkippedClip] = []
        self._pipeline, self._batch_size, self._stream = pipeline, batch_size, stream
        self._topology = topology
        self._progress: EpochProgress | None = None
        # A fraction is one of all ranks' clips: no rank stops a run that is within the budget.
        self._budget = ErrorBudget.of(max_errors, len(pipeline.shards))

    @property
    def shards(self) -> ShardSet:
        """The shards that clips come from."""
        return self._pipeline.shards

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions that every clip is given out under."""
        return self._pipeline.recipe.conditions

    @property
    def rank(self) -> int:
        """Which of the ranks this one is."""
        return self._topology.find()[0]

    @property
    def world_size(self) -> int:
        """How many ranks there are."""
        return self._topology.find()[1]

    @property
    def clips(self) -> int:
        """How many clips fall to this rank."""
        return self._whole().clips

    def __len__(self) -> int:
        return len(self._next().plan)

    def __iter__(self) -> Iterator[Batch]:
        skipped: list[SkippedClip] = []
        self.skipped = skipped
        begun = self._progress = self._next()
        for given, result in enumerate(self._stream(self._pipeline, begun.plan), 1):
            self._account(result, skipped)
            self._progress = replace(begun, given=given)
            if result.batch is not None:
                yield result.batch
        self._progress = EpochProgress(self._whole(), number=begun.number + 1)

    def _whole(self) -> Plan:
        """A whole pass of this rank."""
        return _whole_plan(self._pipeline, self._batch_size, *self._topology.find())

    def _now(self) -> EpochProgress:
        """The pass under way, else the first one."""
        first = EpochProgress(self._whole())
        return first if self._progress is None else self._progress

    def _next(self) -> EpochProgress:
        """The pass that an iteration goes on with, or begins."""
        now = self._now()
        return EpochProgress(self._whole(), number=now.number + 1) if now.given else now

    def state_dict(self) -> State:
        """What this rank still has to give out in the pass under way, as JSON takes it.

        Once a pass is through, the state is that of the beginning of the next one.
        """
        return save_state(self._pipeline, self._now(), self._topology.find())

    def load_state_dict(self, state: State | Sequence[State]) -> None:
        """Make the next iteration go on from `state`; those after it are whole passes again.

        state: this rank's own, or a list of those of all ranks, of which there may have been more
        or fewer than now; batch size and workers may differ, too.  Every clip of every condition
        is then given out exactly once by both together, also where some ranks were through with
        the pass and others were not.  Raises UsageError where the state is of other shards,
        conditions, seed or order, and where those of some ranks lack or are of another time.
        """
        spans, number = restore_state(state, self._pipeline, self._topology.find())
        self._progress = EpochProgress(replace(self._whole(), spans=spans), number=number)

    def _account(self, result: Result, skipped: list[SkippedClip]) -> None:
        """Enter the clips that failed, once each; raises where they are too many."""
        for clip, error in result.failed:
            if clip not in skipped:
                self._budget.check(len(skipped) + 1, error)
                skipped.append(clip)


def _whole_plan(pipeline: Pipeline, batch_size: int, rank: int = 0, world_size: int = 1) -> Plan:
    spans = split_spans([Span(0, len(pipeline.shards))], rank, world_size)
    return Plan(spans, batch_size, len(pipeline.recipe.conditions))


def load(
    source: Source,
    corruption: Corruptions = None,
    severity: Severity | None = None,
    *,
    seed: int = 0,
    batch_size: int = 32,
    num_workers: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
    modality: ModalityChoice = "both",
    temporal: Temporal = "frame",
    profile: Profile = "default",
    bank: BankChoice = None,
    shuffle: bool = False,
    mix_conditions: bool = False,
    return_digests: bool = False,
    transform: Transform | None = None,
    max_errors: MaxErrors = 0,
    prefetch: int = 2,
    worker_type: WorkerType | None = None,
    storage_options: Mapping[str, Any] | None = None,
    cache_dir: str | Path | None = None,
    cache_size: int | None = None,
) -> Loader:
    """Batches of corrupted clips, decoded and corrupted by threads or processes in the background.

    source: a folder of shards, a manifest, tars, a brace expression, or an open ShardSet; as
    paths or as addresses (s3://, gs://, az://, hf://, https://).
    corruption, severity: a name and 1 to 5 or (visual, audio); or a condition; or several, of which
    every block of `batch_size` clips is given out under one after another, decoded once; None for
    clean.  seed, modality, temporal, profile, bank: as in `Corrupter.of`.

    num_workers: by default one a core; 0 works in the caller's thread.  rank, world_size: by
    default those of torch.distributed, torchrun or srun when an iteration begins, so that a loader
    may be made before its process group; clips are divided to within one, never padded.
    shuffle: take the clips in a permutation by `seed`, the same on every rank.  mix_conditions: the
    clips of a batch take the conditions in rotation, and "corruption" and "severity" are lists.
    return_digests: batches hold the digest of every clip as it is shown, before the transform.

    transform: called in a worker on the dict of one corrupted clip ("frames" (t, h, w, 3) uint8 and
    "waveform" (channels, samples) float32 tensors, "sample_rate", "key", "target", "labels",
    "video_id", "corruption", "severity", "position"); returns a dict, which is batched in place of
    the signals.  max_errors: how many clips may fail, as a number or as a fraction of all
    clips; see `Loader.skipped`.  prefetch: batches made ahead, by processes 62 at most.
    worker_type: "thread", which start at once but stand in each other's way where they are many;
    "process", new interpreters that write to shared memory, to which the transform has to be
    picklable (by cloudpickle: lambdas and what notebooks define are), and so what it returns, and
    of which each has a copy of its own; None for threads up to two and processes beyond.

    storage_options: credentials and endpoint as obstore spells them, by default from the standard
    environment variables.  cache_dir, cache_size: a folder for remote shards, which processes may
    share, and how many bytes it may hold.

    Memory: `prefetch` + 2 batches, kept between passes, and under several conditions two blocks of
    decoded clips, mixed or not (three or more only where `prefetch` exceeds the conditions).
    Raises UsageError for arguments that are not allowed; DataError, naming clip and shard, for
    clips at fault, when their batch is due.  See `Batch` for what a batch holds.
    """
    way = WorkerConfig.of(worker_type, num_workers, prefetch)
    topology = Topology(rank, world_size)
    pipeline = build_pipeline(
        open_shards(source, storage_options, cache_dir, cache_size),
        parse_conditions(corruption, severity),
        seed=seed,
        modality=modality,
        temporal=temporal,
        profile=profile,
        bank=bank,
        shuffle=shuffle,
        mix_conditions=mix_conditions,
        return_digests=return_digests,
        transform=transform,
    )
    size = check_int("batch_size", batch_size, 1)
    stream = way.make_stream(pipeline, _whole_plan(pipeline, size))
    return Loader(pipeline, size, topology, max_errors, stream)
