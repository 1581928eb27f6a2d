"""Responses of servers, and what their errors mean."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import DataError
from .url import redacted

DIGEST = "sha256"
"""The name under which the SHA-256 of a file is stored with it."""

_STATUS = re.compile(r"non-2xx status code: (\d+)([A-Za-z -]*)")
_LATER = {408, 416, 425, 429}
# What a failed read says about itself; the rest of its text may hold signed addresses.
_SIGNS = {
    "kind: Timeout": "no answer in time",
    "kind: Connect": "no connection",
    "kind: Interrupted": "the connection dropped",
}
# As S3, its like, STS, Azure and Google word it.
_CLOCK = re.compile(
    "RequestTimeTooSkewed|RequestExpired|Signature (?:expired|not yet current)|"
    "Request date header too old|check your iat and exp"
)
# As rustls and OpenSSL word it; the last holds for all that are not trusted.
_CERTIFICATES = (
    ("NotValidYet|not yet valid", "is not valid yet; set this machine's clock"),
    (
        "Expired|has expired",
        "has expired; set this machine's clock if it is wrong, or have the server get a new one",
    ),
    ("NotValidForName|[Mm]ismatch", "is one for another host; correct the address"),
    (
        "self.signed|UnknownIssuer|CaUsedAsEndEntity|unable to get|peer certificate|verify failed",
        "is self-signed or from an unknown authority; name a file with the authority's certificate "
        "in SSL_CERT_FILE",
    ),
)


class TransientError(Exception):
    """A read that may succeed when tried again; its text says why it failed.

    after: the seconds to wait that the server asks for; is_busy: it may have asked for some.
    """

    def __init__(self, said: str, after: float = 0.0, *, is_busy: bool = False) -> None:
        super().__init__(said)
        self.after, self.is_busy = after, is_busy


class RemoteFileNotFoundError(DataError):
    """No file exists at a URL."""


class AccessDeniedError(DataError):
    """The credentials do not allow what was asked."""


class RangeIgnoredError(TransientError):
    """The server answered with the whole file where a range was asked for."""


class ObjectInfo(NamedTuple):
    """What a server says about a file; etag: None where it gives none.

    sha256: that was stored with it by `upload`; "" for files of others.
    """

    size: int
    etag: str | None
    modified: str
    sha256: str = ""


def response_error(
    status: int, reason: str, url: str, byte: int, after: float = 0.0
) -> TransientError | DataError:
    """What a status that is no success means."""
    where = f"{redacted(url)}, byte {byte}"
    if status == 404:
        return RemoteFileNotFoundError(f"{redacted(url)} does not exist.")
    if status in (401, 403):
        return AccessDeniedError(
            f"{where}: access is denied; check the credentials in the environment or in "
            f"storage_options."
        )
    if status == 412:
        return DataError(f"{where}: the file has changed since it was first read.")
    said = f"the server answers {f'{status} {reason}'.rstrip()}"
    if status // 100 == 4 and status not in _LATER:
        return DataError(f"{where}: {said}.")
    return TransientError(f"{said}.", after, is_busy=status in (429, 503))


def certificate_error(text: str, where: str) -> DataError | None:
    """The sentence for an error of TLS about the server's certificate; None for all others."""
    for pattern, fault in _CERTIFICATES:
        if re.search(pattern, text):
            return DataError(f"{where}: the server's certificate {fault}.")
    return None


def translate_error(error: BaseException, url: str, byte: int) -> TransientError | DataError:
    """What obstore's error means: to be tried again, or a sentence with address and byte."""
    if isinstance(error, (TransientError, DataError)):
        return error
    text, kind, where = str(error), type(error).__name__, f"{redacted(url)}, byte {byte}"
    status = _STATUS.search(text)
    if isinstance(error, FileNotFoundError):
        return response_error(404, "", url, byte)
    if _CLOCK.search(text):
        return DataError(
            f"{where}: the server does not take this machine's time for the right one; "
            f"set its clock."
        )
    if kind in ("PermissionDeniedError", "UnauthenticatedError"):
        return response_error(403, "", url, byte)
    if kind == "PreconditionError":
        return response_error(412, "", url, byte)
    if "169.254.169.254" in text or "metadata.google.internal" in text:
        return DataError(
            f"{where}: no credentials are found; set them in the environment or in "
            f"storage_options (or skip_signature=True for a public bucket)."
        )
    if kind == "NotSupportedError":
        return RangeIgnoredError("the server ignores byte ranges.")
    if status:
        return response_error(int(status[1]), status[2].strip(), url, byte)
    if "kind: Connect" in text and (fault := certificate_error(text, where)):
        return fault
    signs = (meaning for sign, meaning in _SIGNS.items() if sign in text)
    return TransientError(f"{next(signs, 'the read fails')}.")
