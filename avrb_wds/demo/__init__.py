"""The demo: made-up clips as real videos, packed, a tiny model trained on them, evaluated."""

from .run import Demo, run_demo

__all__ = ["Demo", "run_demo"]
