"""Evaluation: a model's scores on disk, held against the manifest, and what they come to."""
