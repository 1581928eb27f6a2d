"""What counts as a source: folders, CSVs of labels, class lists, JSONs and clip lists of others."""

import json
import os
from pathlib import Path

import pytest

from avrb_wds.errors import AvrbError, DataError, UsageError
from avrb_wds.packing import SourceOptions, create_json
from avrb_wds.packing.class_list import read_class_list
from avrb_wds.packing.sources.base import FrameColumns, FrameFolder, VideoFile
from avrb_wds.packing.sources.labels import read_label_table
from avrb_wds.packing.sources.open import open_source


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def opened(path: Path, **options: object) -> list[tuple[str, tuple[str, ...], object]]:
    source, labelling = open_source(path, SourceOptions(**options))
    return [(clip.video_id, clip.labels, labelling.target(clip.labels)) for clip in source.clips]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_from_parent_folders(tmp_path) -> None:
    touch(tmp_path, "dog/b.1.mp4", "cat/a.MKV", "x/dog/c.webm", "dog/notes.txt")
    table = [("a", ("cat",), 0), ("b.1", ("dog",), 1), ("c", ("dog",), 1)]
    assert opened(tmp_path) == opened(tmp_path, labels="parent") == table
    assert opened(tmp_path, labels="none") == [("a", (), None), ("b.1", (), None), ("c", (), None)]
    assert opened(tmp_path, ids="path")[2][0] == "x/dog/c"
    touch(tmp_path, "loose.avi")
    assert opened(tmp_path)[-1] == ("c", (), None)
    with pytest.raises(UsageError, match=r"'loose\.avi' lies in .* itself"):
        opened(tmp_path, labels="parent")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("file,label\na.mp4,\"x, y\"\nb.mp4,z\n", [("a.mp4", ("x, y",)), ("b.mp4", ("z",))]),
        ("\ufeffVideo_ID, Labels\na,\"x, y\"\nb,\n", [("a", ("x", "y")), ("b", ())]),
        ("label,split,id\nx,test,a\n", [("a", ("x",))]),
        ("a,x\nb,y\n", [("a", ("x",)), ("b", ("y",))]),
        ("---g-f_I2yQ,1,people marching,test\n", [("---g-f_I2yQ_000001", ("people marching",))]),
        (
            '# Segments csv\n# YTID, start_seconds, end_seconds, positive_labels\n'
            'BkjpjAohg-0, 30.000, 40.000, "/m/04rlf,/m/07pjwq1"\n',
            [("BkjpjAohg-0", ("/m/04rlf", "/m/07pjwq1"))],
        ),
    ],
)  # fmt: skip
def test_forms_of_a_label_csv(tmp_path, text, rows) -> None:
    assert read_label_table(written(tmp_path / "l.csv", text), {}) == rows


@pytest.mark.parametrize("text", ["\na\n", "file,label\na\n", "\na,b,c\n", "file,kind\na,b\n"])
def test_other_forms_are_refused(tmp_path, text) -> None:
    with pytest.raises(UsageError, match=r"l\.csv, line 2: .* is not a row of labels"):
        read_label_table(written(tmp_path / "l.csv", text), {})


def test_a_csv_says_which_videos_and_in_what_order(tmp_path) -> None:
    videos = touch(tmp_path / "v", "p/a.mp4", "q/b.mkv", "c.mp4")
    table = written(tmp_path / "l.csv", "file,label\nb,y\np/a.mp4,x\nd,x\n")
    source, labelling = open_source(videos, SourceOptions(labels=str(table)))
    assert [(clip.video_id, clip.source) for clip in source.clips] == [
        ("b", "q/b.mkv"), ("a", "p/a.mp4"), ("d", "d.mp4"),
    ]  # fmt: skip
    assert (source.left_out, labelling.classes.names, labelling.task) == (
        1,
        ("x", "y"),
        "single-label",
    )


def test_class_lists(tmp_path) -> None:
    audioset = written(
        tmp_path / "a.csv", 'index,mid,display_name\n1,/m/b,"Bark, howl"\n0,/m/a,Ant\n'
    )
    listed = read_class_list(audioset)
    assert listed.names == ("Ant", "Bark, howl")
    assert listed.numbers == {"/m/a": 0, "Ant": 0, "/m/b": 1, "Bark, howl": 1}
    lines = read_class_list(written(tmp_path / "l.txt", "bark, howl\n\nant\n"))
    assert lines.names == ("bark, howl", "ant")
    for text, fault in (("", "is empty"), ("ant\nant\n", "names a class twice: 'ant'")):
        with pytest.raises(UsageError, match=fault):
            read_class_list(written(tmp_path / "w.txt", text))
    for text in ("index,display_name\nx,ant\n", "index,display_name\n0\n"):
        with pytest.raises(UsageError, match="has a row without a number or a name, line 2; give"):
            read_class_list(written(tmp_path / "w.csv", text))
    with pytest.raises(UsageError, match=r"none\.txt does not exist; give a class list"):
        read_class_list(tmp_path / "none.txt")


def test_class_lists_number_the_labels(tmp_path) -> None:
    entries = [
        {"wav": "w/a.wav", "labels": "bark, howl", "video_id": "a", "video_path": "f"},
        {"wav": "w/b.wav", "labels": "ant", "video_id": "b", "video_path": "f", "more": 1},
    ]
    path = written(tmp_path / "e.json", json.dumps({"data": entries}))
    lines = written(tmp_path / "l.txt", "wasp\nant\nbark, howl\n")
    assert opened(path, classes=lines) == [("a", ("bark, howl",), 2), ("b", ("ant",), 1)]
    assert opened(path) == [("a", ("bark", "howl"), (1, 2)), ("b", ("ant",), (0,))]
    with pytest.raises(DataError, match=r"label 'ant' of w/b\.wav is not in the class list"):
        opened(path, classes=written(tmp_path / "m.txt", "bark, howl\n"))


def test_avrobustbench_json(media) -> None:
    path = media / "media/avrobustbench/eval.json"
    source, labelling = open_source(path, SourceOptions())
    (clip,) = source.clips
    assert clip.frames == FrameColumns(path.parent / "eval_frames", "BkjpjAohg-0")
    assert (clip.source, clip.audio.is_file()) == ("eval_audio/BkjpjAohg-0.wav", True)
    assert (source.name, labelling.task) == ("eval", "multi-label")
    audioset = media / "media/class_labels_indices_audioset.csv"
    assert opened(path, classes=audioset)[0][2] == (130, 137, 242, 245)  # Buzz, Music, Dubstep, EDM


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "is not JSON"),
        ("[]", "is not the JSON of AVROBUSTBENCH"),
        ('{"data": []}', "holds no clip"),
        ('{"data": [3]}', "entry 0 is not a JSON object"),
        ('{"data": [{"wav": "a"}]}', "entry 0 lacks 'labels', 'video_id', 'video_path'"),
    ],
)
def test_wrong_json(tmp_path, text, fault) -> None:
    with pytest.raises(DataError, match=fault):
        opened(written(tmp_path / "e.json", text))


def test_json_as_the_released_tool_writes_it(media, tmp_path) -> None:
    folder = media / "media/avrobustbench"
    places = [folder / f"eval_{part}" for part in ("segments", "frames", "audio", "segments.csv")]
    assert create_json(*places, tmp_path / "eval.json") == 1
    (entry,) = json.loads((tmp_path / "eval.json").read_text())["data"]
    assert entry == {
        "wav": os.path.abspath(folder / "eval_audio/BkjpjAohg-0.wav"),
        "labels": "/m/04rlf,/m/07pjwq1,/m/07s72n,/m/08cyft",
        "video_id": "BkjpjAohg-0",
        "video_path": os.path.abspath(folder / "eval_frames"),
    }
    create_json(*places, tmp_path / "relative.json", relative=True)
    (entry,) = json.loads((tmp_path / "relative.json").read_text())["data"]
    assert (tmp_path / entry["wav"]).is_file()
    with pytest.raises(DataError, match=r"'x\.mp4' has no row in"):
        create_json(touch(tmp_path / "v", "x.mp4"), *places[1:], tmp_path / "x.json")


def test_clip_lists_of_tian_and_xu(media, tmp_path) -> None:
    listed = media / "media/tian2021/test_AVE.csv"
    frames = touch(
        tmp_path, "Church_bell/EsfJpLbBeb4.mp4/000001.jpg", "Church_bell/hOuyJFqb4JM/1.jpg"
    )
    options = SourceOptions(audio_root=tmp_path / "a", frames_root=frames)
    source, labelling = open_source(listed, options)
    first, second, third = source.clips[:3]
    assert (len(source.clips), len(labelling.classes.names)) == (402, 28)
    assert (first.video_id, first.labels) == ("EsfJpLbBeb4", ("Church_bell",))
    assert first.audio == tmp_path / "a/Church_bell/EsfJpLbBeb4.wav"
    assert first.frames == FrameFolder(tmp_path / "Church_bell/EsfJpLbBeb4.mp4", 8.0)
    assert second.frames == FrameFolder(tmp_path / "Church_bell/hOuyJFqb4JM", 8.0)
    assert third.frames == VideoFile(tmp_path / "Church_bell/XGVkq0Kl2aw.mp4")
    with pytest.raises(UsageError, match="; give an audio root and a frames root"):
        opened(listed)


@pytest.mark.parametrize("line", ["a.wav,a.mp4,3", "/c/../x.wav,/c/x.mp4,3", "/c/a.wav", "a,b,c,d"])
def test_wrong_clip_lists(tmp_path, line) -> None:
    path = written(tmp_path / "l.csv", f"/c/a.wav,/c/a.mp4,82\n{line}\n")
    with pytest.raises(UsageError, match=r"l\.csv, line 2: "):
        opened(path, audio_root=tmp_path, frames_root=tmp_path)


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (("a/x.mp4", "b/x.mkv"), r"id 'x' is that of two clips, a/x\.mp4 and b/x\.mkv; "),
        ((), "holds no clip to pack"),
        (("readme.txt",), "holds no clip to pack"),
    ],
)
def test_wrong_folders(tmp_path, names, fault) -> None:
    with pytest.raises(DataError, match=fault):
        opened(touch(tmp_path, *names))


def test_other_sources_are_refused(tmp_path) -> None:
    for name, fault in {"none": "does not exist; give", "x.mp4": "is not a source; give"}.items():
        touch(tmp_path, "x.mp4")
        with pytest.raises(AvrbError, match=fault):
            opened(tmp_path / name)
    with pytest.raises(UsageError, match="ids 'name' is not one of"):
        opened(tmp_path, ids="name")
    with pytest.raises(UsageError, match=r"none\.csv does not exist; give a CSV of labels"):
        opened(tmp_path, labels=str(tmp_path / "none.csv"))
