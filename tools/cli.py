"""`avrb`: the commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from avrb_wds import __version__

from .bank import app as bank
from .cache import cache
from .compare import compare
from .corrupt import corrupt
from .create_json import create_json
from .demo import demo
from .digest import digest
from .evaluate import evaluate
from .info import info
from .pack import pack
from .preview import preview
from .printing import any_name, one_line
from .render import render
from .report import report
from .usage import Command, Commands, WrongUsage, help_if_alone, sentence
from .verify import verify

app = typer.Typer(
    cls=Commands,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", metavar="", help="Print the version and stop.")
    ] = False,
) -> None:
    """How audio-visual models hold up once picture and sound go bad."""
    if version:
        typer.echo(f"avrb-wds {__version__}")
        raise typer.Exit
    help_if_alone(context)


COMMANDS: tuple[Callable[..., None], ...] = (
    pack, verify, info, create_json, corrupt, render, evaluate, digest, report, compare, preview,
    demo,
)  # fmt: skip
for command in COMMANDS:
    app.command(cls=Command)(command)
app.add_typer(bank, name="bank")
app.add_typer(cache, name="cache")


def main() -> None:
    """Run `avrb`; exits 0 for good, 1 for faults found, 2 for wrong usage, 130 for Ctrl-C."""
    any_name()
    try:
        status = app(prog_name="avrb", standalone_mode=False) or 0
        sys.stdout.flush()  # here, where it is no traceback that no one reads on
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except WrongUsage as error:
        status = _fail(sentence(error), 2)
    except Exception as error:
        # Only now: `avrb --help` doesn't wait for what the errors' home brings in.
        from avrb_wds.errors import AvrbError, MissingExtra, UsageError

        if not isinstance(error, AvrbError):
            raise
        status = _fail(str(error), 2 if isinstance(error, (UsageError, MissingExtra)) else 1)
    sys.exit(status)


def _fail(message: str, status: int) -> int:
    print(one_line(f"avrb: {message}"), file=sys.stderr)
    return status


if __name__ == "__main__":
    main()
