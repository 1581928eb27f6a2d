"""Tars made header by header, for tests of what no library would write."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

BLOCK = 512
END = bytes(2 * BLOCK)


def checked(header: bytes, signed: bool = False) -> bytes:
    """A header of 512 bytes with its checksum put in."""
    summed = header[:148] + b" " * 8 + header[156:]
    total = sum(summed) - (256 * sum(byte > 127 for byte in summed) if signed else 0)
    return header[:148] + f"{total:06o}\0 ".encode() + header[156:]


def header(
    name: bytes, size: int | bytes, kind: bytes = b"0", magic: bytes = b"ustar\x0000"
) -> bytes:
    """A header; size: also as the 12 bytes that stand for it."""
    coded = size if isinstance(size, bytes) else f"{size:011o}\0".encode()
    fields = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + coded + b"0" * 11 + b"\0"
    return checked((fields + b" " * 8 + kind + bytes(100) + magic).ljust(BLOCK, b"\0"))


def member(name: bytes, data: bytes = b"", kind: bytes = b"0") -> bytes:
    """A header and the contents, padded."""
    return header(name, len(data), kind) + data + bytes(-len(data) % BLOCK)


def pax(**records: str) -> bytes:
    """An extended header of pax."""
    text = b""
    for name, value in records.items():
        rest = f" {name.replace('__', '.')}={value}\n".encode(errors="surrogateescape")
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        text += str(length).encode() + rest
    return member(b"PaxHeaders/x", text, b"x")


def written(
    path: Path, members: Iterable[tuple[str, bytes]], form: int, kind: bytes = b"0"
) -> Path:
    """A tar of these members as Python's tarfile writes it."""
    with tarfile.open(path, "w", format=form) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(data), tarfile.DIRTYPE if name.endswith("/") else kind
            tar.addfile(info, io.BytesIO(data))
    return path


Change = Callable[[bytes], bytes]
