"""`avrb`: the commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys

import typer

from avrb_wds.errors import AvrbError, MissingExtra, UsageError

app = typer.Typer(
    name="avrb",
    help="How audio-visual models hold up once picture and sound go bad.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run `avrb`; exits 0 for good, 1 for faults found, 2 for wrong usage."""
    try:
        app()
    except AvrbError as error:
        print(f"avrb: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, (UsageError, MissingExtra)) else 1)


if __name__ == "__main__":
    main()
