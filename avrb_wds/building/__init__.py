"""A dataset built clip by clip, so that a killed build goes on where it was."""
