"""Errors on their way from a worker process, with what led to them there."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable

import cloudpickle

from ..errors import describe


class WorkerTraceback(Exception):
    """The cause of an error that comes from a worker process: its traceback there, as text."""


def reduce_error(error: BaseException) -> tuple[Callable[..., BaseException], tuple[bytes, str]]:
    """How to make `error` in another process, as `__reduce__` says it.

    One that does not go there, for what its class takes or what it holds, becomes a RuntimeError
    that says the same.
    """
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        pickled = cloudpickle.dumps(error)
        pickle.loads(pickled)
    except Exception:
        pickled = pickle.dumps(RuntimeError(describe(error)))
    return _arrived, (pickled, text)


def _arrived(pickled: bytes, text: str) -> BaseException:
    error: BaseException = pickle.loads(pickled)
    error.__cause__ = WorkerTraceback(f"\n{text}")
    return error
