"""Listing of folders, in one way for everything that reads them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .errors import DataError, reason
from .paths import path_to_text

Identity = tuple[int, int]
"""Device and inode: the same for one folder, whatever the path it is reached by."""

Chain = frozenset[Identity]
"""A folder and all those that it was reached through."""


@dataclass(frozen=True)
class PathFault:
    """A folder that cannot be read, or a broken link, by its path within the root."""

    path: str
    cause: str


@dataclass(frozen=True)
class PassedOver:
    """Counts of what a folder contains and the list does not.

    hidden: names that begin with a dot, ._ files of macOS among them.  links: to folders that are
    listed where they lie, or that lead back.  special: devices, pipes and sockets.
    """

    hidden: int = 0
    links: int = 0
    special: int = 0

    def __bool__(self) -> bool:
        return bool(self.hidden or self.links or self.special)

    def __str__(self) -> str:
        """
        >>> str(PassedOver(hidden=2, special=1))
        '2 hidden file(s) or folder(s), 1 device(s), pipe(s) or socket(s)'
        """
        parts = (
            (self.hidden, "hidden file(s) or folder(s)"),
            (self.links, "link(s) to folders that are listed already"),
            (self.special, "device(s), pipe(s) or socket(s)"),
        )
        return ", ".join(f"{count} {what}" for count, what in parts if count)


NOTHING = PassedOver()


@dataclass(frozen=True)
class FolderFiles:
    """What `list_folder` found.

    files: their paths within the folder, as `path_to_text` has them, in the order of these texts.
    others: how many more files there are, with other suffixes.
    """

    files: tuple[str, ...]
    faults: tuple[PathFault, ...]
    others: int
    passed_over: PassedOver

    def check(self, root: Path) -> None:
        """Raise DataError, naming the first, where anything could not be read."""
        for fault in self.faults[:1]:
            raise DataError(f"{root / fault.path}: {fault.cause}.")


def list_folder(root: Path, suffixes: Collection[str], *, recursive: bool = True) -> FolderFiles:
    """List the files in `root` with one of `suffixes`, and in its folders if `recursive`.

    Links to folders are followed, unless these lie in `root` themselves, where they are listed
    anyhow, or hold the link.  A name that begins with a dot is skipped, with all that is in
    it.  The result depends on neither the file system's order nor the locale.  Raises DataError
    where `root` itself cannot be read.
    """
    walk = _Walk(frozenset(suffixes), recursive)
    walk.run(root)
    return FolderFiles(
        tuple(sorted(walk.files)),
        tuple(sorted(walk.faults, key=lambda fault: fault.path)),
        walk.others,
        PassedOver(walk.hidden, walk.repeated, walk.special),
    )


@dataclass
class _Walk:
    """Its state; in `folders` and `links` (path within the root, path, what it lies in)."""

    suffixes: frozenset[str]
    recursive: bool
    files: list[str] = field(default_factory=list)
    faults: list[PathFault] = field(default_factory=list)
    folders: list[tuple[str, str, Chain]] = field(default_factory=list)
    links: deque[tuple[str, str, Chain]] = field(default_factory=deque)
    own: set[Identity] = field(default_factory=set)
    others: int = 0
    hidden: int = 0
    repeated: int = 0
    special: int = 0

    def run(self, root: Path) -> None:
        """Read what is reached without a link, by which `own` is known, then what links lead to."""
        self.folders.append(("", os.fspath(root), frozenset()))
        while self.folders:
            within, folder, chain = self.folders.pop()
            try:
                here = _identity(folder)
                self.own.add(here)
                self._read(within, folder, chain | {here})
            except OSError as error:
                if not within:
                    raise DataError(f"{root} cannot be read: {reason(error)}.") from error
                self._fault(within, error)
        while self.links:
            self._follow(*self.links.popleft())

    def _follow(self, within: str, folder: str, chain: Chain) -> None:
        """Read a folder that a link leads to, and the folders in it."""
        self.folders.append((within, folder, chain))
        while self.folders:
            within, folder, chain = self.folders.pop()
            try:
                here = _identity(folder)
                if here in chain or here in self.own:
                    self.repeated += 1
                else:
                    self._read(within, folder, chain | {here})
            except OSError as error:
                self._fault(within, error)

    def _read(self, within: str, folder: str, chain: Chain) -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = path_to_text(entry.name)
                self._take(entry, name, f"{within}/{name}" if within else name, chain)

    def _take(self, entry: os.DirEntry[str], name: str, path: str, chain: Chain) -> None:
        known = os.path.splitext(name)[1].lower() in self.suffixes
        try:
            kind = _kind(entry)
        except OSError as error:
            if name.startswith("."):
                self.hidden += known
            elif known or self.recursive:
                self.faults.append(PathFault(path, f"the link cannot be followed: {reason(error)}"))
            return
        if name.startswith("."):
            self.hidden += known or (self.recursive and kind == "folder")
        elif kind == "folder":
            if self.recursive:
                waiting = self.links if entry.is_symlink() else self.folders
                waiting.append((path, entry.path, chain))
            elif known:
                self.faults.append(PathFault(path, "it is a folder"))
        elif not known:
            self.others += kind == "file"
        elif kind == "file":
            self.files.append(path)
        else:
            self.special += 1

    def _fault(self, within: str, error: OSError) -> None:
        self.faults.append(PathFault(within, f"the folder cannot be read: {reason(error)}"))


def _identity(folder: str) -> Identity:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _kind(entry: os.DirEntry[str]) -> Literal["folder", "file", "special"]:
    """What an entry is, or leads to; raises OSError for a broken link."""
    if entry.is_dir():
        return "folder"
    if entry.is_file():
        return "file"
    os.stat(entry.path)
    return "special"
