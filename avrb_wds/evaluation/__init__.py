"""Evaluation: a model's scores on disk, held against the manifest, and what they come to."""

from .check_receipt import check
from .compare import compare
from .compute_receipt import digest
from .condition_scores import Scored
from .evaluate import evaluate
from .merge import merge, open_report, read_predictions, rewrite
from .models import Model, find_object, make_model
from .receipt_files import Difference, Verdict, read_receipt
from .runs.plan import holds_run
from .runs.status import Gap, Standing, standing

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
