"""JPEG and other images to frames, WAV and FLAC to pcm, and back."""

from .audio import decode_audio, encode_audio
from .images import (
    JPEG,
    FrameFormat,
    decode_frame,
    decode_image,
    decode_pixels,
    encode_frame,
    is_upright,
)

__all__ = [
    "JPEG",
    "FrameFormat",
    "decode_audio",
    "decode_frame",
    "decode_image",
    "decode_pixels",
    "encode_audio",
    "encode_frame",
    "is_upright",
]
