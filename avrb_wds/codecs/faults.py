"""What decoders raise and print, brought to one sentence of ours."""

from __future__ import annotations

import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

import soundfile
from PIL import UnidentifiedImageError

from ..errors import AvrbError, DataError, UsageError, reason

# Where nobody has set up logging, Pillow's notes would go to stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Turn whatever a decoder raises for `what`, "image" or "sound", into a DataError.

    For malformed files Pillow raises nearly everything there is, TypeError and struct.error among
    it, so this names no types.
    """
    try:
        yield
    except UsageError as error:  # of an array or a mode that does not fit
        raise DataError(f"the {what} cannot be decoded: {reason(error)}.") from error
    except AvrbError:
        raise
    except Exception as error:
        raise DataError(f"the {what} cannot be decoded: {decoder_cause(error)}.") from error


def decoder_cause(error: BaseException) -> str:
    """What a decoder's error says, as `reason` has it and without an object's address."""
    if isinstance(error, UnidentifiedImageError):
        return "it is in no image format known here"
    if isinstance(error, EOFError):
        return "it ends within its header"
    if isinstance(error, soundfile.LibsndfileError):
        return reason(ValueError(error.error_string))
    return reason(error)


class Memory(io.BytesIO):
    """Bytes as a file for libsndfile, which may seek to before the start.

    An error here would be printed with its traceback, and is none: it then reads what it can.
    """

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """As of any file, but that a place before the start is not gone to."""
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


class _Shared:
    """A state of the process that lasts while any thread is within it."""

    def __init__(self, enter: Callable[[], Callable[[], object]]) -> None:
        self._enter, self._lock, self._count = enter, Lock(), 0
        self._leave: Callable[[], object] = lambda: None
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        # The other threads no longer exist, and never leave.
        if self._count:
            self._leave()
        self._lock, self._count = Lock(), 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if not self._count:
                self._leave = self._enter()
            self._count += 1
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1
                if not self._count:
                    self._leave()


def _without_warnings() -> Callable[[], object]:
    caught = warnings.catch_warnings()
    caught.__enter__()
    warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
    return lambda: caught.__exit__(None, None, None)


def _without_stderr() -> Callable[[], object]:
    """Descriptor 2 to nowhere; C libraries write to it and can't be told not to."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        return lambda: None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)

    def back() -> None:
        os.dup2(kept, 2)
        os.close(kept)

    return back


quiet_warnings = _Shared(_without_warnings)
"""Pillow's warnings ignored; one filter for all threads, as `warnings` has no other."""
quiet_stderr = _Shared(_without_stderr)
"""What libtiff and libmpg123 print thrown away.  Other threads' lines go with it, so: briefly."""
