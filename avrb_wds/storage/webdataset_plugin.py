"""A plugin by which plain `wds.WebDataset("s3://…")` reads through this package."""

from __future__ import annotations

import importlib
import io
from collections.abc import Mapping
from typing import Any, BinaryIO

from ..errors import UsageError
from .limits import StorageLimits
from .reader import ObjectReader
from .stream import Stream
from .url import SCHEMES


class _Opener:
    """The function that webdataset calls to open a URL."""

    def __init__(self, options: Mapping[str, Any], limits: StorageLimits | None) -> None:
        self._options, self._limits = options, limits

    def __call__(self, url: str, mode: str = "rb", bufsize: int = 1 << 20) -> BinaryIO:
        if mode[:1] != "r":
            raise UsageError(f"mode {mode!r} is not for reading; give 'rb'.")
        # A new reader in every epoch: a file may be replaced between two of them.
        pieces = ObjectReader(self._options, self._limits).stream(url)
        return io.BufferedReader(Stream(pieces), max(bufsize, 1 << 16))


def register_webdataset(
    storage_options: Mapping[str, Any] | None = None, limits: StorageLimits | None = None
) -> None:
    """Let webdataset open s3://, gs://, az://, hf://, http:// and https:// with this package.

    webdataset by itself starts a program (curl, gsutil) for each. A process that has read must not
    be forked: give the DataLoader `multiprocessing_context="spawn"`, and call this function in
    workers too, for example in `worker_init_fn`.

    Args:
        storage_options: Credentials and endpoint, with obstore's names; None for the environment.
        limits: Limits of requests; None for the defaults.
    """
    # webdataset.gopen, by name, is the function; the table is beside it in the module.
    gopen = importlib.import_module("webdataset.gopen")
    opener = _Opener(storage_options or {}, limits)
    gopen.gopen_schemes.update(dict.fromkeys(SCHEMES, opener))
