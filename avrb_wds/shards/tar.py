"""Members of a tar: whole files of known size with plain names, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..codecs.suffixes import AUDIO_EXTENSIONS, FRAME_EXTENSIONS
from ..errors import DataError
from .tar_headers import BLOCK, TarMember, octal, read_member

PLAIN = (ord("0"), 0)

# As webdataset splits: the key ends at the first dot of the last path component.
_SPLIT = re.compile(r"((?:.*/)?[^./]+)\.([^/]+)", re.DOTALL)
# As webdataset has it: what it keeps about a shard, such as "__meta__" or "__meta__/a.json".
_META = re.compile(r"__[^/]*__(/|$)", re.DOTALL)


def split_name(name: str) -> tuple[str, str] | None:
    """(key, extension) of a member, as webdataset has it; None for what belongs to no clip.

    >>> split_name("train/a.frame_0000.JPG"), split_name("README"), split_name("a/._b.wav")
    (('train/a', 'frame_0000.jpg'), None, None)
    """
    match = _SPLIT.fullmatch(name)
    return (match[1], match[2].lower()) if match and not _META.match(name) else None


def is_media(extension: str) -> bool:
    """Whether a member is an image or audio, by its extension.

    >>> is_media("frame_0000.jpg"), is_media("json")
    (True, False)
    """
    return extension.rpartition(".")[2] in (*FRAME_EXTENSIONS, *AUDIO_EXTENSIONS)


def unsafe(name: str) -> bool:
    """Whether a member's name leads out of the folder it is unpacked to."""
    return name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/")


def clip_members(data: bytes, key: str) -> Mapping[str, memoryview]:
    """The members in the byte range of one clip, by extension, as views of `data`.

    Raises DataError, with the byte within the range, for a damaged header, a link, a name that
    leads elsewhere, a member of another clip, and sizes past the end.
    """
    if unsafe(key):
        raise DataError("the key leads out of the shard.")
    members: dict[str, memoryview] = {}
    view, at = memoryview(data), 0
    while at < len(data):
        member = _plain(data, at) or _any(data, at)
        at = member.end
        split = split_name(member.name)
        if member.kind == "skipped" or (member.kind == "file" and split is None):
            continue  # belongs to no clip, and stands between the members of this one
        if member.kind == "other" or split is None or split[0] != key:
            _any(data, member.start)  # which raises where there is no header at all
            raise DataError(
                f"byte {member.start} of the clip begins {member.name!r}, which is not a file of "
                f"this clip."
            )
        end = member.data + member.size
        if end > len(data) or split[1] in members:
            fault = "occurs twice" if split[1] in members else "runs past the clip's end"
            raise DataError(f"member {split[1]!r}, at byte {member.start} of the clip, {fault}.")
        members[split[1]] = view[member.data : end]
    return members


def _plain(data: bytes, at: int) -> TarMember | None:
    """The member at byte `at` where its header says all in the simplest way, as most do."""
    header = data[at : at + BLOCK]
    if len(header) < BLOCK or header[156] not in PLAIN or header[345] or header[124] > 0x7F:
        return None
    name, size = header[:100].split(b"\0", 1)[0], octal(header[124:136])
    if size is None or not name or name.endswith(b"/"):
        return None
    return TarMember(name.decode(errors="surrogateescape"), "file", size, at, at + BLOCK)


def _any(data: bytes, at: int) -> TarMember:
    """The member at byte `at`, with a header of any kind."""
    member = read_member(
        lambda start, count: data[start : start + count], at, len(data), "the range"
    )
    if member is None:
        raise DataError(f"byte {at} of the clip begins a block of zeros.")
    return member
