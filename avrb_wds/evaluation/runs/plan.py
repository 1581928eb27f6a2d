"""The plan of a run, which its first rank writes and all ranks and resumptions follow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from ...atomic import TEMP_PATTERN, make_folder, write_new
from ...condition import Condition
from ...errors import DataError, UsageError
from ...paths import read_file
from ...receipts.clip_digests import escape_tsv, unescape_tsv
from ...receipts.receipt import NOT_INSTALLED, Receipt
from ...reports.parsing import check_conditions
from ...reports.report import Task
from ...shards.json_io import check_format, dumps, from_json, loads
from .predictions import FOLDER, is_rank_file

PLAN_FILE, KEYS_FILE = "run.json", "clips.txt"
FORMAT = "avrb-run/2"
Versions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RunPlan:
    """The model's name, the data it gets, and the meaning of its scores."""

    model: str
    task: Task
    classes: int
    conditions: tuple[Condition, ...]
    receipt: Receipt

    def to_bytes(self) -> bytes:
        """The plan as canonical JSON."""
        return dumps(
            {
                "format": FORMAT,
                "model": self.model,
                "task": self.task,
                "classes": self.classes,
                "conditions": [str(condition) for condition in self.conditions],
                "receipt": self.receipt.to_json(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> RunPlan:
        """Read a plan; raise DataError, naming `where`, if `data` is not one."""
        value = loads(data, where)
        check_format(value, where, FORMAT)
        plan = from_json(cls, value, where, other=("format",))
        check_conditions(plan.conditions, where)
        if not plan.receipt.batch_size:
            raise DataError(f"{where}: receipt: 'batch_size' is 0.")
        return plan

    @cached_property
    def digest(self) -> bytes:
        """16 bytes that identify the plan."""
        return hashlib.sha256(self.to_bytes()).digest()[:16]


def start_or_resume(folder: Path, plan: RunPlan, keys: Sequence[str]) -> None:
    """Write the plan and the keys of all clips, or check that the folder has the same ones.

    Raises UsageError, naming the difference, if the folder holds another run. Raises DataError if
    the files cannot be written.
    """
    make_folder(folder)
    if not (folder / PLAN_FILE).exists():
        lines = "".join(f"{escape_tsv(key)}\n" for key in keys)
        # If several processes start at once, the first file stays and all of them use it.
        write_new(folder / KEYS_FILE, lines.encode(errors="surrogateescape"))
        write_new(folder / PLAN_FILE, plan.to_bytes())
    there = read_plan(folder)
    if there.digest != plan.digest:
        name, old, new = next(_differences(there, plan))
        raise UsageError(
            f"{folder} holds a run whose {name} is {old}, not {new}; "
            f"give another folder, or repeat that run to finish it."
        )
    if read_keys(folder) != list(keys):
        raise UsageError(f"{folder} holds a run over other clips; give another folder.")


def _differences(there: RunPlan, here: RunPlan) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each field that differs, and its value in each plan."""
    old, new = ({**asdict(plan), **asdict(plan.receipt)} for plan in (there, here))
    for name in old:
        if name == "versions":
            yield from _other_versions(there.receipt.versions, here.receipt.versions)
        elif name == "conditions" and there.conditions != here.conditions:
            names = [", ".join(map(str, plan.conditions)) for plan in (there, here)]
            yield name, names[0], names[1]
        elif name not in ("receipt", "conditions") and old[name] != new[name]:
            yield name.replace("_", " "), repr(old[name]), repr(new[name])


def _other_versions(old: Versions, new: Versions) -> Iterator[tuple[str, str, str]]:
    """Yield the packages whose versions differ, and the version in each plan."""
    before, now = dict(old), dict(new)
    for name in sorted({**before, **now}):
        if before.get(name) != now.get(name):
            old_version, new_version = (v.get(name, NOT_INSTALLED) for v in (before, now))
            yield f"version of {name}", old_version, new_version


def check_only_run(folder: Path) -> None:
    """Raise UsageError if `folder` has anything but the files of a run without a report."""
    for path in _files(folder):
        if not _is_ours(path, folder):
            raise UsageError(
                f"{folder} holds {path.name!r}, which is not a file of a run; move it away, "
                f"or give another file."
            )


def remove_run(folder: Path) -> None:
    """Remove the files of a run without a report, and the folder if it is then empty."""
    for path in _files(folder):
        if _is_ours(path, folder):
            path.unlink(missing_ok=True)
    for emptied in (folder / FOLDER, folder):
        with suppress(OSError):  # not empty
            emptied.rmdir()


def _files(folder: Path) -> list[Path]:
    """Return the contents of a run's folder and of its folder of predictions."""
    inner = folder / FOLDER
    there = [path for path in folder.glob("*") if path != inner or not path.is_dir()]
    return sorted([*inner.glob("*"), *there])


def _is_ours(path: Path, folder: Path) -> bool:
    """Return whether a run writes a file of this name."""
    if path.is_dir() or path.is_symlink():  # another rank may have removed it
        return False
    if path.parent == folder and path.name in (PLAN_FILE, KEYS_FILE):
        return True
    return path.match(TEMP_PATTERN) or (path.parent != folder and is_rank_file(path.name))


def is_run_folder(folder: Path) -> bool:
    """Return whether a folder contains a run."""
    return (folder / PLAN_FILE).is_file()


def read_plan(folder: Path) -> RunPlan:
    """Read the plan of the run in `folder`; raise DataError if there is none."""
    path = folder / PLAN_FILE
    return RunPlan.from_bytes(read_file(path, remedy="give the folder of a run"), str(path))


def read_keys(folder: Path) -> list[str]:
    """Read the keys of all clips of the run in `folder`, in order."""
    path = folder / KEYS_FILE
    data = read_file(path, remedy="evaluate again in another folder")
    *lines, rest = data.decode(errors="surrogateescape").split("\n")
    keys = [unescape_tsv(line) for line in lines]
    if rest or len(set(keys)) < len(keys):
        what = "is cut off" if rest else "has a key twice"
        raise DataError(f"{path} {what}; evaluate again in another folder.")
    return keys
