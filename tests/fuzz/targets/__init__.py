"""The targets: a module for each part of the project, with a tuple `TARGETS` each."""
