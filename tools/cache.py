"""`avrb cache`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Typer

__all__ = ["cache"]

cache = Typer(name="cache", help="Look at a cache of remote shards, or empty it.")
Folder = Annotated[Path, Argument(help="The folder given as cache_dir.")]


@cache.command()
def info(folder: Folder) -> None:
    """Say what a cache holds.

    Example:  avrb cache info /scratch/cache
    """
    from datetime import datetime, timezone

    from avrb_wds.storage.cache import entries

    held = entries(_checked(folder))
    print(f"{folder}: {len(held)} file(s), {sum(size for _, size, _ in held) / 1e6:,.1f} MB")
    for path, size, used in held:
        when = datetime.fromtimestamp(used, timezone.utc).isoformat(" ", "seconds")
        print(f"{path.name[:12]}{path.suffix}  {size / 1e6:,.1f} MB  last used {when}")


@cache.command()
def clear(folder: Folder) -> None:
    """Remove every file that is not in use.

    Example:  avrb cache clear /scratch/cache
    """
    from avrb_wds.storage.cache import clear as empty

    files, size = empty(_checked(folder))
    print(f"{folder}: {files} file(s) removed, {size / 1e6:,.1f} MB")


def _checked(folder: Path) -> Path:
    if not folder.is_dir():
        from avrb_wds.errors import UsageError

        raise UsageError(f"{folder} is not a folder; give the one given as cache_dir.")
    return folder
