"""Evaluation: a model's scores on disk, held against the manifest, and what they come to."""

from .merge import merge
from .models import Model, find_object, make_model
from .run import evaluate

__all__ = ["Model", "evaluate", "find_object", "make_model", "merge"]
