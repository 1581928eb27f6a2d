"""`avrb cache`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Context, Typer

from .click_errors import Command, Commands, help_if_alone
from .output import print_done, print_result
from .progress import progress_bar

cache = Typer(cls=Commands)
Folder = Annotated[Path, Argument(metavar="FOLDER", help="What was given as --cache-dir.")]


@cache.callback(invoke_without_command=True)
def caches(context: Context) -> None:
    """Look at a cache of remote shards, or empty it.

    Example:  avrb cache info /scratch/cache
    """
    help_if_alone(context)


@cache.command(cls=Command)
def info(folder: Folder) -> None:
    """Say what a cache holds.

    Example:  avrb cache info /scratch/cache
    """
    from datetime import datetime, timezone

    from avrb_wds.storage.cache import list_cache

    held = list_cache(_checked(folder))
    lines = [f"{folder}: {len(held)} file(s), {sum(size for _, size, _ in held) / 1e6:,.1f} MB"]
    for path, size, used in held:
        when = datetime.fromtimestamp(used, timezone.utc).isoformat(" ", "seconds")
        lines.append(f"{path.name[:12]}{path.suffix}  {size / 1e6:,.1f} MB  last used {when}")
    print_result(*lines)


@cache.command(cls=Command)
def clear(folder: Folder) -> None:
    """Remove every file that is not in use.

    Example:  avrb cache clear /scratch/cache
    """
    from avrb_wds.storage.cache import clear_cache

    with progress_bar("removing") as progress:
        files, size = clear_cache(_checked(folder), progress)
    print_done(f"{folder}: {files} file(s) removed, {size / 1e6:,.1f} MB")


def _checked(folder: Path) -> Path:
    if not folder.is_dir():
        from avrb_wds.errors import UsageError

        raise UsageError(f"{folder} is not a folder; give the --cache-dir of a command.")
    return folder
