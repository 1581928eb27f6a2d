"""Evaluation: a model's scores on disk, held against the manifest, and what they come to."""

from .compare import compare
from .merge import merge, open_report, rewrite
from .models import Model, find_object, make_model
from .plan import holds_run
from .run import evaluate
from .standing import Gap, Standing, standing

__all__ = [
    "Gap",
    "Model",
    "Standing",
    "compare",
    "evaluate",
    "find_object",
    "holds_run",
    "make_model",
    "merge",
    "open_report",
    "rewrite",
    "standing",
]
