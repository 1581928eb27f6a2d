"""The file suffixes of videos, images and audio."""

from __future__ import annotations

VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v", ".mpg", ".mpeg", ".flv", ".wmv"),
        *(".3gp", ".ts", ".mts", ".m2ts", ".ogv"),
    )
)
IMAGE_SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""Image files that are corrupted, and Pillow's format for each."""
AUDIO_SUFFIXES = {".wav": "wav", ".flac": "flac"}
"""Audio files that are corrupted, and the format of `encode_audio` for each."""
FRAME_EXTENSIONS = ("jpg", "jpeg", "png", "webp")
"""Stored frames: members of shards, and images in folders of frames."""
AUDIO_EXTENSIONS = ("wav", "flac", "mp3", "ogg")
"""Members of shards that are audio."""
BANK_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
BANK_AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
