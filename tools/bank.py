"""`avrb bank`: custom sounds and images, and what a bank holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .click_errors import Command, Commands, help_if_alone
from .options import BankOption
from .output import print_done, print_result
from .progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from avrb_wds.corruptions.bank import Bank

app = typer.Typer(cls=Commands)


@app.callback(invoke_without_command=True)
def bank(context: typer.Context) -> None:
    """Import or show the sounds and images that corruptions add.

    Example:  avrb bank page bank.html
    """
    help_if_alone(context)


@app.command("import", cls=Command)
def import_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of sounds and images.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The bank's file to write.")],
    fill: Annotated[
        bool,
        typer.Option(
            "--fill", metavar="", help="Take kinds that FOLDER lacks from the built-in bank."
        ),
    ] = False,
) -> None:
    """Check sounds and images, and store them as one file for --bank.

    Example:  avrb bank import noise_bank/ noise.avrbbank

    FOLDER has the layout of the released benchmark (`audio_corruptions/KIND/*.wav`,
    `visual_corruptions/frost*.png`, `visual_corruptions/crowd_image/*.png`) or plain folders: one
    of sounds for each of snow frost spatter wind rain underwater concert smoke crowd, and the
    folders textures and silhouettes of pictures.  Any sample rate, depth and channel count will do.
    """
    from avrb_wds.banks.bank_import import import_bank

    with progress_bar("checking") as progress:
        imported = import_bank(folder, out, fill=fill, progress=progress)
    print_done(*_describe(imported))


@app.command(cls=Command)
def info(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="BANK", help="The bank's file.", show_default="the built-in one"),
    ] = None,
) -> None:
    """Say what a bank holds, and its digest.

    Example:  avrb bank info noise.avrbbank
    """
    from avrb_wds.corruptions.bank import Bank

    print_result(*_describe(Bank.of(path)))


@app.command(cls=Command)
def page(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The HTML file to write.")],
    path: BankOption = None,
) -> None:
    """Write a page that shows and plays everything in a bank.

    Example:  avrb bank page bank.html
    """
    from avrb_wds.banks.bank_page import write_bank_page
    from avrb_wds.corruptions.bank import Bank

    with progress_bar("drawing") as progress:
        write_bank_page(Bank.of(path), out, progress)
    print_done(out)


@app.command(cls=Command)
def build(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the bank's files.")],
) -> None:
    """Make the built-in bank from its recipes; takes some minutes.

    Example:  avrb bank build assets/
    """
    from .synth.build import build as build_bank

    with progress_bar("making") as progress:
        made = build_bank(out, progress)
    print_done(*made)


def _describe(bank: Bank) -> Iterator[str]:
    """A line for each group, and the digest."""
    from avrb_wds.corruptions.bank import GROUPS, KINDS

    for group in GROUPS:
        entries = bank.entries(group)
        if group in KINDS:
            rates = sorted({entry.sample_rate for entry in entries})
            seconds = sum(entry.shape[1] / entry.sample_rate for entry in entries)
            extent = f"{seconds:6.1f} s at {', '.join(map(str, rates))} Hz"
        else:
            sizes = sorted({f"{entry.shape[1]}x{entry.shape[0]}" for entry in entries})
            extent = ", ".join(sizes)
        yield (f"{group:<12}{len(entries):>4}  {extent if entries else 'none'}")
    yield f"digest      {bank.digest}"
