"""Evaluation: a model's scores on disk, held against the manifest, and what they come to."""

from .check import check
from .compare import compare
from .digest import digest
from .merge import merge, open_report, read_predictions, rewrite
from .models import Model, find_object, make_model
from .plan import holds_run
from .receipts import Difference, Verdict, read_receipt
from .run import evaluate
from .scored import Scored
from .standing import Gap, Standing, standing

__all__ = [
    "Difference",
    "Gap",
    "Model",
    "Scored",
    "Standing",
    "Verdict",
    "check",
    "compare",
    "digest",
    "evaluate",
    "find_object",
    "holds_run",
    "make_model",
    "merge",
    "open_report",
    "read_predictions",
    "read_receipt",
    "rewrite",
    "standing",
]
