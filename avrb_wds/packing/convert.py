"""One source clip to the members of one shard clip."""

from __future__ import annotations

from ..building.clip_shape import ClipShape, PackedClip
from ..building.journal import ClipFailure
from ..codecs import encode_audio
from ..corruptions import Pcm
from ..errors import DataError
from ..paths import check_file
from ..shards.record import ClipRecord, escape_key
from .audio import clip_audio
from .class_list import LabelEncoder
from .frames import EncodedFrame, clip_frames, resolve_options
from .options import PackOptions
from .sources.base import SourceClip, VideoFile
from .video_window import VideoWindow


def convert(
    clip: SourceClip, options: PackOptions, labelling: LabelEncoder
) -> PackedClip | ClipFailure:
    """The members of one clip; a Failure where its data is missing, broken or empty."""
    try:
        check_file(clip.audio)
        if isinstance(clip.pictures, VideoFile):
            check_file(clip.pictures.path)
        frames, (pcm, sample_rate) = _parts(clip, resolve_options(clip.pictures, options))
    except DataError as error:
        return ClipFailure(clip.video_id, clip.source, str(error))
    record = ClipRecord(
        clip.video_id,
        clip.labels,
        labelling.target(clip.labels),
        clip.source,
        round(pcm.shape[1] / sample_rate, 6),
    )
    members = (
        ("json", record.to_bytes()),
        (options.audio_format, encode_audio(pcm, sample_rate, options.audio_format)),
        *((f"frame_{number:04d}.jpg", coded) for number, (coded, _) in enumerate(frames)),
    )
    height, width = frames[0][1]
    layout = ClipShape(len(frames), height, width, sample_rate, pcm.shape[0], pcm.shape[1])
    return PackedClip(escape_key(clip.video_id), members, layout)


def _parts(clip: SourceClip, options: PackOptions) -> tuple[list[EncodedFrame], tuple[Pcm, int]]:
    """Frames and sound; of one file they are of the same moments."""
    if not isinstance(clip.pictures, VideoFile):
        return clip_frames(clip.pictures, options), clip_audio(clip.audio, options)
    together = clip.audio == clip.pictures.path
    video = VideoWindow.of(clip.pictures.path, options, with_sound=together)
    sound = clip_audio(clip.audio, options, video if together else None)
    return clip_frames(video, options), sound
