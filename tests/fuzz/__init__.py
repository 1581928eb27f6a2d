"""Readers of outside data tried with mutated input: a right result or an AvrbError, nothing else.

    python -m tests.fuzz                             # every target, 2,000 cases each
    python -m tests.fuzz --cases 20000 manifest      # one target
    python -m tests.fuzz --quick                     # as the test suite does
    python -m tests.fuzz manifest --case 1234        # one case again, with its traceback

A case is a function of the target's name and the case's number, so that a finding reproduces by its
number as long as seeds and mutators stay as they are.  Its input is also written to a file.

**To add a target**, write a module in `fuzz/targets/` with a tuple `TARGETS`:

    TARGETS = (
        Target(
            name="index",
            seeds=lambda: [b'["clip0",0,1024,""]\\n'],  # good inputs; made once
            mutate=mutate_json_lines,                   # (rng, bytes) -> bytes, structure-aware
            read=lambda data: ShardIndex.from_bytes(data, "index"),
            check=lambda data, index: ...,              # raises AssertionError; optional
        ),
    )

`mutators` has mutators for bytes, numbers, text and CSV, `jsons` for JSON and JSON lines, `chunks`
for PNG, RIFF and MP4; `one_of` joins several.  A reader that wants a file gets one by `written`.
The first cases are the seeds as they are, which must be read; the others are mutated once to a few
times.  A case is a finding where `read` raises anything but an AvrbError, or an AvrbError of more
than 1,000 characters or one line; where `check` fails; where the case takes longer or more memory
than the target allows; where anything is written to stdout or stderr, a warning included; where the
process dies.  Targets run in forked processes, a new one after one that died.
"""
