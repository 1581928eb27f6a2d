"""What a run goes on from: the journal of shards, the notes of rendered clips, settings."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from random import Random

from avrb_wds.building.clip_shape import ClipShape
from avrb_wds.building.journal import FORMAT, ClipFailure, Journal, JournalEntry
from avrb_wds.building.log import DIGITS, START, seal_line, split_line
from avrb_wds.media.folder import SETTINGS, hold_folder
from avrb_wds.rendering.render_clip import ClipNote
from avrb_wds.shards import ShardEntry
from avrb_wds.shards.json_io import dumps
from avrb_wds.shards.locate import JOURNAL

from ..jsons import mutate_json
from ..mutators import mutate_bytes
from ..target import Target, written

JOB = {"name": "t", "clips": 9, "versions": "a 1, b 2"}
SEALED = {"corruption": "rain", "seed": 0, "duration": None}
NOTE = ClipNote("k", "k", ("dog",), "0" * 64, "1" * 64, 3, 10, 2, 99, "2" * 64)


def steps() -> list[JournalEntry]:
    """A shard with a clip that failed, one with notes, and clips that failed after the last."""
    shard = ShardEntry("t-000000.tar", 10240, 3, "a" * 64, "t-000000.index.jsonl", "b" * 64)
    layout, failure = (
        ClipShape(2, None, 32, 16_000, 1, 800),
        ClipFailure("v", "é.mp4", "it is empty."),
    )
    return [
        JournalEntry(4, (failure,), shard, layout),
        JournalEntry(8, (), None, layout, (NOTE.to_text(),)),
        JournalEntry(9, (failure,), None, None),
    ]


def sealed(objects: list[bytes]) -> bytes:
    """The lines that hold these objects, with the checksums that they should have."""
    lines, check = [], ""
    for bare in objects:
        lines.append(seal_line(bare, check))
        check = lines[-1][len(START) : len(START) + DIGITS].decode()
    return b"".join(lines)


def journals() -> list[bytes]:
    """Of some steps, of none, and not yet begun."""
    first = dumps({"format": FORMAT, "job": JOB})
    return [sealed([first, *(dumps(asdict(step)) for step in steps())]), sealed([first]), b""]


def mutate_sealed(rng: Random, data: bytes) -> bytes:
    """A change of bytes, which the checksums tell; or of an object, with checksums made to fit."""
    objects = [split_line(line) for line in data.splitlines()]
    if not objects or rng.random() < 0.3:
        return mutate_bytes(rng, data)
    at = rng.randrange(len(objects))
    objects[at] = mutate_json(rng, objects[at])
    return sealed(objects)


def put(data: bytes, name: str) -> Path:
    """A folder of its own that holds `data` under this name."""
    folder = written(b"", "beside").with_name(f"of {name}")
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder


def read_journal(data: bytes) -> list[JournalEntry]:
    """The steps of a run that goes on."""
    journal = Journal.start(put(data, JOURNAL), JOB, 9, resume=True)
    journal.close()
    return journal.steps


def right_steps(data: bytes, found: list[JournalEntry]) -> None:
    """Numbers of clips that can be gone on from, and what a manifest and a receipt are made of."""
    done = [step.done for step in found]
    assert done == sorted(set(done))
    assert all(0 < number <= 9 for number in done)
    for step in found:
        assert step.shard is None or Path(step.shard.file).name == step.shard.file


def notes() -> list[bytes]:
    """Of one clip."""
    return [NOTE.to_text().encode()]


def read_settings(data: bytes) -> None:
    """A run that goes on."""
    with hold_folder(put(data, SETTINGS), SEALED, resume=True):
        pass


def settings() -> list[bytes]:
    """Noted, and not yet."""
    return [sealed([dumps(SEALED)]), b""]


TARGETS = (
    Target("journal", journals, mutate_sealed, read_journal, right_steps),
    Target(
        "rendered note",
        notes,
        mutate_json,
        lambda data: ClipNote.of(data.decode(errors="surrogateescape")),
    ),
    Target("settings", settings, mutate_sealed, read_settings),
)
