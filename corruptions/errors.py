"""Errors raised on purpose; every message is one sentence for the person who reads it.

AvrbError                 anything this project raises on purpose
├── UsageError            a wrong argument: what was given, what is allowed  (also a ValueError)
├── DataError             a clip or shard at fault, named by key and shard   (avrb_wds.errors)
└── MissingExtra          an optional dependency is not installed            (avrb_wds.errors)
"""

from __future__ import annotations

__all__ = ["AvrbError", "UsageError"]


class AvrbError(Exception):
    """Root of every error this project raises on purpose."""


class UsageError(AvrbError, ValueError):
    """A wrong argument; the message says what was given, what is allowed and what to do."""
