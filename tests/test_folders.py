"""Folders as all commands find files in them: links, faults, hidden files, what is no file."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from avrb_wds.errors import DataError
from avrb_wds.folders import list_folder

VIDEO = frozenset((".mp4",))


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def test_files_are_in_the_order_of_their_paths(tmp_path: Path) -> None:
    names = (
        "b/a.mp4",
        "a.MP4",
        "a/z.mp4",
        "a-b/c.mp4",
        "Z.mp4",
        "é/犬.mp4",
        "b/c/d.mp4",
        "a 1.mp4",
    )
    listed = list_folder(touch(tmp_path, *names, "notes.txt", "b/x"), VIDEO)
    assert listed.files == tuple(sorted(names))
    assert (listed.faults, listed.others, bool(listed.passed_over)) == ((), 2, False)
    flat = list_folder(tmp_path, VIDEO, recursive=False)
    assert flat.files == ("Z.mp4", "a 1.mp4", "a.MP4")


def test_linked_folders_are_followed(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", "b.mp4", "deep/c.mp4")
    root = touch(tmp_path / "videos", "dog/d.mp4")
    link(root / "bird", "../elsewhere")
    link(root / "dog/e.mp4", "../../elsewhere/b.mp4")
    listed = list_folder(root, VIDEO)
    assert listed.files == ("bird/b.mp4", "bird/deep/c.mp4", "dog/d.mp4", "dog/e.mp4")
    link(tmp_path / "link", "videos")
    assert list_folder(tmp_path / "link", VIDEO).files == listed.files


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    root = touch(tmp_path / "videos", "dog/d.mp4", "cat/c.mp4")
    touch(tmp_path, "other/o.mp4")
    for name, target in {
        "dog/self": ".",
        "dog/up": "..",
        "latest": "dog",
        "cat/far": "../../other",
    }.items():
        link(root / name, target)
    link(tmp_path / "other/back", "../videos")
    link(tmp_path / "other/round", "../other")
    listed = list_folder(root, VIDEO)
    assert listed.files == ("cat/c.mp4", "cat/far/o.mp4", "dog/d.mp4")
    assert (listed.faults, listed.passed_over.links) == ((), 5)


def test_two_names_for_a_folder_elsewhere_are_two_folders(tmp_path: Path) -> None:
    touch(tmp_path, "videos/a.mp4", "x/o.mp4")
    link(tmp_path / "videos/one", "../x")
    link(tmp_path / "videos/two", "../x")
    assert list_folder(tmp_path / "videos", VIDEO).files == ("a.mp4", "one/o.mp4", "two/o.mp4")


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    for name, target in {
        "gone.mp4": "/gone/x.mp4",
        "bird": "/gone",
        "ring": "ring",
        "d/e.mp4": "f.mp4",
        ".lock.mp4": "nobody@nowhere",
        ".#a": "nobody",
    }.items():
        link(tmp_path / name, target)
    listed = list_folder(tmp_path, VIDEO)
    assert listed.files == ("a.mp4",)
    assert [fault.path for fault in listed.faults] == ["bird", "d/e.mp4", "gone.mp4", "ring"]
    assert listed.faults[0].cause == "the link cannot be followed: No such file or directory"
    with pytest.raises(DataError, match=r"bird: the link cannot be followed: No such"):
        listed.check(tmp_path)
    flat = list_folder(tmp_path, VIDEO, recursive=False)  # where folders are no matter
    assert [fault.path for fault in flat.faults] == ["gone.mp4"]


def test_hidden_names_are_passed_over_and_counted(tmp_path: Path) -> None:
    root = tmp_path / ".data"  # hidden itself: it was asked for
    touch(root, "a/x.mp4", "a/._x.mp4", ".Trash/old.mp4", ".git/objects/1", ".DS_Store", "a/.y.mp4")
    listed = list_folder(root, VIDEO)
    assert listed.files == ("a/x.mp4",)
    assert str(listed.passed_over) == "4 hidden file(s) or folder(s)"


def test_a_link_into_a_hidden_folder_is_followed(tmp_path: Path) -> None:
    touch(tmp_path, ".store/dog/d.mp4")
    link(tmp_path / "dog", ".store/dog")
    assert list_folder(tmp_path, VIDEO).files == ("dog/d.mp4",)


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    os.mkfifo(tmp_path / "f.mp4")
    os.mkfifo(tmp_path / "f")
    link(tmp_path / "zero.mp4", "/dev/zero")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "s.mp4"))
        listed = list_folder(tmp_path, VIDEO)
    assert (listed.files, listed.faults, listed.passed_over.special) == (("a.mp4",), (), 3)


AS_NOBODY = """
import json, os, sys
sys.path.insert(0, {here!r})
from avrb_wds.folders import list_folder
from avrb_wds.paths import check_folder
from pathlib import Path
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
listed = list_folder(Path({root!r}), {{".mp4"}})
print(json.dumps([listed.files, [[f.path, f.cause] for f in listed.faults]]))
for path in (Path({root!r}, "closed"), Path({root!r}, "closed/in")):
    try:
        check_folder(path, "videos")
        list_folder(path, {{".mp4"}})
    except Exception as error:
        print(type(error).__name__, error)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may look into; those of pytest are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def test_folders_that_may_not_be_read_are_named(open_folder: Path) -> None:
    touch(open_folder, "a.mp4", "closed/b.mp4", "closed/in/c.mp4", "other/d.mp4")
    (open_folder / "closed").chmod(0)
    code = AS_NOBODY.format(here=str(Path(__file__).parents[1]), root=str(open_folder))
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    finally:
        (open_folder / "closed").chmod(0o755)
    assert not done.stderr, done.stderr
    first, itself, within = done.stdout.splitlines()
    assert json.loads(first) == [
        ["a.mp4", "other/d.mp4"],
        [["closed", "the folder cannot be read: Permission denied"]],
    ]
    assert itself == f"DataError {open_folder}/closed cannot be read: Permission denied."
    assert within == f"DataError {open_folder}/closed/in cannot be opened: Permission denied."
