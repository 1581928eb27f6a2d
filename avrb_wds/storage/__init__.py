"""Storage: files in buckets and on web servers, read as surely as local ones."""

from .limits import Limits
from .reader import Store
from .remote_path import Place, RemoteFile, Storage, as_place, size_of
from .upload import check_bucket, remove, upload
from .url import is_remote, redacted
from .webdataset_plugin import register

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
