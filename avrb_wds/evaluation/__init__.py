"""Evaluation: a model's scores under every condition, their merge into a report, and receipts."""

from ..receipts.files import Difference, Verdict, read_receipt
from .compare import compare
from .compute_receipt import check_receipt, compute_receipt
from .evaluate import evaluate
from .merge import ConditionScores, merge_run, open_report, read_predictions, rewrite_report
from .models import Model, find_object, make_model
from .runs.plan import is_run_folder
from .runs.status import MissingClips, RunStatus, run_status

__all__ = [
    "Difference",
    "MissingClips",
    "Model",
    "ConditionScores",
    "RunStatus",
    "Verdict",
    "check_receipt",
    "compare",
    "compute_receipt",
    "evaluate",
    "find_object",
    "is_run_folder",
    "make_model",
    "merge_run",
    "open_report",
    "read_predictions",
    "read_receipt",
    "rewrite_report",
    "run_status",
]
