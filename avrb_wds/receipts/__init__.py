"""Receipts: digests of the data that a model gets, to compare runs and machines."""
