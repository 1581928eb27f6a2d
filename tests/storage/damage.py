"""Shards damaged in every way we could think of, and what `verify_shards` says of each.

    python tests/storage/damage.py --write     # after a change that is meant to change findings

tests/data/findings.json has them by damage and layout: of local files; deep, of local files; deep,
over http.  The later ones are left out where they are those of the one before.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from faultserver import FaultServer, fault_server
from helpers.shards import clips, members, write_shards

from avrb_wds.errors import DataError
from avrb_wds.shards import ShardIndex, verify_shards
from avrb_wds.shards.tar_headers import BLOCK, padded

FILE = Path(__file__).parents[1] / "data" / "findings.json"
LAYOUTS = ("manifest", "index", "tar")
"""Which of the files beside the tars are there: all, the indexes, none."""

TAR, INDEX = "t-000000.tar", "t-000000.index.jsonl"
DECODER = re.compile("(cannot be decoded:).*")  # what a library says, of whatever version
Damage = Callable[[Path], object]


def clean(folder: Path) -> Path:
    """Two shards of four clips and two."""
    return write_shards(folder, clips(6))


def findings(folder: Path, layout: str, server: FaultServer | None, deep: bool) -> list[str]:
    """What `verify_shards` says, one a line, without the folder; the error where it raises one."""
    names = sorted(path.name for path in folder.iterdir())
    kept = [name for name in names if layout == "manifest" or name.endswith(".tar")]
    kept += [name for name in names if layout == "index" and name.endswith(".jsonl")]
    for name in set(names) - set(kept):
        (folder / name).unlink()
    where = str(folder)
    if server is not None:
        where = f"{server.url}/t"
        server.objects = {f"/t/{name}": (folder / name).read_bytes() for name in kept}
    tars = [f"{where}/{name}" for name in sorted(kept) if name.endswith(".tar")]
    try:
        faults = verify_shards(where if layout == "manifest" else tars, deep=deep)
    except DataError as error:
        return [f"raises: {error}".replace(f"{where}/", "")]
    told = [str(fault).replace(f"{where}/", "") for fault in faults]
    return [DECODER.sub(r"\1 ...", line) for line in told]


def change(folder: Path, name: str, at: int, data: bytes) -> None:
    """Put `data` into a file from byte `at` on."""
    with open(folder / name, "r+b") as file:
        file.seek(at)
        file.write(data)


def flip(folder: Path, name: str, at: int) -> None:
    change(folder, name, at, bytes([(folder / name).read_bytes()[at] ^ 0x10]))


def cut(folder: Path, at: int) -> None:
    with open(folder / TAR, "r+b") as file:
        file.truncate(at)


def place(folder: Path, clip: int) -> tuple[int, int]:
    """The first byte of a clip, and the first one after it."""
    entry = ShardIndex.read(folder / INDEX)[clip]
    return entry.offset, entry.offset + entry.length


def lines(folder: Path, changed: Callable[[list[list[object]]], list[list[object]]]) -> None:
    """Write the index again."""
    entries = [json.loads(line) for line in (folder / INDEX).read_text().splitlines()]
    text = "".join(json.dumps(entry) + "\n" for entry in changed(entries))
    (folder / INDEX).write_text(text)


def manifest(folder: Path, **changes: object) -> None:
    """Let the manifest say something else of the first shard."""
    path = folder / "manifest.json"
    value = json.loads(path.read_text())
    value["shards"][0] |= changes
    path.write_text(json.dumps(value))


Member = tuple[str, bytes]


def rewritten(
    change: Callable[[list[Member]], list[Member]], form: int = tarfile.USTAR_FORMAT
) -> Damage:
    """The first tar with other members; a name that ends in a slash is a folder."""

    def damage(folder: Path) -> None:
        held = [
            (f"{clip.key}.{name}", data)
            for clip in clips(4)
            for name, data in members(clip).items()
        ]
        with tarfile.open(folder / TAR, "w", format=form) as tar:
            for name, data in change(held):
                info = tarfile.TarInfo(name.rstrip("/"))
                info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))

    return damage


def swapped(held: list[Member], one: int, other: int) -> list[Member]:
    held[one], held[other] = held[other], held[one]
    return held


def overlapping(entries: list[list[object]]) -> list[list[object]]:
    """Clips that begin within others, reach past the end or lie beyond it, or are far too long."""
    key, offset, length, checksum = entries[1]
    assert isinstance(offset, int)
    assert isinstance(length, int)
    return [
        entries[2],
        entries[0],
        [key, offset, length - BLOCK, checksum],
        ["within", offset + BLOCK, BLOCK, ""],
        ["same", offset, length, checksum],
        ["over", 0, offset + length, ""],
        ["past", offset, 1 << 30, ""],
        ["beyond", 1 << 40, BLOCK, ""],
        ["long", offset, 5 << 30, ""],
        entries[3],
    ]


def bomb(kind: bytes, size: int) -> Damage:
    """A header that announces `size` bytes, in the place of the third clip's first one."""

    def damage(folder: Path) -> None:
        info = tarfile.TarInfo("clip0002.json")
        info.type, info.size = kind, size
        change(folder, TAR, place(folder, 2)[0], info.tobuf(tarfile.GNU_FORMAT))

    return damage


LONG = "d" * 90 + "/"
DAMAGES: dict[str, Damage] = {
    "none": lambda f: None,
    "a byte of a clip flipped": lambda f: flip(f, TAR, place(f, 2)[1] - 600),
    "a byte of a header flipped": lambda f: flip(f, TAR, place(f, 2)[0] + 3),
    "a byte of the first header flipped": lambda f: flip(f, TAR, 3),
    "a byte of a header within a clip flipped": lambda f: flip(
        f, TAR, place(f, 1)[0] + 2 * BLOCK + 3
    ),
    "a byte after the end mark flipped": lambda f: flip(f, TAR, (f / TAR).stat().st_size - 9),
    "zeros in the place of a clip": lambda f: change(
        f, TAR, place(f, 1)[0], bytes(place(f, 1)[1] - place(f, 1)[0])
    ),
    "cut off within a member": lambda f: cut(f, place(f, 2)[0] + 700),
    "cut off within a header": lambda f: cut(f, place(f, 2)[0] + 100),
    "cut off between clips": lambda f: cut(f, place(f, 2)[0]),
    "cut off before the end mark": lambda f: cut(f, place(f, 3)[1]),
    "empty": lambda f: cut(f, 0),
    "no tar at all": lambda f: (f / TAR).write_bytes(b"nothing of a tar, " * 3000),
    "longer": lambda f: (f / TAR).write_bytes((f / TAR).read_bytes() + b"more" * 999),
    "missing": lambda f: (f / TAR).unlink(),
    "another name": lambda f: (f / TAR).rename(f / "u-000000.tar"),
    "another shard in its place": lambda f: (f / TAR).write_bytes(
        (f / "t-000001.tar").read_bytes()
    ),
    "members of a clip swapped": rewritten(lambda held: swapped(held, 4, 5)),
    "members of two clips swapped": rewritten(lambda held: swapped(held, 1, 5)),
    "clips swapped": rewritten(lambda held: [*held[4:8], *held[:4], *held[8:]]),
    "a clip twice": rewritten(lambda held: [*held, *held[4:8]]),
    "a clip twice in a row": rewritten(lambda held: [*held[:8], *held[4:]]),
    "a clip of another shard": rewritten(
        lambda held: [*held, *((n.replace("0001", "0005"), data) for n, data in held[4:8])]
    ),
    "a clip less": rewritten(lambda held: held[4:]),
    "a member less": rewritten(lambda held: [*held[:5], *held[6:]]),
    "a member more": rewritten(lambda held: [*held[:6], ("clip0001.txt", b"text"), *held[6:]]),
    "members without a key": rewritten(
        lambda held: [("README", b"x" * 3000), *held[:6], ("LICENSE", b"y"), *held[6:]]
    ),
    "folders and what begins with __": rewritten(
        lambda held: [("./", b""), ("__meta__.json", b"{}"), *held[:8], ("d/", b""), *held[8:]]
    ),
    "long names, by pax": rewritten(
        lambda held: [(LONG + name, data) for name, data in held], tarfile.PAX_FORMAT
    ),
    "long names, by GNU": rewritten(
        lambda held: [(LONG + name, data) for name, data in held], tarfile.GNU_FORMAT
    ),
    "a name that leads elsewhere": rewritten(lambda held: [*held[:8], ("../a.json", b"{}")]),
    "a link": bomb(tarfile.SYMTYPE, 0),
    "a header that announces a terabyte": bomb(tarfile.XHDTYPE, 1 << 40),
    "a member that announces seven gigabytes": bomb(tarfile.REGTYPE, 7 << 30),
    "no index": lambda f: (f / INDEX).unlink(),
    "a byte of the index flipped": lambda f: flip(f, INDEX, 30),
    "an index that is no JSON": lambda f: change(f, INDEX, 0, b"{"),
    "an index with lines swapped": lambda f: lines(f, lambda e: [e[0], e[2], e[1], e[3]]),
    "an index with a line less": lambda f: lines(f, lambda e: e[:2] + e[3:]),
    "an index with a line twice": lambda f: lines(f, lambda e: [*e[:2], *e[1:]]),
    "an index with other places": lambda f: lines(f, overlapping),
    "an index of nothing": lambda f: (f / INDEX).write_bytes(b""),
    "another size in the manifest": lambda f: manifest(f, bytes=9),
    "another SHA-256 in the manifest": lambda f: manifest(f, sha256="0" * 64),
    "another number of clips in the manifest": lambda f: manifest(f, clips=3),
    "a byte of the manifest flipped": lambda f: flip(f, "manifest.json", 20),
    "a cut off tar without its index": lambda f: (
        cut(f, place(f, 2)[0] + 700), (f / INDEX).unlink(),
    ),
    "a flipped byte without an index": lambda f: (
        flip(f, TAR, place(f, 2)[1] - padded(1)), (f / INDEX).unlink(),
    ),
}  # fmt: skip


def found(server: FaultServer, folder: Path, name: str) -> dict[str, list[str]]:
    """All findings of one damage, as they are in the file."""
    told: dict[str, list[str]] = {}
    for layout in LAYOUTS:
        before: list[str] | None = None
        for way, remote, deep in (
            ("", False, False),
            (" deep", False, True),
            (" http", True, True),
        ):
            made = folder / f"{layout}{way}"
            shutil.copytree(folder / "clean", made)
            DAMAGES[name](made)
            now = findings(made, layout, server if remote else None, deep)
            if now != before:
                told[layout + way] = now
            before = now
    return told


def main() -> None:
    if sys.argv[1:] != ["--write"]:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory() as folder, fault_server() as server:
        every = {}
        for number, name in enumerate(DAMAGES):
            clean(Path(folder) / str(number) / "clean")
            every[name] = found(server, Path(folder) / str(number), name)
    FILE.write_text(json.dumps(every, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
