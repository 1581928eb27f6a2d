"""One condition to render: all that decides which bytes come out."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path

from ..building.build import Writer
from ..building.clip_shape import PackedClip
from ..building.journal import ClipFailure, Journal, JournalEntry
from ..building.shard_writer import ShardWriter, check_shard, sanitize_name
from ..concurrency import ordered_map
from ..condition import Condition
from ..corrupter import Corrupter
from ..error_budget import ErrorBudget
from ..errors import DataError, reason, strip_subject
from ..receipts.clip_digests import DIGITS, SKIPPED, ClipDigests, clips_file
from ..receipts.receipt import Receipt
from ..shards import MANIFEST, Manifest, ShardEntry, ShardSet
from ..shards.record import ClipRecord
from .avrobustbench_layout import FolderWriter, check_clip, check_id, listing
from .options import RenderOptions
from .receipt import RECEIPT, RenderReceipt
from .render_clip import AudioFormat, ClipNote, render_clip

CLIPS_PER_SYNC = 100  # of the released layout; what a kill loses is made again


@dataclass(frozen=True)
class RenderJob:
    """Source shards under one condition.

    corrupter: None for clean.  source: the receipt of corrupting on the fly, without digests yet.
    max_errors: clips that may be left out.
    """

    shards: ShardSet
    manifest: Manifest
    condition: Condition
    corrupter: Corrupter | None
    source: Receipt
    options: RenderOptions
    max_errors: int

    @property
    def name(self) -> str:
        """Of the rendered dataset."""
        return sanitize_name(f"{self.manifest.name}-{self.condition}")

    @property
    def clips(self) -> int:
        """Source clips."""
        return len(self.shards)

    @property
    def clips_per_step(self) -> int:
        """Clips a shard, or as many files as are brought to the disk at once."""
        clips = self.options.clips_per_shard
        return min(clips, CLIPS_PER_SYNC) if self._is_avrobustbench else clips

    @property
    def _is_avrobustbench(self) -> bool:
        return self.options.layout == "avrobustbench"

    @property
    def _audio_format(self) -> AudioFormat:
        return (
            "flac" if self.manifest.audio.format == "flac" and not self._is_avrobustbench else "wav"
        )

    def describe(self) -> dict[str, str | int]:
        """The job in words that another run is compared by."""
        options, source = self.options, self.source
        return {
            "source": source.dataset,
            "manifest of the source": source.manifest,
            "condition": str(self.condition),
            "seed": source.seed,
            "profile": source.profile,
            "modality": source.modality,
            "temporal": source.temporal,
            "bank": source.bank,
            "frame format": options.frame_format,
            "quality": options.quality if options.frame_format == "jpg" else 0,
            "layout": options.layout,
            "clips per shard": 0 if self._is_avrobustbench else options.clips_per_shard,
            "versions": ", ".join(" ".join(pair) for pair in source.versions),
        }

    def convert(
        self, start: int, num_workers: int
    ) -> Generator[PackedClip | ClipFailure, None, None]:
        """The clips from number `start` on, in order."""
        clips = range(start, self.clips)
        return ordered_map(self._clip, clips, num_workers, None, name=self._named)

    def _named(self, position: int) -> str:
        return self.shards.name_clip(position)

    def _clip(self, position: int) -> PackedClip | ClipFailure:
        shard, entry = self.shards.locate(position)
        file = shard.file if isinstance(shard, ShardEntry) else shard.name
        try:
            raw = self.shards.read(position)
            if self._is_avrobustbench:
                record = ClipRecord.from_bytes(bytes(raw.members["json"]), "member 'json'")
                check_id(record.video_id, raw.key)
            return render_clip(raw, self.corrupter, self.options, self._audio_format)
        except DataError as error:
            return ClipFailure(entry.key, file, _cause(error, entry.key, file))

    def failed(self, failure: ClipFailure, count: int) -> None:
        """Raise DataError once more clips failed than may: what is left would be in vain."""
        fault = reason(DataError(failure.cause))
        last = DataError(f"clip {failure.video_id!r} in shard {failure.source}: {fault}.")
        ErrorBudget(self.max_errors).check(count, last)

    def writer(self, folder: Path, number: int) -> Writer:
        """Where the clips of a step go."""
        return (
            FolderWriter(folder)
            if self._is_avrobustbench
            else ShardWriter(folder, self.name, number)
        )

    def check(self, folder: Path, step: JournalEntry, *, read: bool) -> None:
        """Raise DataError unless what a step wrote is in `folder`; read: byte by byte."""
        if step.shard:
            check_shard(folder, step.shard, read=read)
        for note in step.notes if self._is_avrobustbench else ():
            check_clip(folder, ClipNote.of(note), self.options.frame_format, read=read)

    def files(self, journal: Journal) -> Iterator[tuple[str, bytes]]:
        """The receipt and the clips' digests, then the manifest or the list of clips."""
        notes = [ClipNote.of(note) for note in journal.notes]
        rows: dict[str, tuple[str, ...]] = {note.key: (note.shown[:DIGITS],) for note in notes}
        rows |= {failure.video_id: (SKIPPED,) for failure in journal.failures}
        digests = ClipDigests((str(self.condition),), rows)
        yield RECEIPT, self.receipt(journal).to_bytes()
        yield clips_file(Path(RECEIPT)).name, digests.to_bytes()
        if self._is_avrobustbench:
            yield f"{self.name}.json", listing(notes)
        else:
            yield MANIFEST, self._rendered(journal).to_bytes()

    def receipt(self, journal: Journal) -> RenderReceipt:
        """The receipt of what the journal holds."""
        notes = [ClipNote.of(note) for note in journal.notes]
        return RenderReceipt.of(
            self.name, self.condition, self.source, self.options, notes, journal.failures
        )

    def _rendered(self, journal: Journal) -> Manifest:
        shape = reduce(or_, journal.shapes)
        return Manifest(
            self.name,
            sum(shard.clips for shard in journal.shards),
            journal.shards,
            *shape.parts(self._audio_format, self.options.frame_format),
            self.manifest.classes,
            self.manifest.task,
        )


def _cause(error: DataError, key: str, file: str) -> str:
    """What is wrong, without the clip's name and the shard's path before it."""
    before, _, _ = str(error).partition(file)
    ours = before.startswith(f"clip {key!r} in shard ")
    return strip_subject(error, before + file) if ours else str(error)
