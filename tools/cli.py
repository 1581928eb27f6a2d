"""`avrb`: the commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys
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
from .render import render
from .report import report
from .verify import verify

app = typer.Typer(
    name="avrb",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """How audio-visual models hold up once picture and sound go bad."""
    if version:
        typer.echo(f"avrb-wds {__version__}")
        raise typer.Exit


app.command()(pack)
app.add_typer(cache)
app.command()(verify)
app.command()(info)
app.command()(create_json)
app.command()(corrupt)
app.command()(render)
app.command()(evaluate)
app.command()(digest)
app.command()(report)
app.command()(compare)
app.command()(preview)
app.command()(demo)
app.add_typer(bank, name="bank")


def main() -> None:
    """Run `avrb`; exits 0 for good, 1 for faults found, 2 for wrong usage."""
    try:
        app()
    except Exception as error:
        # Only now: `avrb --help` doesn't wait for what the errors' home brings in.
        from avrb_wds.errors import AvrbError, MissingExtra, UsageError

        if not isinstance(error, AvrbError):
            raise
        print(f"avrb: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, (UsageError, MissingExtra)) else 1)


if __name__ == "__main__":
    main()
