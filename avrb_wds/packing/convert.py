"""One source clip to the members of one shard clip: the work that many do at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ..building.clip_shape import ClipShape, PackedClip
from ..building.journal import ClipFailure
from ..codecs import encode_audio
from ..concurrency import CAN_SHARE, THREADS, map_in_processes
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

Clip = TypeVar("Clip")


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


def convert_all(
    work: Callable[[Clip], PackedClip | ClipFailure],
    clips: Sequence[Clip],
    num_workers: int,
    name: Callable[[Clip], str],
) -> Generator[PackedClip | ClipFailure, None, None]:
    """What `work` makes of all clips, in order, `num_workers` at a time, twice as many in memory.

    With 0 workers each is made as it is asked for.  More than two are processes: see `THREADS`; no
    more than there are clips.  name: of a clip, for the error where a process dies of it.
    """
    num_workers = min(num_workers, len(clips))
    if num_workers > THREADS and CAN_SHARE:
        yield from map_in_processes(work, clips, num_workers, name)
        return
    if not num_workers:
        yield from map(work, clips)
        return
    pool = ThreadPoolExecutor(num_workers, thread_name_prefix="avrb-pack")
    waiting: deque[Future[PackedClip | ClipFailure]] = deque()
    try:
        for clip in clips:
            waiting.append(pool.submit(work, clip))
            if len(waiting) >= 2 * num_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
