"""A file that is there whole or not at all, and of which a killed process leaves nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["published"]


@contextmanager
def published(path: Path) -> Iterator[BinaryIO]:
    """A new file to write, read and seek in, which appears at `path` once the block is through.

    A file that is there already is replaced then.  Where the system can (Linux), the file has no
    name until then, so that even a killed process leaves nothing behind; elsewhere it has another
    name in the same folder.  Raises OSError as `open` does.
    """
    hidden = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    file = _nameless(path.parent)
    named = file is None
    if file is None:
        file = open(hidden, "x+b")  # noqa: SIM115 - closed below
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not named:
                _give_name(file, hidden)
                named = True
        os.replace(hidden, path)
    except BaseException:
        if named:
            hidden.unlink(missing_ok=True)
        raise


def _nameless(folder: Path) -> BinaryIO | None:
    """An open file of no name in `folder`; None where the system or the disk has no such thing."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.fdopen(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666), "w+b")
    except OSError:
        return None


def _give_name(file: BinaryIO, path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # With a folder given Python follows the link in /proc, which it would name otherwise.
        os.link(f"/proc/self/fd/{file.fileno()}", path.name, dst_dir_fd=folder)
    finally:
        os.close(folder)
