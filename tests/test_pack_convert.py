"""One clip in, members out: which frames, which samples, what is kept and what fails."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.videos import Movie, level, make_video
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from avrb_wds.building.clip_shape import PackedClip
from avrb_wds.codecs import decode_audio, decode_frame, encode_audio, encode_frame
from avrb_wds.errors import UsageError
from avrb_wds.packing import ClipFailure, PackOptions
from avrb_wds.packing.class_list import LabelEncoder
from avrb_wds.packing.frames import fit
from avrb_wds.packing.pack_job import convert_clip
from avrb_wds.packing.sampling import choose_frames, choose_samples
from avrb_wds.packing.sources.base import FrameColumns, FrameFolder, SourceClip, VideoFile

CHOICES = [
    # frames there, a second, options, numbers taken
    (20, 10, {"frames": 10}, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]),
    (299, 29.97, {"frames": 10, "duration": 10}, [0, 29, 59, 89, 119, 149, 179, 209, 239, 269]),
    (4, 2, {"frames": 6}, [0, 0, 1, 2, 2, 3]),
    (400, 30, {"frames": 3, "duration": 10}, [0, 100, 200]),
    (400, 30, {"frames": 2, "duration": 10, "window": "center"}, [50, 200]),
    (3, 2, {}, [0, 1, 2]),
    (30, 10, {"fps": 2}, [0, 5, 10, 15, 20, 25]),
    (30, 10, {"fps": 20, "duration": 0.3}, [0, 0, 1, 1, 2, 2]),
    (30, 10, {"fps": 2, "duration": 1, "window": "center"}, [10, 15]),
    (1, 10, {"fps": 1}, [0]),
    (5, 10, {"duration": 0.01}, [0]),
    (9, 3, {"frames": 3, "duration": float("inf")}, [0, 3, 6]),
]


@pytest.mark.parametrize(("there", "rate", "options", "taken"), CHOICES)
def test_frames_chosen(there, rate, options, taken) -> None:
    times = [number / rate for number in range(there)]
    assert choose_frames(times, rate, PackOptions(**options)) == taken


lengths = st.floats(0.01, 20) | st.none() | st.just(float("inf"))


@settings(deadline=None)
@given(
    st.integers(1, 300), st.floats(0.5, 120), st.integers(1, 40) | st.none(),
    st.floats(0.1, 60), lengths, st.sampled_from(["start", "center"]),
)  # fmt: skip
def test_choices_are_in_order_and_there(there, rate, frames, fps, duration, window) -> None:
    options = PackOptions(
        frames=frames, fps=None if frames else fps, duration=duration, window=window
    )
    times = [3 + number / rate for number in range(there)]
    taken = choose_frames(times, rate, options)
    assert taken == sorted(taken)
    assert 0 <= taken[0] <= taken[-1] < there
    assert frames is None or len(taken) == frames
    pcm = np.arange(there, dtype=np.int16)[np.newaxis]
    samples = choose_samples(pcm, 10, options)
    assert 0 < samples.shape[1] == min(there, max(1, round(min(duration or there, there) * 10)))


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"frames": 0}, "frames must be a positive integer; got 0"),
        ({"fps": -1}, "fps -1 is not"),
        ({"frames": 3, "fps": 1}, "frames 3 and fps 1 exclude each other"),
        ({"frame_size": 0}, "frame_size must be a positive integer; got 0"),
        ({"duration": float("nan")}, "duration nan is not"),
        ({"sample_rate": 0}, "sample_rate must be a positive integer; got 0"),
        ({"quality": 101}, "quality must be an integer from 1 to 100; got 101"),
        ({"audio_format": "mp3"}, "audio_format 'mp3' is not one of wav, flac"),
        ({"window": "end"}, "window 'end' is not one of start, center"),
        ({"channels": "2"}, "channels '2' is not one of mono, first, keep"),
        ({"clips_per_shard": 0}, "clips_per_shard must be a positive integer; got 0"),
    ],
)
def test_wrong_options(options, fault) -> None:
    with pytest.raises(UsageError, match=fault):
        PackOptions(**options)


def test_fit_crops_the_middle() -> None:
    frame = np.zeros((40, 80, 3), np.uint8)
    frame[:, 20:60] = 200
    np.testing.assert_array_equal(fit(frame, 40), 200)
    assert fit(frame, "keep") is frame
    assert fit(frame[:, :1], 7).shape == (7, 7, 3)
    assert fit(np.zeros((1, 1, 3), np.uint8), 5).shape == (5, 5, 3)


def clip_of(path: Path, frames: object = None, audio: Path | None = None) -> SourceClip:
    return SourceClip("v.1", (), path.name, frames or VideoFile(path), audio or path)


def packed(clip: SourceClip, **options: object) -> tuple[list[np.ndarray], np.ndarray, int]:
    made = convert_clip(clip, PackOptions(**options), LabelEncoder.of([clip], None))
    assert isinstance(made, PackedClip), str(made)
    held = dict(made.members)
    sound = held[options.get("audio_format", "wav")]
    assert list(held)[2:] == [f"frame_{n:04d}.jpg" for n in range(len(held) - 2)]
    frames = [decode_frame(data) for name, data in held.items() if name.startswith("frame")]
    pcm, sample_rate = decode_audio(sound)
    assert made.shape.samples == pcm.shape[1]
    assert json.loads(held["json"])["duration_s"] == round(pcm.shape[1] / sample_rate, 6)
    return frames, pcm, sample_rate


def grays(frames: list[np.ndarray]) -> list[int]:
    """The numbers of the frames of a Movie."""
    return [round((int(frame[-4:, -4:].mean()) - level(0)) / 10) for frame in frames]


def test_a_video_as_cav_mae_takes_it(tmp_path) -> None:
    path = make_video(tmp_path / "v.1.mp4", Movie())
    frames, pcm, sample_rate = packed(clip_of(path))
    assert grays(frames) == list(range(0, 20, 2))
    assert (frames[0].shape, pcm.shape[0], sample_rate) == ((224, 224, 3), 1, 16_000)
    frames, pcm, _ = packed(clip_of(path), fps=5, duration=1, frame_size="keep")
    assert grays(frames) == [0, 2, 4, 6, 8]
    assert (frames[0].shape, pcm.shape) == ((48, 64, 3), (1, 16_000))
    middle, _, _ = packed(clip_of(path), frames=2, duration=1, frame_size=30, window="center")
    assert (grays(middle), middle[0].shape) == ([5, 10], (30, 30, 3))


@pytest.mark.parametrize(("rotation", "corner"), [(90, (-3, 2)), (-90, (2, -3)), (180, (-3, -3))])
def test_a_rotation_flag_is_honoured(tmp_path, rotation, corner) -> None:
    path = make_video(tmp_path / "v.mp4", Movie(rotation=rotation))
    frames, _, _ = packed(clip_of(path), frames=1, frame_size="keep")
    assert frames[0].shape == ((48, 64, 3) if rotation == 180 else (64, 48, 3))
    assert frames[0][corner].min() > 200 > frames[0].mean()


def test_sound_keeps_its_samples(tmp_path) -> None:
    movie = Movie(sound_codec="flac", channels=2, sample_rate=44_100)
    path = make_video(tmp_path / "v.mkv", movie)
    pcm, made = movie.pcm(), clip_of(path)
    kept, rate = packed(made, sample_rate="keep", channels="keep", audio_format="flac")[1:]
    np.testing.assert_array_equal(kept, pcm)
    assert rate == 44_100
    first = packed(made, sample_rate="keep", channels="first")[1]
    np.testing.assert_array_equal(first, pcm[:1])
    mono = packed(made, sample_rate="keep")[1]
    np.testing.assert_array_equal(mono[0], np.rint(pcm.mean(axis=0)))
    low, rate = packed(made, sample_rate=8000)[1:]
    assert (low.shape, rate) == ((1, 16_000), 8000)
    tone = replace(movie, sample_rate=8000).pcm()[0] * 0.75
    assert np.abs(low[0, 800:-800] - tone[800:-800]).max() < 20


def stored(root: Path, sizes: list[tuple[int, int]]) -> list[bytes]:
    """Frames in AVROBUSTBENCH's folders, and a sound of 0.5 s beside them."""
    out = []
    for number, (height, width) in enumerate(sizes):
        (root / f"frame_{number}").mkdir(parents=True)
        out.append(encode_frame(np.full((height, width, 3), level(number), np.uint8), 60))
        (root / f"frame_{number}/v.1.jpg").write_bytes(out[-1])
    tone = Movie(seconds=0.5).pcm()
    (root / "v.1.wav").write_bytes(encode_audio(tone, 16_000))
    return out


def test_stored_frames_keep_their_bytes(tmp_path) -> None:
    coded = stored(tmp_path, [(24, 32)] * 12)
    clip = clip_of(tmp_path, FrameColumns(tmp_path, "v.1"), tmp_path / "v.1.wav")
    made = convert_clip(clip, PackOptions(), LabelEncoder.of([clip], None))
    assert [data for name, data in made.members if name.startswith("frame")] == coded
    assert dict(made.members)["wav"] == (tmp_path / "v.1.wav").read_bytes()
    some, pcm, _ = packed(clip, frames=3, frame_size=16, duration=0.25)
    assert (grays(some), some[0].shape, pcm.shape) == ([0, 4, 8], (16, 16, 3), (1, 4000))


def test_a_folder_of_numbered_frames(tmp_path) -> None:
    for number in range(1, 21):
        Image.new("RGB", (30, 20), (level(number - 1),) * 3).save(tmp_path / f"{number:06d}.png")
    sound = tmp_path / "a.wav"
    sound.write_bytes(encode_audio(Movie(seconds=2.5).pcm(), 16_000))
    clip = clip_of(tmp_path, FrameFolder(tmp_path, 8.0), sound)
    frames, pcm, _ = packed(clip, frames=4, duration=1, window="center", frame_size=20)
    assert (grays(frames), pcm.shape, frames[0].shape) == ([6, 8, 10, 12], (1, 16_000), (20, 20, 3))
    assert grays(packed(clip, fps=2)[0]) == [0, 4, 8, 12, 16]


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def broken(folder: Path) -> dict[str, tuple[SourceClip, str]]:
    whole = make_video(folder / "whole.mp4").read_bytes()
    columns = FrameColumns(folder / "c", "v.1")
    stored(folder / "c", [(24, 32), (24, 30)])
    (folder / "frames").mkdir()
    wav = folder / "c/v.1.wav"
    silence = write(folder / "z.wav", encode_audio(np.zeros((1, 0), np.int16), 16_000))
    return {
        "missing": (clip_of(folder / "none.mp4"), "No such file"),
        "empty": (clip_of(write(folder / "e.mp4", b"")), "Invalid data found"),
        "text": (clip_of(write(folder / "t.mp4", b"not a video" * 99)), "Invalid data found"),
        "cut off": (clip_of(write(folder / "c.mp4", whole[:-3000])), "cannot be decoded"),
        "mute": (clip_of(make_video(folder / "m.mp4", Movie(sound=False))), "has no sound track"),
        "blind": (clip_of(make_video(folder / "b.mp4", Movie(frames=0))), "has no frames"),
        "no wav": (clip_of(folder / "whole.mp4", None, folder / "n.wav"), r"n\.wav cannot be open"),
        "empty wav": (clip_of(folder / "whole.mp4", None, silence), "the sound is empty"),
        "sizes": (clip_of(folder, columns, wav), "differ in size: 30x24, 32x24; give"),
        "no frame": (clip_of(folder, FrameColumns(folder / "c", "w"), wav), r"w\.jpg does not"),
        "no columns": (clip_of(folder, FrameColumns(folder, "v.1"), wav), "no folder named fr"),
        "no frames": (clip_of(folder, FrameFolder(folder / "frames", 8.0), wav), "holds no image"),
    }  # fmt: skip


CASES = (
    "missing", "empty", "text", "cut off", "mute", "blind", "no wav", "empty wav", "sizes",
    "no frame", "no columns", "no frames",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_packed_says_why(tmp_path, case) -> None:
    clip, cause = broken(tmp_path)[case]
    failure = convert_clip(clip, PackOptions(), LabelEncoder.of([clip], None))
    assert isinstance(failure, ClipFailure)
    assert (failure.video_id, failure.source) == ("v.1", clip.source)
    assert re.search(cause, failure.cause), failure.cause
    assert "\n" not in str(failure)
