"""The built-in bank's recipes: every sound and picture of it is made here, from numbers alone."""
