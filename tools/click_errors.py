"""A wrong command line, told in one sentence as every other error is."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import Any, NoReturn

from typer import BadParameter, Exit, echo
from typer.core import TyperCommand, TyperGroup

# The family of errors that BadParameter is of: click's, or typer's own where it brings click along.
WrongUsage: type[Exception] = BadParameter.__mro__[1]


class Command(TyperCommand):
    """A command that names the argument that is one too many."""

    def get_help_option(self, ctx: Any) -> Any:
        """--help, as a flag."""
        return _flag(super().get_help_option(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take what the command takes; nothing may be left."""
        ctx.allow_extra_args = True  # else click refuses all that is left, as one piece of text
        for word in super().parse_args(ctx, args):
            _refuse(f"{word!r} is one argument too many; {_help(ctx)} says what there is.")
        return []


class Commands(TyperGroup):
    """A group of commands that says which of them comes near a name it doesn't have."""

    def get_help_option(self, ctx: Any) -> Any:
        """--help, as a flag."""
        return _flag(super().get_help_option(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; a name that is an option is left to click."""
        command = super().get_command(ctx, cmd_name)
        if command is None and not cmd_name.startswith("-"):
            near = get_close_matches(cmd_name, self.commands, n=1)
            what_to_do = f"{near[0]} is." if near else f"{_help(ctx)} lists them."
            _refuse(f"{cmd_name!r} is not a command of {ctx.command_path}; {what_to_do}")
        return command


def _flag(option: Any) -> Any:
    """An option without the truth value that click gives it, which some versions of typer print."""
    option.metavar = ""
    return option


def help_if_alone(context: Any) -> None:
    """Print the help of a group where no command of it is given; exit status 2."""
    if context.invoked_subcommand is None:
        echo(context.get_help())
        raise Exit(2)


def sentence(error: Exception) -> str:
    """What a WrongUsage says, in our words."""
    told: Any = error  # what each has beside its text; click gives the classes no public name
    if hasattr(told, "possibilities"):
        near = sorted(told.possibilities or ())
        what_to_do = f"{near[0]} is." if near else f"{_help(told.ctx)} lists them."
        return f"{told.option_name} is not an option of {told.ctx.command_path}; {what_to_do}"
    if hasattr(told, "option_name"):
        if any(word.startswith(f"{told.option_name}=") for word in sys.argv):
            return f"{told.option_name} takes no value; leave out the = and what follows it."
        return f"{told.option_name} has no value; give one."
    if hasattr(told, "param_type"):
        return f"{_name(told.param)} is missing; {_help(told.ctx)} says what it is."
    if hasattr(told, "param"):
        return f"{_name(told.param)} {told.message}"
    return f"{told.message.rstrip('.')}; {_help(told.ctx)} says what there is."


def parse_int(given: str | int) -> int:
    """The value of an integer option; its default is one already."""
    try:
        return int(given)
    except ValueError:
        raise BadParameter(f"{given!r} is not an integer; give one.") from None


def non_negative_int(given: str | int) -> int:
    """What an option that counts something means; its default is a number already."""
    value = parse_int(given)
    if value < 0:
        raise BadParameter(f"{value} is negative; give 0 or more.")
    return value


def number(given: str | float) -> float:
    """What an option that is a number means; its default is one already."""
    try:
        return float(given)
    except ValueError:
        raise BadParameter(f"{given!r} is not a number; give one.") from None


def _refuse(what: str) -> NoReturn:
    # Only now: `avrb --help` doesn't wait for what the errors' home brings in.
    from avrb_wds.errors import UsageError

    raise UsageError(what)


def _name(parameter: Any) -> str:
    """An option as it is given, an argument as the help writes it."""
    is_option = parameter.param_type_name == "option"
    return str(parameter.opts[0] if is_option else parameter.metavar)


def _help(context: Any) -> str:
    return f"{context.command_path} --help"
