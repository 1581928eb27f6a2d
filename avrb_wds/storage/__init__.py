"""Storage: files in buckets and on web servers, read as surely as local ones."""

from .address import is_remote, redacted
from .limits import Limits
from .plain import register
from .remote import Place, RemoteFile, Storage, as_place, size_of
from .store import Store
from .upload import check_bucket, remove, upload

__all__ = [
    "Limits",
    "Place",
    "RemoteFile",
    "Storage",
    "Store",
    "as_place",
    "check_bucket",
    "is_remote",
    "redacted",
    "register",
    "remove",
    "size_of",
    "upload",
]
