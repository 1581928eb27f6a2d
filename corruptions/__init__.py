"""The corruptions: pairs of a visual and an audio kernel, and the seeded draws they share.

>>> get("gaussian").name
'gaussian'
"""

from .draw import Draw
from .errors import AvrbError, UsageError
from .registry import (
    CORRUPTIONS,
    MODALITIES,
    PROFILES,
    SEVERITIES,
    AudioStream,
    Context,
    Corruption,
    Frame,
    Kernel,
    Modality,
    Pcm,
    Profile,
    available,
    check_severity,
    get,
    register_corruption,
)

__all__ = [
    "CORRUPTIONS",
    "MODALITIES",
    "PROFILES",
    "SEVERITIES",
    "AvrbError",
    "Context",
    "Corruption",
    "Draw",
    "Frame",
    "Kernel",
    "Modality",
    "Pcm",
    "Profile",
    "AudioStream",
    "UsageError",
    "available",
    "check_severity",
    "get",
    "register_corruption",
]
