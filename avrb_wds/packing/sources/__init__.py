"""Datasets as they lie on disks, each read into the same list of clips."""
