"""`avrb`: the commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Callable
from typing import Annotated

import typer

from avrb_wds import __version__

from .bank import app as bank
from .cache import cache
from .click_errors import Command, Commands, WrongUsage, help_if_alone, sentence
from .compare import compare
from .corrupt import corrupt
from .create_json import create_json
from .demo import demo
from .digest import digest
from .evaluate import evaluate
from .info import info
from .output import prepare_streams, print_to_stderr, silence_stdout
from .pack import pack
from .preview import preview
from .render import render
from .report import report
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


WRONG_PATH = {errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR}
"""What the operating system says of a path that was a wrong argument."""


def main() -> None:
    """Run `avrb`; exits 0 for good, 1 for faults found, 2 for wrong usage, 130 for Ctrl-C."""
    prepare_streams()
    warnings.showwarning = _show_warning
    try:
        status = app(prog_name="avrb", standalone_mode=False) or 0
        sys.stdout.flush()  # at exit it would be a traceback
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except BrokenPipeError:
        silence_stdout()
        status = 1
    except WrongUsage as error:
        status = _fail(sentence(error), 2)
    except OSError as error:
        silence_stdout()
        status = _fail(_describe(error), 2 if error.errno in WRONG_PATH else 1)
    except Exception as error:
        # Only now: `avrb --help` doesn't wait for what the errors' home brings in.
        from avrb_wds.errors import AvrbError, MissingExtraError, UsageError

        if not isinstance(error, AvrbError):
            raise
        status = _fail(str(error), 2 if isinstance(error, (UsageError, MissingExtraError)) else 1)
    sys.exit(status)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print_to_stderr(f"avrb: {message}")


def _fail(message: str, status: int) -> int:
    from avrb_wds.errors import hide_secrets, shorten

    # What click says has not gone through an error of ours.
    print_to_stderr(f"avrb: {shorten(hide_secrets(message))}")
    return status


def _describe(error: OSError) -> str:
    """An error of the operating system that no reader or writer below has put in words."""
    from avrb_wds.errors import reason

    if error.filename is not None:
        return f"{os.fsdecode(error.filename)} cannot be used: {reason(error)}."
    if error.errno == errno.ENOENT:
        return "the working directory does not exist any more; change to another one."
    return f"standard output cannot be written: {reason(error)}."


if __name__ == "__main__":
    main()
