"""Addresses of files in buckets and on web servers, and how they are named in messages."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from ..errors import UsageError, hide_secrets

SCHEMES = ("http", "https", "s3", "gs", "az", "hf")
WEB = ("http", "https")
HUB = "https://huggingface.co"

# What "https://" becomes in a hurry: "https:/", "https:\\\\", "https//", "https:".
_MISSPELT = re.compile(
    r"(?i)(?:(https?):|(s3|gs|az|hf):(?=[/\\]|.*@)|(https?|s3|gs|az|hf)(?://|\\\\))"
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?")
_USER = re.compile("^([^/]*//)[^/]*@")  # and password


def is_remote(text: str) -> bool:
    """Return whether a text is a URL rather than a local path.

    Args:
        text: A URL or a path.

    Raises:
        UsageError: The scheme is not supported, such as file: and pipe:, or slashes are missing and
            no file has that name.

    Example:
        >>> is_remote("s3://bucket/vgg-000000.tar"), is_remote("shards/vgg-000000.tar")
        (True, False)
    """
    match = _SCHEME.match(text)
    if match is None or (match[2] is None and match[1].lower() not in ("pipe", "file")):
        misspelt = _MISSPELT.match(text)
        if misspelt and not os.path.lexists(text.partition("/")[0]):
            scheme = misspelt[misspelt.lastindex or 0].lower()
            raise UsageError(
                f"{hide_secrets(redacted(text))!r} is not an address; write {scheme}://, then the "
                f"rest."
            )
        return False
    if match[2] is None or match[1] not in SCHEMES:
        raise UsageError(
            f"{redacted(text)!r} has scheme {match[1]!r}, which is not read; give a local path or "
            f"{', '.join(f'{scheme}://' for scheme in SCHEMES)}."
        )
    return True


def redacted(url: str) -> str:
    """Return a URL for a message, without user, password, query and fragment.

    Args:
        url: The URL.

    Example:
        >>> redacted("https://me:secret@host/a.tar?signature=abc")
        'https://host/a.tar'
    """
    return _USER.sub(r"\1", re.split("[?#]", url, maxsplit=1)[0])


def join(folder: str, name: str) -> str:
    """The address of the file `name` in the folder at `folder`; a query stays where it belongs.

    >>> join("s3://bucket/vgg/", "vgg-000000.tar")
    's3://bucket/vgg/vgg-000000.tar'
    """
    parts = urlsplit(folder)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def parent(url: str) -> str:
    """The address of the folder that a file lies in.

    >>> parent("https://host/vgg/manifest.json?signature=abc")
    'https://host/vgg?signature=abc'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rpartition("/")[0]))


@dataclass(frozen=True, repr=False)
class ParsedUrl:
    """A file as a client reaches it: `path`, with the query on web servers, under `root`, which is
    what a client is made for: a bucket or a host; scheme: of the root."""

    scheme: str
    root: str
    path: str

    def __repr__(self) -> str:
        return f"Address({redacted(f'{self.root}/{self.path}')!r})"

    @property
    def url(self) -> str:
        """The whole of it, secrets too."""
        return f"{self.root}/{self.path}"

    @classmethod
    def of(cls, url: str) -> ParsedUrl:
        """The address that `url` spells; raises UsageError for a malformed one.

        >>> ParsedUrl.of("hf://datasets/me/vgg/a.tar").path
        'datasets/me/vgg/resolve/main/a.tar'
        """
        if not is_remote(url):
            raise UsageError(f"{url!r} is not an address; write e.g. s3://bucket/folder.")
        given, url = url, _resolved(url) if url.startswith("hf://") else url
        try:
            parts = urlsplit(url)
            host = parts.hostname if parts.scheme in WEB else parts.netloc.rpartition("@")[2]
            (host or "").encode("idna")  # raises for labels that are empty or too long
            if parts.port == 0 or re.search(r"[\s\0-\x1f\x7f]", parts.netloc):
                raise ValueError
        except ValueError:  # whose text may be a part of a password
            raise UsageError(
                f"{redacted(given)!r} is not an address: its host or port is not valid; "
                f"write e.g. s3://bucket/folder."
            ) from None
        if not host:
            raise UsageError(
                f"{redacted(given)!r} names no bucket or host; write e.g. s3://bucket/folder."
            )
        steps = unquote(parts.path).replace("\\", "/").split("/")
        if ".." in steps or "\0" in parts.path:
            raise UsageError(f"{redacted(given)!r} leads out of its folder; write it without '..'.")
        path = urlunsplit(("", "", *parts[2:4], "")) if parts.scheme in WEB else parts.path
        return cls(parts.scheme, f"{parts.scheme}://{parts.netloc}", path.removeprefix("/"))


def _resolved(url: str) -> str:
    """hf://datasets/OWNER/NAME[@REVISION]/PATH as the hub's own address."""
    match = re.fullmatch(r"hf://datasets/([^/@]+)/([^/@]+)(?:@([^/]+))?/?(.*)", url)
    if match is None:
        raise UsageError(
            f"{redacted(url)!r} is not an address on the hub; "
            f"write hf://datasets/OWNER/NAME[@REVISION]/PATH."
        )
    owner, name, revision, path = match[1], match[2], match[3] or "main", match[4]
    hub = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    return f"{hub}/datasets/{owner}/{name}/resolve/{revision}/{path}"
