"""The demo: made-up clips as real videos, packed, a tiny model trained on them, evaluated."""

from .run import DemoResult, run_demo

__all__ = ["DemoResult", "run_demo"]
