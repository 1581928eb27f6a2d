"""Lists that people give: CSVs of labels, class lists, clip lists, and what their bytes may be."""

import codecs
import os
import threading
from pathlib import Path

import pytest

from avrb_wds.errors import DataError, UsageError
from avrb_wds.packing import SourceOptions
from avrb_wds.packing.class_list import read_class_list, renumbered, sort_labels
from avrb_wds.packing.sources.csv_rows import read_rows
from avrb_wds.packing.sources.labels import read_label_table
from avrb_wds.packing.sources.open import open_source

TABLE = 'file,label\nÄ.mp4,"x, y"\n\n犬.mp4, z \n'
READ = [("Ä.mp4", ("x, y",)), ("犬.mp4", ("z",))]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("mark", "coding"),
    [
        (b"", "utf-8"), (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)  # fmt: skip
def test_line_ends_and_byte_order_marks(tmp_path: Path, mark, coding, ending) -> None:
    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_bytes(mark + text.replace("\n", ending).encode(coding))
        return path

    assert read_label_table(written("l.csv", TABLE), {}) == READ
    assert read_class_list(written("c.txt", "犬\nÄ\n")).names == ("犬", "Ä")
    assert read_class_list(written("c.csv", "index,mid,display_name\n0,/m/a,犬\n")).numbers == {
        "/m/a": 0, "犬": 0,
    }  # fmt: skip
    listed = written("t.csv", "\n/犬/a.wav,/犬/a.mp4,82\n")
    source, _ = open_source(listed, SourceOptions(audio_root=tmp_path, frames_root=tmp_path))
    assert [clip.labels for clip in source.clips] == [("犬",)]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ("id,label\nä,x\n".encode("latin-1"), "is not in UTF-8"),
        ("id,label\na,x\n".encode("utf-16-le"), "holds a NUL character; give a CSV of labels"),
        (b"id,label\na\0,x\n", "holds a NUL character"),
        (b'id,label\na,"x\nb,y\nc,z\n', "line 2 opens a quote; close it"),
        (b'id,label\na,"x\nb,"y\n', "line 2: a quote spans several lines; close it"),
        (b"id,label\na," + b"x" * 200_000 + b"\n", "field larger than field limit"),
        (b"a,b\nc,1" + b"0" * 5000 + b",x,test\n", "line 2: .* is not a row of labels"),
        (codecs.BOM_UTF16_LE + b"a", "is not in UTF-8"),
    ],
)
def test_what_is_no_csv_of_labels(tmp_path: Path, data: bytes, fault: str) -> None:
    (tmp_path / "l.csv").write_bytes(data)
    with pytest.raises(UsageError, match=fault):
        read_label_table(tmp_path / "l.csv", {})


def test_good_csvs_of_unusual_make(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text(
        'id,caption,label\n12" vinyl,"two\nlines",a\nb,"say ""hi""",x" y\nc,"q"uoted,z'
    )
    assert read_label_table(tmp_path / "l.csv", {}) == [
        ('12" vinyl', ("a",)), ("b", ('x" y',)), ("c", ("z",)),
    ]  # fmt: skip
    (tmp_path / "l.csv").write_text('a,"of\ntwo lines"\n"b\n",y\n')
    assert read_label_table(tmp_path / "l.csv", {}) == [("a", ("of\ntwo lines",)), ("b\n", ("y",))]
    (tmp_path / "l.csv").write_text("a,x\n,\n  ,\nb,\n")
    assert read_label_table(tmp_path / "l.csv", {}) == [("a", ("x",)), ("b", ())]
    assert [line for line, _ in read_rows(tmp_path / "l.csv", "list")] == [1, 4]


def test_a_list_may_come_through_a_pipe_but_from_no_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "l.csv")
    writing = threading.Thread(target=(tmp_path / "l.csv").write_text, args=(TABLE, "utf-8"))
    writing.start()
    assert read_label_table(tmp_path / "l.csv", {}) == READ
    writing.join()
    with pytest.raises(UsageError, match=r"/dev/zero is a device or socket; give a class list"):
        read_class_list(Path("/dev/zero"))
    with pytest.raises(UsageError, match=r"cannot be opened: Is a directory; give a class list"):
        read_class_list(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        ("c.txt", "#1\n# 2\nlabel\n x\x85y \n", ("#1", "# 2", "label", "x\x85y")),
        ("c.csv", "# made by me\n#\nlabel,count\n#1,9\nant,3\n", ("#1", "ant")),
        ("c.csv", "ant\nclass\n", ("ant", "class")),
        ("c.csv", "Index, MID ,Display_Name\n1,/m/b,b\n0,/m/a,a\n", ("a", "b")),
        ("c.csv", '"index","mid","display_name"\n"0","/m/a","a, b"\n', ("a, b",)),
        ("c.txt", "index,mid,display_name\n0,/m/a,a\n", ("a",)),
        ("c.csv", "# AudioSet\nindex,display_name\n#x,,\n0,a,\n", ("a",)),
        ("c.csv", "display_name,index\n#tag,0\n", ("#tag",)),
        ("c.csv", "mid,display_name\n/m/a,z\n/m/b,a\n", ("z", "a")),
        ("c.csv", "index,mid,display_name\n0,a,a\n", ("a",)),
    ],
)
def test_forms_of_a_class_list(tmp_path: Path, name, text, names) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    listed = read_class_list(tmp_path / name)
    assert listed.names == names
    assert [listed.numbers[name] for name in names] == list(range(len(names)))


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("0,a\n2,b", "has 2 classes and no index 1; number them from 0 up without gaps"),
        ("1,a\n2,b", "has 2 classes and no index 0"),
        ("0,a\n0,b", "has index 0 twice, line 3"),
        ("-1,a\n0,b", "has 2 classes and no index 1"),
        ("0,a\n1,a", "names a class twice: 'a'"),
        ("0,a\n1,", "has a class without a name"),
        ("0,a\n1.0,b", "without a number or a name, line 3"),
        ("0,a\n1_0,b", "without a number or a name, line 3"),
        ("0,a\n" + "9" * 5000 + ",b", "without a number or a name, line 3"),
        ("0,bark, howl", "has a row of 3 cells, line 2; put names with commas in quotes"),
        ("", "is empty"),
    ],
)
def test_class_lists_whose_indexes_do_not_count_are_refused(tmp_path, rows, fault) -> None:
    (tmp_path / "c.csv").write_text(f"index,display_name\n{rows}\n")
    with pytest.raises(UsageError, match=fault):
        read_class_list(tmp_path / "c.csv")


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        (["10", "2", "1"], ["1", "2", "10"]),
        (["10", "-1", "0", "-2"], ["-2", "-1", "0", "10"]),
        (["010", "002", "100"], ["002", "010", "100"]),
        (["10.0", "2.0", "2.5"], ["2.0", "2.5", "10.0"]),
        (["10", "9" * 5000, "9"], ["9", "10", "9" * 5000]),
        (["10", "2", "b"], ["10", "2", "b"]),
        (["class10", "class2"], ["class10", "class2"]),
        (["١٠", "٢"], ["١٠", "٢"]),  # noqa: RUF001
        (["1e1", "2"], ["1e1", "2"]),
    ],
)
def test_labels_that_are_numbers_are_in_their_order(labels, order) -> None:
    assert sort_labels(labels) == order


@pytest.mark.parametrize("labels", [("7", "07"), ("1", "1.0"), ("0", "-0")])
def test_a_number_that_is_written_in_two_ways_is_refused(labels) -> None:
    with pytest.raises(DataError, match="are one number; write it in one way, or give a class"):
        sort_labels(labels)
    assert sort_labels([*labels, "x"])  # as text they differ


def test_numbers_that_are_no_class_numbers() -> None:
    assert renumbered(()) is renumbered(("0", "1")) is renumbered(("a", "1")) is None
    assert renumbered(("1", "2")) == ("1", 0)


def opened(folder: Path, text: str):
    for name in "abcde":
        (folder / f"{name}.mp4").touch()
    (folder / "l.csv").write_text(text)
    return open_source(folder, SourceOptions(labels=str(folder / "l.csv")))


def test_a_label_that_lacks_is_found_before_anything_is_packed(tmp_path: Path) -> None:
    fault = (
        r"^a\.mp4, c\.mp4, d\.mp4 and 1 more of 5 clips have no label, and the others have; "
        r"label them, or leave them out\.$"
    )
    for header in ("id,label", "id,labels", ""):
        with pytest.raises(DataError, match=fault):
            opened(tmp_path, f"{header}\na,\nb,x\nc,\nd,\ne,\n")
    _, labelling = opened(tmp_path, "id,label\na,\nb,\n")
    assert labelling.task == "unlabeled"
    source, labelling = opened(tmp_path, 'id,labels\na,\nb,"x,y"\n')
    assert [labelling.target(clip.labels) for clip in source.clips] == [(), (0, 1)]


def test_a_file_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'a\.mp4' is in .* twice; list it once"):
        opened(tmp_path, "id,label\na,x\na.mp4,x\n")


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    for line in ("/c/" + "a" * 300 + ".wav,/c/a.mp4,3", "/c/a.wav,/c/" + "a" * 300 + ".mp4,3"):
        (tmp_path / "t.csv").write_text(line)
        roots = SourceOptions(audio_root=tmp_path, frames_root=tmp_path)
        assert len(open_source(tmp_path / "t.csv", roots)[0].clips) == 1
    for name in ("a\\u0000b", "\\ud800"):
        (tmp_path / "e.json").write_text(
            f'{{"data": [{{"wav": "{name}", "labels": "x", "video_id": "a", "video_path": "f"}}]}}'
        )
        with pytest.raises(DataError, match=r"e\.json: entry 0: "):
            open_source(tmp_path / "e.json", SourceOptions())
