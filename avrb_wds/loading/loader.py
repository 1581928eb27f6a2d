"""The loader: batches of one rank, in a fixed order, for any number of epochs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..concurrency import WorkerType
from ..condition import Condition, Corruptions, Severity, parse_conditions
from ..error_budget import ErrorBudget, MaxErrors
from ..errors import check_int
from ..settings import CorruptionSettings, show_settings
from ..shards import ShardSet, Source
from ..storage import Storage
from .checkpoint import EpochProgress, State, restore_state, save_state
from .clip_block import SkippedClip, Transform
from .collate import Batch
from .pipeline import Pipeline, Result, build_pipeline
from .sharding import Plan, Span, Topology, split_spans
from .worker_config import Stream, WorkerConfig

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..settings import CorruptionKwargs


class Loader:
    """Batches of one rank's clips under every condition; made by `load`.

    Each iteration is an epoch, with the same batches in the same order. `len` is the number of
    batches of the next epoch. A batch without its skipped clips is smaller, and an empty one is
    left out. `state_dict` and `load_state_dict` continue an interrupted epoch.

    Attributes:
        skipped: The clips that were skipped in the latest epoch.
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
        # A fraction is of all ranks' clips, so that no rank stops a run that is within the budget.
        self._budget = ErrorBudget.of(max_errors, len(pipeline.shards))

    @property
    def shards(self) -> ShardSet:
        """The shards that are loaded."""
        return self._pipeline.shards

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions under which every clip is returned."""
        return self._pipeline.processing.conditions

    @property
    def rank(self) -> int:
        """The rank of this process; UsageError if it has changed since it was first needed."""
        return self._topology.find()[0]

    @property
    def world_size(self) -> int:
        """The number of ranks; UsageError if it has changed since it was first needed."""
        return self._topology.find()[1]

    @property
    def clips(self) -> int:
        """The number of clips of this rank."""
        return self._whole().clips

    def __len__(self) -> int:
        return len(self._next().plan)

    def __iter__(self) -> Iterator[Batch]:
        skipped: list[SkippedClip] = []
        self.skipped = skipped
        current = self._progress = self._next()
        for given, result in enumerate(self._stream(self._pipeline, current.plan), 1):
            self._record_failures(result, skipped)
            self._progress = replace(current, given=given)
            if result.batch is not None:
                yield result.batch
        self._progress = EpochProgress(self._whole(), number=current.number + 1)

    def _whole(self) -> Plan:
        """Return the plan of a complete epoch of this rank."""
        return _whole_plan(self._pipeline, self._batch_size, *self._topology.find())

    def _current(self) -> EpochProgress:
        """Return the current epoch, or the first one."""
        first = EpochProgress(self._whole())
        return first if self._progress is None else self._progress

    def _next(self) -> EpochProgress:
        """Return the epoch that the next iteration continues or starts."""
        now = self._current()
        return EpochProgress(self._whole(), number=now.number + 1) if now.given else now

    def state_dict(self) -> State:
        """Return what this rank has still to load in the epoch, as a dict for JSON.

        After the last batch it is the state of the start of the next epoch.
        """
        return save_state(self._pipeline, self._current(), self._topology.find())

    def load_state_dict(self, state: State | Sequence[State]) -> None:
        """Continue from a state in the next iteration; later iterations are complete epochs.

        The earlier and this run together return every clip of every condition exactly once, even if
        only some ranks had completed the epoch. Batch size and number of workers may differ.

        Args:
            state: The state of this rank; or a list of those of all ranks, whose number may differ.

        Raises:
            UsageError: The state is of other shards, conditions, seed or order; or states of some
                ranks are missing or from another time.
        """
        spans, number = restore_state(state, self._pipeline, self._topology.find())
        self._progress = EpochProgress(replace(self._whole(), spans=spans), number=number)

    def _record_failures(self, result: Result, skipped: list[SkippedClip]) -> None:
        """Add failed clips to `skipped`, once each; raise DataError if they exceed the budget."""
        for clip, error in result.failed:
            if clip not in skipped:
                self._budget.check(len(skipped) + 1, error)
                skipped.append(clip)


def _whole_plan(pipeline: Pipeline, batch_size: int, rank: int = 0, world_size: int = 1) -> Plan:
    spans = split_spans([Span(0, len(pipeline.shards))], rank, world_size)
    return Plan(spans, batch_size, len(pipeline.processing.conditions))


@show_settings
def load(
    source: Source,
    corruption: Corruptions = None,
    severity: Severity | None = None,
    *,
    batch_size: int = 32,
    num_workers: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
    shuffle: bool = False,
    mix_conditions: bool = False,
    return_digests: bool = False,
    transform: Transform | None = None,
    max_errors: MaxErrors = 0,
    prefetch: int = 2,
    worker_type: WorkerType | None = None,
    storage: Storage | None = None,
    **settings: Unpack[CorruptionKwargs],
) -> Loader:
    """Load batches of clips, which threads or processes decode and corrupt in the background.

    Memory holds `prefetch` + 2 batches, which are reused, and with several conditions two blocks of
    decoded clips.

    Args:
        source: A folder of shards, a manifest, tars, a brace expression, or an open `ShardSet`; as
            paths or as s3://, gs://, az://, hf:// or https:// URLs.
        corruption: Name of a corruption; a condition; or several. With several, each block of
            `batch_size` clips is decoded once and returned under each condition in turn. None for
            clean.
        severity: 1 to 5, or a pair (visual, audio), if `corruption` is a name.
        seed: Seed of the corruptions and of `shuffle`.
        batch_size: Clips per batch; the last may have fewer.
        num_workers: Number of workers; None for one per core, 0 for the caller's thread.
        rank: Rank of this process; None for that of torch.distributed, torchrun or srun when an
            iteration begins. Ranks get equal shares within one clip, without padding.
        world_size: Number of ranks; as `rank`.
        modality: "both", or the one modality to corrupt.
        temporal: "frame" draws for each frame, "clip" once for all frames of a clip.
        profile: "default", or "reference" for what the reference code does.
        bank: A bank or the path of an imported one; None for the built-in bank.
        shuffle: Permute the clips by `seed`, in the same way on every rank.
        mix_conditions: Let the clips of a batch take the conditions in rotation.
        return_digests: Add "digest", the digest of each clip before the transform.
        transform: Called in a worker with the dict of one corrupted clip: "frames" (t, h, w, 3)
            uint8 and "waveform" (channels, samples) float32 as tensors, "sample_rate", "key",
            "target", "labels", "video_id", "corruption", "severity" and "position". It returns a
            dict, which is batched in place of the signals. Processes need one that cloudpickle
            can pickle.
        max_errors: How many clips may be invalid, as a count or a fraction; see `Loader.skipped`.
        prefetch: Batches to prepare ahead; at most 62 with processes.
        worker_type: "thread" starts at once, but many threads slow each other down; "process"
            scales with cores; None for threads up to two workers and processes for more.
        storage: How remote shards are read (credentials, endpoint, cache); None for the standard
            environment variables and no cache.

    Returns:
        An iterable of batches, each a `Batch`.

    Raises:
        UsageError: An argument is not allowed.
        DataError: A clip is invalid, beyond `max_errors`; raised by the iteration when its batch is
            due. The message names clip and shard.

    Example:
        >>> for batch in load("shards/", "rain", 3, batch_size=32):  # doctest: +SKIP
        ...     print(batch["frames"].shape, batch["waveform"].shape, batch["target"])
    """
    config = WorkerConfig.of(worker_type, num_workers, prefetch)
    topology = Topology(rank, world_size)
    pipeline = build_pipeline(
        ShardSet.open(source, storage),
        parse_conditions(corruption, severity),
        CorruptionSettings.of(**settings),
        shuffle=shuffle,
        mix_conditions=mix_conditions,
        return_digests=return_digests,
        transform=transform,
    )
    size = check_int("batch_size", batch_size, 1)
    stream = config.make_stream(pipeline, _whole_plan(pipeline, size))
    return Loader(pipeline, size, topology, max_errors, stream)
