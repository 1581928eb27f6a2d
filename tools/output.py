"""What commands print: to streams that may be closed, full, narrow or not in UTF-8."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from io import TextIOWrapper

PLAIN = {
    "\N{EN DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{PRIME}": "'",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{BOX DRAWINGS LIGHT HORIZONTAL}": "-",
}
"""What stands for the characters of our own tables where the terminal's encoding lacks them."""
ERRORS = "avrb-print"
UNDECODED = range(0xDC80, 0xDD00)  # the bytes of a name that is not text, as Python keeps them


def prepare_streams() -> None:
    """Give the process three open streams that print any text.

    A descriptor that is closed is opened on /dev/null: otherwise the first shard written would get
    its number, and what is printed would go into that shard.
    """
    null = os.open(os.devnull, os.O_RDWR)
    while null <= 2:
        os.set_inheritable(null, True)
        null = os.open(os.devnull, os.O_RDWR)
    os.close(null)
    codecs.register_error(ERRORS, _encode_anyhow)
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:
            # A reader is missing on purpose, so nothing that is printed is lost.
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def _encode_anyhow(error: UnicodeError) -> tuple[str | bytes, int]:
    """The codec error handler: bytes as they were, our own signs plainly, others by number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    mark = error.object[error.start]
    if ord(mark) in UNDECODED:
        return bytes([ord(mark) - 0xDC00]), error.start + 1
    return PLAIN.get(mark) or mark.encode("ascii", "backslashreplace").decode(), error.start + 1


def print_result(*lines: object) -> None:
    """Print the lines that the command was run for; raises OSError where they cannot be written."""
    print_text("".join(f"{escape_control(line)}\n" for line in lines))


def print_text(text: str) -> None:
    """Print text that the command was run for, as it is; raises OSError."""
    sys.stdout.write(text)
    sys.stdout.flush()


def print_done(*lines: object) -> None:
    """Print lines about work whose result is safe elsewhere: on disk, or in the exit status.

    Where standard output cannot be written, stderr says so and the command goes on: its work is
    done.
    """
    print_if_possible("".join(f"{escape_control(line)}\n" for line in lines))


def print_to_stderr(line: object) -> None:
    """Print a line beside the result; one that cannot be written is no error."""
    with suppress(OSError):
        print(escape_control(line), file=sys.stderr, flush=True)


def silence_stdout() -> None:
    """Let what is still to be written to standard output go nowhere, and raise nothing at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def print_if_possible(text: str) -> None:
    """Write text as it is; see `print_done`."""
    try:
        print_text(text)
    except OSError as error:
        silence_stdout()
        if not isinstance(error, BrokenPipeError):
            print_to_stderr(f"avrb: standard output cannot be written: {error.strerror}.")


def escape_control(text: object) -> str:
    r"""A message that is one line, and no command to a terminal, whatever the names in it.

    >>> escape_control("a\nb.mp4 cannot be opened.")
    'a\\nb.mp4 cannot be opened.'
    """
    return "".join(
        mark if mark.isprintable() or ord(mark) in UNDECODED else repr(mark)[1:-1]
        for mark in str(text)
    )
