"""Files that one process at a time holds."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from avrb_wds.errors import DataError, UsageError
from avrb_wds.locks import HeldFile, is_held, locked

IN_USE = r"/o is in use by another run; let it end, or give another folder\.$"
HOLDER = """
import sys, pathlib, subprocess
from avrb_wds.locks import HeldFile
held = HeldFile(pathlib.Path(sys.argv[1]), "f")
if sys.argv[2:]:  # what it starts outlives it
    code = "import sys; sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=0, stdout=subprocess.DEVNULL)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "o"


@pytest.fixture(params=[(), ("child",)], ids=["alone", "with a child"])
def holder(folder: Path, request) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that holds the file; what it has started lives on after it."""
    command = [sys.executable, "-c", HOLDER, str(folder), *request.param]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process


def test_a_process_holds_it_while_it_lives(folder: Path, holder) -> None:
    for number in (signal.SIGCONT, signal.SIGSTOP):
        holder.send_signal(number)
        with pytest.raises(UsageError, match=IN_USE):
            HeldFile(folder, "f")
        assert is_held(folder / "f")
    holder.kill()
    holder.wait()
    HeldFile(folder, "f").close()
    assert not is_held(folder / "f")


def test_nobody_else_in_this_process(folder: Path) -> None:
    with HeldFile(folder, "f") as held:
        assert (held.made, held.made_folder) == (True, True)
        held.append(b"a")
        with pytest.raises(UsageError, match=IN_USE):
            HeldFile(folder, "f")
        (folder / "f").read_bytes()  # to read and close it does not end a lock
        with pytest.raises(UsageError, match=IN_USE):
            HeldFile(folder, "f")
    with HeldFile(folder, "f") as held:
        assert (held.made, held.made_folder, held.read()) == (False, False, b"a")


@pytest.mark.parametrize("runs", [True, False], ids=["that runs", "that has only begun"])
def test_a_fork_holds_nothing(folder: Path, runs: bool) -> None:
    held = HeldFile(folder, "f")
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=_answer_once, args=(there,))
    process.start()
    try:
        if runs:
            assert here.recv() == "runs"
        held.close()
        HeldFile(folder, "f").close()
    finally:
        here.send("end")
        process.join()
    assert process.exitcode == 0


def _answer_once(pipe: Connection) -> None:
    pipe.send("runs")
    pipe.recv()


def test_a_fork_does_not_end_what_its_parent_holds(folder: Path) -> None:
    with HeldFile(folder, "f"):
        process = multiprocessing.get_context("fork").Process(target=int)
        process.start()
        process.join()
        assert process.exitcode == 0
        assert is_held(folder / "f")


@pytest.mark.parametrize("how", ["removed", "replaced", "moved", "its file removed", "copied"])
def test_a_folder_that_is_another_is_noticed(folder: Path, how: str) -> None:
    with HeldFile(folder, "f") as held:
        held.check()
        if how == "its file removed":
            (folder / "f").unlink()
        elif how == "removed":
            shutil.rmtree(folder)
        else:
            folder.rename(folder.with_name("p"))
        if how == "replaced":
            folder.mkdir()
        if how == "copied":
            shutil.copytree(folder.with_name("p"), folder)
        with pytest.raises(DataError, match=r"/o was removed or replaced while it was being wr"):
            held.check()
        held.remove()
    assert (folder / "f").exists() == (how == "copied")
    assert (folder.with_name("p") / "f").exists() == (how in ("replaced", "moved", "copied"))


def test_only_what_was_made_is_removed(folder: Path) -> None:
    HeldFile(folder, "f").remove()
    assert not folder.exists()
    folder.mkdir()
    HeldFile(folder, "f").remove()
    assert list(folder.iterdir()) == []
    folder.rmdir()
    held = HeldFile(folder, "f")
    (folder / "mine").touch()
    held.remove()
    assert [path.name for path in folder.iterdir()] == ["mine"]


def test_what_is_no_file_is_left(folder: Path) -> None:
    folder.mkdir()
    os.mkfifo(folder / "f")
    with pytest.raises(OSError, match="is not a file"):
        HeldFile(folder, "f")
    with pytest.raises(NotADirectoryError):
        HeldFile(Path("/dev/null/o"), "f")


def test_waiting_finds_what_is_there_then(tmp_path: Path) -> None:
    (path := tmp_path / "f").touch()
    with locked(path) as there:
        assert there
        assert is_held(path)
    path.unlink()
    with locked(path) as there:
        assert not there
