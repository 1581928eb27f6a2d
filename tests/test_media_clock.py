"""Picture and sound of every second are those of one moment, packed and corrupted alike."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from helpers.timed import SILENT, TimedFilm, gray, make_timed

import avrb_wds as avrb
from avrb_wds.building.clip_shape import PackedClip
from avrb_wds.codecs import decode_audio, decode_frame
from avrb_wds.packing import PackOptions
from avrb_wds.packing.class_list import LabelEncoder
from avrb_wds.packing.pack_job import convert_clip
from avrb_wds.packing.sources.base import SourceClip, VideoFile

LATE_SOUND, LATE_PICTURES = {"sound": (2, 7)}, {"pictures": (1.6, 7)}
IN_STEP = {
    "mp4-b": TimedFilm("mp4", b_frames=True),
    "webm": TimedFilm("webm"),
    "avi": TimedFilm("avi"),
    "flv": TimedFilm("flv"),
    "ts-b": TimedFilm("ts", b_frames=True),
    "gap-in-sound.mkv": TimedFilm("mkv", quiet=(2, 4)),
    "gap-in-pictures.mp4": TimedFilm("mp4", still=(2, 4), b_frames=True),
    "fast-slow.mp4": TimedFilm("mp4", rates=(40, 5)),
    "slow-fast-b.mkv": TimedFilm("mkv", rates=(5, 40), b_frames=True),
    "short-sound.mp4": TimedFilm("mp4", sound=(0, 4)),
    "short-pictures.mkv": TimedFilm("mkv", pictures=(0, 4)),
    "twice-b.ts": TimedFilm("ts", pictures=(0, 4), sound=(0, 4), twice=True, b_frames=True),
}
APART = {
    **{f"late-sound.{kind}": TimedFilm(kind, **LATE_SOUND) for kind in ("mp4", "mov")},
    "late-sound-b.mkv": TimedFilm("mkv", b_frames=True, **LATE_SOUND),
    "late-sound-b.ts": TimedFilm("ts", b_frames=True, **LATE_SOUND),
    **{f"late-pictures.{kind}": TimedFilm(kind, **LATE_PICTURES) for kind in ("mkv", "ts")},
    "late-pictures-b.mp4": TimedFilm("mp4", b_frames=True, **LATE_PICTURES),
    "late-clock-b.ts": TimedFilm("ts", offset=1000, pictures=(1, 7), b_frames=True),
    "edited-pictures.mp4": TimedFilm("mp4", edits=(2, 0)),
    "edited-sound-b.mp4": TimedFilm("mp4", edits=(0, 2), b_frames=True),
    "edited-both-b.mp4": TimedFilm("mp4", edits=(1, 1), b_frames=True),
    "copied-b.ts": TimedFilm("ts", copied=1.3, b_frames=True),
    "copied-b.mkv": TimedFilm("mkv", copied=1.3, b_frames=True),
    "copied.webm": TimedFilm("webm", copied=1.3),
}
FILMS = IN_STEP | APART
DURATION = {"start": 5, "center": 4}
FPS = 5
NEAR = 0.49  # seconds: pictures are a fifth of a second apart, in the film and in the clip


@dataclass(frozen=True)
class Told:
    """What a clip tells of its time: the moment of each picture, the pitch of the sound.

    frames: (when it shows, the moment it tells), in seconds.
    """

    frames: list[tuple[float, float]]
    pcm: np.ndarray
    sample_rate: int

    def moment(self, time: float) -> float:
        """That of the picture which shows at `time`, of the first before it."""
        shown = [moment for start, moment in self.frames if start <= time + 1e-6]
        return shown[-1] if shown else self.frames[0][1]

    def second(self, time: float) -> int:
        """That of the sound around `time`, SILENT where there is none."""
        begin, end = (round((time + by) * self.sample_rate) for by in (-0.2, 0.2))
        heard = self.pcm[max(0, begin) : end].astype(float)
        if len(heard) < end - begin or np.abs(heard).max() < 500:
            return SILENT
        peak = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))).argmax()
        return round((peak * self.sample_rate / len(heard) - 300) / 200)


def told_by_pack(path: Path, window: str) -> Told:
    options = PackOptions(
        fps=FPS, frame_size="keep", duration=DURATION[window], window=window, sample_rate="keep"
    )
    clip = SourceClip("clip", (), path.name, VideoFile(path), path)
    made = convert_clip(clip, options, LabelEncoder.of([clip], None))
    assert isinstance(made, PackedClip), str(made)
    frames = [decode_frame(data) for name, data in made.members if name.startswith("frame")]
    pcm, rate = decode_audio(dict(made.members)["wav"])
    return Told([(n / FPS, moment_of(frame)) for n, frame in enumerate(frames)], pcm[0], rate)


def told_by_corrupt(path: Path) -> Told:
    made = avrb.create_video(path, "compression", 1, modality="visual")
    with av.open(io.BytesIO(made.getvalue())) as file:
        shown = [(f.time, moment_of(f.to_ndarray(format="rgb24"))) for f in file.decode(video=0)]
    with av.open(io.BytesIO(made.getvalue())) as file:
        blocks = [(f.time, f.to_ndarray()[0]) for f in file.decode(audio=0)]
        rate = file.streams.audio[0].rate
    pcm = np.zeros(round(20 * rate))
    for time, block in blocks:
        place = round(time * rate)
        pcm[place : place + len(block)] = block * 32768
    return Told(shown, pcm, rate)


def moment_of(frame: np.ndarray) -> float:
    return (float(frame.mean()) - gray(0)) / (gray(1) - gray(0))


@dataclass(frozen=True)
class Truth:
    """What a film is to tell at each second of its clock, and from when to when it lasts."""

    film: TimedFilm

    @property
    def span(self) -> tuple[float, float]:
        film = self.film
        if film.edits:
            return 0, 7 - min(film.edits)
        start = max(film.copied, min(film.pictures[0], film.sound[0]))
        return start, max(film.pictures[1], film.sound[1]) * (2 if film.twice else 1)

    def moment(self, time: float) -> float:
        film = self.film
        start, end = film.pictures
        if film.twice:
            return time % end
        if film.edits:
            return min(time + film.edits[0], end)
        if film.copied:
            start = 2  # the second key frame
        if film.still[0] <= time < film.still[1]:
            time = film.still[0] - 1 / film.rates[0]
        return min(max(time, start), end - 1 / film.rates[1])

    def second(self, time: float) -> int:
        film = self.film
        start, end = film.sound
        time = time % end if film.twice else time + (film.edits[1] if film.edits else 0)
        silent = not start <= time < end or film.quiet[0] <= time < film.quiet[1]
        return SILENT if silent else math.floor(time)


def agreements(film: TimedFilm, told: Told, start: float, end: float) -> list[tuple[float, ...]]:
    """(second, picture expected, told, sound expected, told) of each that the clip covers."""
    truth = Truth(film)
    middles = [k + 0.5 for k in range(1000) if start + 0.3 <= k + 0.5 <= end - 0.3]
    return [
        (
            time - 0.5,
            truth.moment(time),
            told.moment(time - start),
            truth.second(time),
            told.second(time - start),
        )
        for time in middles
    ]


def windows_of(film: TimedFilm) -> dict[str, tuple[float, float]]:
    """From which to which second of the clock a clip of each window lasts."""
    start, end = Truth(film).span
    middle = start + max(0, (end - start - DURATION["center"]) / 2)
    return {
        "start": (start, min(end, start + DURATION["start"])),
        "center": (middle, min(end, middle + DURATION["center"])),
    }


@pytest.mark.parametrize("name", FILMS)
def test_every_second_is_of_one_moment(name: str, tmp_path: Path) -> None:
    film = FILMS[name]
    path = make_timed(tmp_path / f"in.{film.kind}", film)
    told = {window: told_by_pack(path, window) for window in DURATION}
    spans = windows_of(film) | {"corrupt": Truth(film).span}
    told["corrupt"] = told_by_corrupt(path)
    for way, clip in told.items():
        rows = agreements(film, clip, *spans[way])
        assert len(rows) >= 3
        for second, moment, seen, sound, heard in rows:
            assert seen == pytest.approx(moment, abs=NEAR), (way, second, "picture")
            assert heard == sound, (way, second, "sound")
