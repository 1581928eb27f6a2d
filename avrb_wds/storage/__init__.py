"""Storage: files in buckets and on web servers, read as reliably as local ones."""

from .limits import StorageLimits
from .reader import ObjectReader
from .remote_path import AnyPath, RemotePath, Storage, file_size, to_path
from .upload import check_bucket, remove, upload
from .url import is_remote, redacted
from .webdataset_plugin import register_webdataset

__all__ = [
    "StorageLimits",
    "AnyPath",
    "RemotePath",
    "Storage",
    "ObjectReader",
    "to_path",
    "check_bucket",
    "is_remote",
    "redacted",
    "register_webdataset",
    "remove",
    "file_size",
    "upload",
]
