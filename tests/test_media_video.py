"""create_video on videos of every make: the same frames at the same times, sound in step."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from helpers.films import MILLI, Film, make_film, watch

import avrb_wds as avrb

UNEVEN = (0, 40, 90, 200, 230, 300, 420, 430, 500, 640, 700, 810, 900, 1000, 1100, 1250)
OPUS = {"sound_codec": "libopus", "sample_rate": 48_000}
FILMS = {
    "plain.mp4": Film(),
    "odd.mp4": Film(height=47, width=63, codec="mpeg4"),
    "full-chroma.mkv": Film(height=35, width=51, pixels="yuv444p"),
    "uneven.mp4": Film(unit=MILLI, times=UNEVEN, flashes=(3, 11)),
    "uneven.mkv": Film(unit=MILLI, times=UNEVEN, flashes=(3, 11)),
    "ntsc.mov": Film(rate=Fraction(30_000, 1001)),
    "no-sound.mp4": Film(tracks=0),
    "three-tracks.mkv": Film(tracks=3),
    "surround.mp4": Film(channels=6, sample_rate=48_000),
    "odd-rate.mkv": Film(sound_codec="flac", sample_rate=10_000),
    "hevc-10-bit.mp4": Film(
        codec="libx265", pixels="yuv420p10le", options={"x265-params": "log-level=none"}
    ),
    "h264-10-bit.mp4": Film(pixels="yuv420p10le"),
    "vp9.webm": Film(codec="libvpx-vp9", **OPUS),
    "av1.mp4": Film(codec="libsvtav1", height=64, width=64),
    "late-picture.mp4": Film(late=Fraction(1, 2)),
    "late-sound.mp4": Film(late=Fraction(-1, 2), flashes=(7, 11)),
    "late-picture.mkv": Film(late=Fraction(1, 2)),
    "late-sound.ts": Film(late=Fraction(-1, 2), flashes=(7, 11)),
    "reordered.mp4": Film(options={"bf": "3", "x264-params": "b-adapt=0"}),
    "old.avi": Film(codec="mpeg4", sound_codec="libmp3lame"),
    "program.mpg": Film(
        codec="mpeg2video", rate=Fraction(25), sound_codec="mp2", sample_rate=44_100
    ),
}


@pytest.fixture(autouse=True)
def quiet_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVT_LOG", "-1")


@pytest.mark.parametrize("name", FILMS)
def test_frames_times_and_sound_are_those_of_the_source(name: str, tmp_path: Path) -> None:
    film = FILMS[name]
    source = make_film(tmp_path / name, film)
    out = avrb.corrupt_file(source, tmp_path / "out.mp4", "compression", 1)
    before, after = watch(source), watch(out)
    frame = float(1 / film.rate)

    assert len(after.times) == len(film.stamps)
    assert after.shape == tuple(side + side % 2 for side in before.shape)
    assert after.times == pytest.approx(before.times, abs=0.002)
    assert abs(after.seconds - before.seconds) <= frame
    assert [level > 150 for level in after.levels] == [level > 150 for level in before.levels]
    assert after.channels == before.channels
    # Flash and burst are as far apart as they were: to a frame, and in fact to milliseconds.
    assert len(after.bursts) == (2 if film.tracks else 0)
    for moments in ("flashes", "bursts"):
        assert getattr(after, moments) == pytest.approx(getattr(before, moments), abs=0.005)


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_a_turned_video_shows_upright(rotation: int, tmp_path: Path) -> None:
    aspect = Fraction(4, 3)
    source = make_film(tmp_path / "in.mp4", Film(rotation=rotation, aspect=aspect, tracks=0))
    with av.open(str(source)) as file:
        stored = next(file.decode(video=0))
        turns = round(stored.rotation / 90)
        expected = np.rot90(stored.to_ndarray(format="rgb24"), turns)
    made = avrb.AVRobustBench.create_video(source, "compression", 1)
    with av.open(made) as file:
        frame = next(file.decode(video=0))
        assert file.streams.video[0].sample_aspect_ratio == (1 / aspect if turns % 2 else aspect)
    assert turns != 0
    assert frame.rotation == 0
    difference = frame.to_ndarray(format="rgb24").astype(int) - expected
    assert np.abs(difference).mean() < 4


def test_frame_f_draws_by_its_number_and_the_key_is_the_files_name(tmp_path: Path) -> None:
    source = make_film(tmp_path / "a.b.mp4", Film(flashes=(), tracks=0))
    with av.open(str(source)) as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    expected = avrb.corrupt_frames(np.stack(frames), "interference", 5, seed=3, key="a%2Eb")
    with av.open(avrb.create_video(source, "interference", 5, seed=3)) as file:
        shown = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    for made, wanted in zip(shown, expected, strict=True):
        assert np.abs(made.astype(int) - wanted).mean() < 6  # what H.264 loses


def test_under_temporal_clip_all_frames_share_one_draw(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mp4", Film(flashes=(), tracks=0))
    with av.open(avrb.create_video(source, "interference", 5, temporal="clip")) as file:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in file.decode(video=0)]
    assert max(np.abs(frame - frames[0]).mean() for frame in frames) < 2
    with pytest.raises(avrb.UsageError, match="temporal 'moving' is not one of frame, clip"):
        avrb.create_video(source, temporal="moving")  # type: ignore[arg-type]


def test_colours_stay(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    color = np.full((48, 64, 3), (200, 40, 90), np.uint8)
    with av.open(str(source), "w") as file:  # tagged as BT.601, as standard definition is
        stream = file.add_stream("libx264", rate=10, options={"crf": "1"})
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.codec_context.colorspace = 6
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(color, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=5, dst_color_range=1)
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    with av.open(avrb.create_video(source, modality="audio")) as file:
        frame = next(file.decode(video=0))
    assert (frame.colorspace, frame.color_range) == (1, 1)
    assert np.abs(frame.to_ndarray(format="rgb24")[20, 20].astype(int) - color[0, 0]).max() <= 5


def test_duration_cuts_picture_and_sound(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mp4")
    made = avrb.create_video(source, "compression", 1, duration=0.5)
    with av.open(made) as file:
        assert file.streams.video[0].frames == 5
        assert sum(frame.samples for frame in file.decode(audio=0)) == pytest.approx(8000, abs=1024)
    for duration in (0, -1, float("inf"), float("nan")):
        with pytest.raises(avrb.UsageError, match="is not a number above 0; give one in seconds"):
            avrb.create_video(source, duration=duration)


def test_what_is_returned_is_what_is_saved(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mp4", Film(frames=4, flashes=(1,)))
    saved = tmp_path / "saved"
    saved.write_bytes(b"replaced")
    made = avrb.AVRobustBench.create_video(
        str(source), corruption="concert", severity=5, save_path=str(saved)
    )
    assert isinstance(made, io.BytesIO)
    assert made.tell() == 0
    assert made.read() == saved.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "saved"]
