"""Videos, images and sounds outside of shards: corrupted as they stream, published whole."""

from .files import corrupt_file, create_video
from .folder import FileFailure, FolderResult, corrupt_folder

__all__ = ["FileFailure", "FolderResult", "corrupt_file", "corrupt_folder", "create_video"]
