"""Lists that people give to `pack`: CSVs of labels, class lists, clip lists, AVROBUSTBENCH JSON."""

from __future__ import annotations

from pathlib import Path

from avrb_wds.packing import SourceOptions
from avrb_wds.packing.class_list import ClassList, LabelEncoder, read_class_list
from avrb_wds.packing.sources.base import Source, SourceClip, VideoFile
from avrb_wds.packing.sources.labels import Row, read_label_table
from avrb_wds.packing.sources.open import open_source

from ..jsons import mutate_json
from ..mutators import mutate_bytes, mutate_csv, mutate_text, one_of
from ..target import Target, written

TABLES = (
    'file,label\na.mp4,"x, y"\nb.mp4,z\n# left out\n',
    '\ufeffVideo_ID, Labels\na,"x, y"\nb,\n',
    "a,0\nb,1\nc,10\n#d,2\n",
    "---g-f_I2yQ,1,people marching,test\n",
    '# YTID, start_seconds, end_seconds, positive_labels\nBkj, 30.000, 40.000, "/m/04rlf,/m/07p"\n',
)
CLASSES = (
    "dog\nbark, howl\n#cat\n",
    "label,count\nant,3\nbee,4\n",
    'index,mid,display_name\n1,/m/b,"Bark, howl"\n0,/m/a,Ant\n',
)
CLIPS = ("/dog/a.wav,/dog/a.mp4,82\n\n/cat/b.wav,/cat/b.mp4\n",)
LISTED = (
    b'{"data": [{"wav": "a/x.wav", "labels": "/m/a, /m/b", "video_id": "x", "video_path": "f"},'
    b'{"wav": "/y.wav", "labels": "", "video_id": "caf\\u00e9", "video_path": "../f", "more": 1}]}',
)
ROOT = Path("/nonexistent")
mutate_list = one_of(mutate_csv, mutate_csv, mutate_text, mutate_bytes)


def encoded(*texts: str) -> list[bytes]:
    """In UTF-8, and the first as spreadsheets save it."""
    return [*(text.encode() for text in texts), texts[0].encode("utf-16")]


def read_table(data: bytes) -> list[Row]:
    """The table, its labels as classes too."""
    table = read_label_table(written(data, "l.csv"), {"bark, howl": 0})
    clips = [
        SourceClip(name, labels, name, VideoFile(ROOT / name), ROOT / name)
        for name, labels in table
    ]
    labelling = LabelEncoder.of(clips, None)
    for clip in clips:
        labelling.target(clip.labels)
    return table


def is_table(data: bytes, table: list[Row]) -> None:
    """Names can be those of files, and labels are not empty."""
    for name, labels in table:
        assert "\0" not in name.join(labels)
        assert all(labels)


def is_class_list(data: bytes, listed: ClassList) -> None:
    """Every name has its own number, and every number a name."""
    assert [listed.numbers[name] for name in listed.names] == list(range(len(listed.names)))
    assert set(listed.numbers.values()) == set(range(len(listed.names)))


def read_clips(data: bytes) -> Source:
    """The source of a clip list."""
    roots = SourceOptions(audio_root=ROOT, frames_root=ROOT)
    return open_source(written(data, "t.csv"), roots)[0]


def read_listed(data: bytes) -> Source:
    """The source of an AVROBUSTBENCH JSON."""
    return open_source(written(data, "e.json"), SourceOptions())[0]


def is_source(data: bytes, source: Source) -> None:
    """Paths can be asked for."""
    for clip in source.clips:
        assert clip.video_id
        assert "\0" not in str(clip.audio)


TARGETS = (
    Target("label table", lambda: encoded(*TABLES), mutate_list, read_table, is_table),
    Target(
        "class list csv",
        lambda: encoded(*CLASSES),
        mutate_list,
        lambda data: read_class_list(written(data, "c.csv")),
        is_class_list,
    ),
    Target(
        "class list",
        lambda: encoded(*CLASSES),
        mutate_list,
        lambda data: read_class_list(written(data, "c.txt")),
        is_class_list,
    ),
    Target("clip list", lambda: encoded(*CLIPS), mutate_list, read_clips, is_source),
    Target("avrobustbench json", lambda: list(LISTED), mutate_json, read_listed, is_source),
)
