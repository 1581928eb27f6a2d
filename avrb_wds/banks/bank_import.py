"""A folder of sounds and images to a bank, as one checked file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from stat import S_ISDIR

import numpy as np

from ..atomic import atomic_file, check_target
from ..codecs import decode_audio, decode_frame, decode_pixels
from ..codecs.suffixes import BANK_AUDIO_SUFFIXES, BANK_IMAGE_SUFFIXES
from ..corruptions.bank import GROUPS, KINDS, Bank, Item, write_bank
from ..errors import DataError, UsageError
from ..folders import list_folder
from ..paths import check_folder, naming, path_to_text, read_file, stat_path, text_to_path
from ..progress import Progress

# Folders of the released benchmark, where they are not named by the corruption.
RELEASED = {"spatter": "water_drops", "smoke": "crackling_fire_and_siren", "crowd": "crowd_speech"}


def import_bank(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    fill: bool = False,
    progress: Progress | None = None,
) -> Bank:
    """Check the sounds and images under `folder`, store them in the file `out`, and open it.

    folder: in the layout of the released AVROBUSTBENCH (audio_corruptions/KIND/*.wav,
    visual_corruptions/frost*.png and crowd_image/*.png, or those at the top), or plain folders:
    sounds in one for each kind, named by the corruption, images in textures and silhouettes.
    Their order is that of their names.  What is missing stays missing, and is an error once a
    corruption asks for it, unless `fill` takes it from the built-in bank.
    progress: called with (files done, files).

    Raises UsageError where `folder` holds nothing of the kind or `out` cannot be written, and
    DataError, naming the file, for one that is silent, empty or unreadable; nothing is written
    then.  The same folder gives the same bytes.
    """
    source, target = Path(folder), Path(out)
    check_folder(source, "sounds or images")
    check_target(target)
    found = {group: _files(source, group) for group in GROUPS}
    if not any(found.values()):
        raise UsageError(
            f"{source} holds no sounds or images for a bank; give folders of sounds named "
            f"{', '.join(KINDS)}, or the folder above audio_corruptions and visual_corruptions."
        )
    with atomic_file(target) as file:
        write_bank(file, _items(found, fill, progress))
    return Bank.open(target)


def _files(source: Path, group: str) -> list[Path]:
    """The files of a group, in the order of their names."""
    suffixes = BANK_AUDIO_SUFFIXES if group in KINDS else BANK_IMAGE_SUFFIXES
    files: list[tuple[str, PurePosixPath]] = []
    for place, start in _places(group):
        folder = source / place
        status = stat_path(folder)
        if status is None and folder.is_symlink():
            raise DataError(f"{folder} is a link that leads nowhere; take it out, or mend it.")
        if status is None or not S_ISDIR(status.st_mode):
            continue
        listed = list_folder(folder, suffixes, recursive=False)
        for fault in listed.faults:
            if fault.path.startswith(start):
                raise DataError(f"{folder / text_to_path(fault.path)}: {fault.cause}.")
        kept = [name for name in listed.files if name.startswith(start)]
        files += [(name, PurePosixPath(place, name)) for name in kept]
    return [source / text_to_path(str(path)) for _, path in sorted(files)]


def _places(group: str) -> list[tuple[str, str]]:
    """Where the files of a group may be: a folder under the given one, and how names start."""
    if group in KINDS:
        names = dict.fromkeys([group, RELEASED.get(group, group)])
        return [(f"{top}/{name}", "") for top in (".", "audio_corruptions") for name in names]
    folders = ["textures"] if group == "texture" else ["crowd_image", "silhouettes"]
    tops = (".", "visual_corruptions")
    places = [(f"{top}/{folder}", "") for top in tops for folder in folders]
    return places + ([(top, "frost") for top in tops] if group == "texture" else [])


def _items(found: dict[str, list[Path]], fill: bool, progress: Progress | None) -> Iterator[Item]:
    done, total = 0, sum(map(len, found.values()))
    for group, paths in found.items():
        for path in paths:
            yield _item(group, path)
            done += 1
            if progress:
                progress(done, total)
        if fill and not paths:
            yield from Bank.builtin().items(group)


def _item(group: str, path: Path) -> Item:
    return _audio(group, path) if group in KINDS else _image(group, path)


def _audio(kind: str, path: Path) -> Item:
    data = read_file(path)
    with naming(path):
        pcm, sample_rate = decode_audio(data)
    if not pcm.any():
        raise DataError(f"{path}: the sound is silent; take it out, or give another.")
    if not np.rint(pcm.mean(axis=0)).any():
        raise DataError(f"{path}: the channels cancel each other; give a sound they agree on.")
    return Item(kind, path_to_text(path.name), pcm, sample_rate)


def _image(group: str, path: Path) -> Item:
    data = read_file(path)
    with naming(path):
        pixels = decode_frame(data) if group == "texture" else decode_pixels(data)
    if group == "silhouette" and not (pixels.shape[2] == 4 and pixels[..., 3].any()):
        raise DataError(
            f"{path}: the image shows nobody; give one whose alpha channel has a silhouette."
        )
    if group == "texture" and not (pixels != pixels[0, 0]).any():
        raise DataError(f"{path}: the image is empty: all of it has one color.")
    return Item(group, path_to_text(path.name), pixels)
