"""Options that commands share: what they take and what the help says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from .click_errors import non_negative_int, number, parse_int

# The panels of the help, which have the same names in every command.
CORRUPTION = "Corruption"
STORED = "Pictures and sound as stored"
RUN = "Run"
STORAGE = "Storage"

Shards = Annotated[
    str,
    Argument(
        metavar="SHARDS",
        help="Folder of packed shards or its manifest.json: a path, or s3://, gs://, az://, hf://, "
        "https://.",
    ),
]
SeveralShards = Annotated[
    list[str],
    Argument(
        metavar="SHARDS",
        help="Folder, manifest, tars, or a brace expression of tars; paths or addresses.",
    ),
]
Corruptions = Annotated[
    list[str] | None,
    Option(
        "--corruption",
        metavar="NAME",
        help="As in rain; once for each.",
        show_default="all there are",
        rich_help_panel=CORRUPTION,
    ),
]
Severities = Annotated[
    list[str] | None,
    Option(
        "--severity",
        metavar="LEVEL",
        help="1 to 5, or visual+audio as in 0+5; once for each.",
        show_default="1 to 5",
        rich_help_panel=CORRUPTION,
    ),
]
Clean = Annotated[bool, Option(metavar="", help="Clean clips too.", rich_help_panel=CORRUPTION)]
Modality = Annotated[
    str,
    Option(
        metavar="both|visual|audio",
        help="What is corrupted.",
        rich_help_panel=CORRUPTION,
    ),
]
Profile = Annotated[
    str,
    Option(
        metavar="default|reference",
        help="reference: as the released code does it.",
        rich_help_panel=CORRUPTION,
    ),
]
Temporal = Annotated[
    str,
    Option(
        metavar="frame|clip",
        help="frame: a new draw for each frame; clip: one draw a clip (what moves, moves).",
        rich_help_panel=CORRUPTION,
    ),
]
Seed = Annotated[
    int,
    Option(parser=parse_int, metavar="N", help="Of all draws.", rich_help_panel=CORRUPTION),
]
BankOption = Annotated[
    Path | None,
    Option(
        "--bank",
        metavar="FILE",
        help="Sounds and pictures that avrb bank import stored.",
        show_default="the built-in ones",
        rich_help_panel=CORRUPTION,
    ),
]
Duration = Annotated[
    float | None,
    Option(
        parser=number,
        metavar="SECONDS",
        help="Seconds taken from the start.",
        show_default="all",
    ),
]
Quality = Annotated[
    int,
    Option(parser=parse_int, metavar="N", help="Of the JPEGs, 1 to 100.", rich_help_panel=STORED),
]
ClipsPerShard = Annotated[int, Option(parser=parse_int, metavar="N", help="Clips a shard.")]
Baseline = Annotated[
    Path | None,
    Option(
        metavar="REPORT",
        help="Report to take mCE and relative mCE against.",
        show_default=False,
    ),
]
BatchSize = Annotated[
    int, Option(parser=parse_int, metavar="N", help="Clips a batch.", rich_help_panel=RUN)
]
NumWorkers = Annotated[
    int | None,
    Option(
        parser=parse_int,
        metavar="N",
        help="Workers that decode and corrupt: threads up to 2, processes beyond.",
        show_default="one a core",
        rich_help_panel=RUN,
    ),
]
MaxErrors = Annotated[
    int,
    Option(
        parser=non_negative_int,
        metavar="N",
        help="Broken clips that may be left out.",
        rich_help_panel=RUN,
    ),
]
Resume = Annotated[
    bool,
    Option("--resume", metavar="", help="Go on where a stopped run was.", rich_help_panel=RUN),
]
StorageOptions = Annotated[
    list[str] | None,
    Option(
        "--storage-option",
        metavar="KEY=VALUE",
        help="Credentials and endpoint as obstore spells them (headers.NAME=VALUE for web "
        "servers); once for each.",
        show_default="from the environment",
        rich_help_panel=STORAGE,
    ),
]
CacheDir = Annotated[
    Path | None,
    Option(
        metavar="FOLDER",
        help="Where remote shards are kept; with --cache-size.",
        show_default=False,
        rich_help_panel=STORAGE,
    ),
]
CacheSize = Annotated[
    str | None,
    Option(
        metavar="SIZE",
        help="The most that --cache-dir may hold, as in 20GB.",
        show_default=False,
        rich_help_panel=STORAGE,
    ),
]
Via = Annotated[
    Path | None,
    Option(
        "--via",
        metavar="FOLDER",
        help="Where shards for a bucket are made first; it stays.",
        show_default="one in the user's cache, removed after the upload",
        rich_help_panel=STORAGE,
    ),
]
