"""Files that are whole or not at all, whatever happens to those who write them."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from avrb_wds.atomic import TEMP_PATTERN, atomic_file, make_folder, write_atomic
from avrb_wds.errors import DataError

NAMELESS = "import os\n"
NAMED = NAMELESS + "if hasattr(os, 'O_TMPFILE'): del os.O_TMPFILE\n"  # as on other systems
WRITER = (
    "import sys, pathlib\nfrom avrb_wds.atomic import atomic_file\n"
    "path = pathlib.Path(sys.argv[1])\n"
)


def run(code: str, path: Path, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, str(path), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("system", [NAMELESS, NAMED], ids=["nameless", "named"])
@pytest.mark.parametrize("old", [None, b"old"], ids=["new", "replaced"])
def test_there_once_the_block_is_through(system: str, old: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "a"
    if old is not None:
        path.write_bytes(old)
    code = system + WRITER + (
        "os.umask(0o027)\n"
        "with atomic_file(path) as file:\n"
        "    file.write(b'new'), file.seek(0)\n"
        "    print(file.read(), path.exists() and path.read_bytes())\n"
    )  # fmt: skip
    seen, errors = run(code, path).communicate()
    assert (seen, errors) == (f"b'new' {old or False}\n", "")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def _fail(path: Path, error: type[BaseException]) -> None:
    with atomic_file(path) as file:
        file.write(b"half")
        raise error


@pytest.mark.parametrize("old", [None, b"old"], ids=["new", "replaced"])
def test_an_error_leaves_all_as_it_was(old: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "a"
    if old is not None:
        path.write_bytes(old)
    before = [(p, p.read_bytes()) for p in tmp_path.iterdir()]
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            _fail(path, error)
    assert [(p, p.read_bytes()) for p in tmp_path.iterdir()] == before


@pytest.mark.parametrize(
    ("system", "left"),
    [
        pytest.param(
            NAMELESS, [], marks=pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="Linux's")
        ),
        (NAMED, [TEMP_PATTERN]),
    ],
    ids=["nameless", "named"],
)
def test_a_kill_leaves_the_old_file(system: str, left: list[str], tmp_path: Path) -> None:
    (path := tmp_path / "a").write_bytes(b"old")
    code = system + WRITER + (
        "with atomic_file(path) as file:\n"
        "    file.write(bytes(1 << 20)), file.flush(), print('half', flush=True)\n"
        "    sys.stdin.read()\n"
    )  # fmt: skip
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    others = [p for p in tmp_path.iterdir() if p != path]
    assert len(others) == len(left)
    assert all(p.match(pattern) for p, pattern in zip(others, left, strict=True))


@pytest.mark.parametrize("system", [NAMELESS, NAMED], ids=["nameless", "named"])
def test_a_full_disk_is_one_sentence(system: str, tmp_path: Path) -> None:
    (path := tmp_path / "a").write_bytes(b"old")
    code = system + WRITER + (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "from avrb_wds.atomic import write_atomic\n"
        "write_atomic(path, bytes(6000))\n"
    )  # fmt: skip
    _, errors = run(code, path).communicate()
    last = errors.splitlines()[-1]
    assert last == f"avrb_wds.errors.DataError: {path} cannot be written: File too large."
    assert (list(tmp_path.iterdir()), path.read_bytes()) == ([path], b"old")


@pytest.mark.parametrize("system", [NAMELESS, NAMED], ids=["nameless", "named"])
def test_of_writers_at_once_one_wins_and_nobody_sees_half(system: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    code = system + WRITER + (
        "for _ in range(30):\n"
        "    with atomic_file(path) as file:\n"
        "        for _ in range(50): file.write(sys.argv[2].encode() * 1000)\n"
    )  # fmt: skip
    writers = [run(code, path, letter) for letter in "abc"]
    seen: set[bytes] = set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            seen.add(path.read_bytes())
    assert [writer.communicate()[1] for writer in writers] == ["", "", ""]
    assert seen
    assert seen <= {letter * 50_000 for letter in (b"a", b"b", b"c")}
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_as_long_as_names_can_be(tmp_path: Path) -> None:
    for _ in range(2):
        path = write_atomic(tmp_path / ("n" * 255), b"a")
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(DataError, match="cannot be written: File name too long"):
        write_atomic(tmp_path / ("n" * 256), b"a")


def test_what_is_no_file_is_left(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    (tmp_path / "folder").mkdir()
    before = {path: path.lstat() for path in tmp_path.iterdir()}
    for path in before:
        with pytest.raises(DataError, match=r"cannot be written: it exists and is not a file\.$"):
            write_atomic(path, b"a")
    assert {path: path.lstat() for path in tmp_path.iterdir()} == before


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no/a cannot be written: No such file or directory\.$"):
        write_atomic(tmp_path / "no/a", b"a")


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    root = tmp_path / "out"
    with pytest.raises(DataError, match=r"a/b cannot be written: No such file or directory\.$"):
        make_folder(root / "a" / "b", below=root)
    make_folder(root, below=root)
    assert not root.exists()
    root.mkdir()
    make_folder(root / "a" / "b", below=root)
    make_folder(root / "a" / "b", below=root)
    assert (root / "a" / "b").is_dir()
