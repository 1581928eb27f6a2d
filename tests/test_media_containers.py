"""Unusual but good video files, which packing, corrupting and previews all read, and read right."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from helpers.films import Film, make_film
from helpers.videos import Movie, make_video
from test_media_broken import BROKEN, whole

import avrb_wds as avrb
from avrb_wds.av.audio_track import find_audio_track
from avrb_wds.packing import PackOptions
from avrb_wds.packing.sampling import Span
from avrb_wds.packing.video_window import VideoWindow
from avrb_wds.previews.clip import clip_of_file

OPTIONS = PackOptions(frames=4, frame_size="keep", duration=10)


def remux(source: Path, target: Path, kind: str, **options: str) -> Path:
    """The same packets in another container."""
    with (
        av.open(str(source)) as old,
        av.open(str(target), "w", format=kind, container_options=options) as new,
    ):
        streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    return target


def read_by_all(path: Path) -> tuple[int, int]:
    """(frames that corrupt writes, samples of the sound), after pack and preview have read it."""
    window = VideoWindow.of(path, OPTIONS, with_audio=True)
    assert len(window.frames(lambda frame: frame)) == 4
    assert clip_of_file(path, 2).frames is not None
    with av.open(avrb.create_video(path, "compression", 1, modality="visual")) as file:
        return file.streams.video[0].frames, window.track.samples if window.track else 0


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    reordered = {"bf": "2", "g": "10", "x264-params": "b-adapt=0"}
    return make_film(tmp_path_factory.mktemp("film") / "in.mp4", Film(30, options=reordered))


@pytest.mark.parametrize(
    ("kind", "suffix", "options"),
    [
        ("matroska", "mkv", {"live": "1"}),  # no length, no index, segments of unknown size
        ("flv", "flv", {"flvflags": "no_duration_filesize"}),
        ("mp4", "mp4", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
        ("mp4", "mp4", {"movflags": "dash+global_sidx", "frag_duration": "1000000"}),
        ("mpegts", "ts", {}),
    ],
)
def test_what_a_recorder_streams(
    film: Path, kind: str, suffix: str, options: dict[str, str], tmp_path: Path
) -> None:
    path = remux(film, tmp_path / f"live.{suffix}", kind, **options)
    assert read_by_all(path)[0] == 30


def test_an_edit_list_may_leave_out_the_end(film: Path, tmp_path: Path) -> None:
    data = bytearray(film.read_bytes())
    place = data.index(b"elst") + 12
    lasts = int.from_bytes(data[place : place + 4], "big")
    data[place : place + 4] = (lasts // 3).to_bytes(4, "big")
    path = tmp_path / "in.mp4"
    path.write_bytes(data)
    with av.open(str(path)) as file:
        packets = sum(1 for packet in file.demux(video=0) if packet.size)
        assert packets < file.streams.video[0].frames  # FFmpeg leaves out the last group
    assert read_by_all(path)[0] == 10


def test_titles_in_any_encoding(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "in.mkv"
    with av.open(str(film)) as old, av.open(str(path), "w") as new:
        new.metadata["title"] = "Carnaval de TITLE"
        streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    path.write_bytes(path.read_bytes().replace(b"TITLE", b"Bras\xe9"))
    with pytest.raises(UnicodeDecodeError):
        av.open(str(path))
    assert read_by_all(path)[0] == 30


@pytest.mark.parametrize(
    ("rotation", "across", "over"),
    [
        (0, False, True),
        (0, True, False),
        (90, True, False),
        (-90, True, False),
        (180, False, False),
    ],
)
def test_mirrored_pictures_show_as_players_show_them(
    rotation: int, across: int, over: int, tmp_path: Path
) -> None:
    path = tmp_path / "in.mp4"
    scene = np.zeros((32, 48, 3), np.uint8)
    scene[:16, :24], scene[:16, 24:], scene[16:, :24], scene[16:, 24:] = 40, 100, 160, 220
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=10, options={"qp": "4"})
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p"
        stream.set_display_rotation(rotation, bool(across), bool(over))
        for _ in range(4):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(scene, format="rgb24")))
        file.mux(stream.encode())
    shown = np.rot90(scene, rotation // 90)
    shown = shown[:: -1 if over else 1, :: -1 if across else 1].astype(int)
    window = VideoWindow.of(path, OPTIONS, with_audio=False)
    assert np.abs(window.frames(lambda frame: frame)[0] - shown).mean() < 4
    with av.open(avrb.create_video(path, "compression", 1, modality="audio")) as file:
        made = next(file.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(made - shown).mean() < 4


def test_pictures_at_a_slant_stay_as_stored(tmp_path: Path) -> None:
    path = make_video(tmp_path / "in.mp4", Movie(frames=4, rotation=30))
    frame = VideoWindow.of(path, OPTIONS, with_audio=False).frames(lambda frame: frame)[0]
    assert frame.shape == (48, 64, 3)
    assert frame[2, 2].min() > 200


@pytest.mark.parametrize(("layout", "channels"), [("7.1", 8), ("hexadecagonal", 16), ("22.2", 24)])
def test_sound_of_many_channels(layout: str, channels: int, tmp_path: Path) -> None:
    path = tmp_path / "in.mov"
    pcm = np.arange(channels, dtype=np.int16)[:, None] * np.full(1600, 100, np.int16)
    with av.open(str(path), "w") as file:
        picture = file.add_stream("mpeg4", rate=10)
        picture.height = picture.width = 16
        track = file.add_stream("pcm_s16le", rate=16_000, layout=layout)
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        file.mux(picture.encode(frame) + picture.encode())
        packed = np.ascontiguousarray(pcm.T).reshape(1, -1)
        block = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        block.sample_rate, block.pts, block.time_base = 16_000, 0, Fraction(1, 16_000)
        file.mux(track.encode(block) + track.encode())
    found = find_audio_track(path)
    assert found is not None
    assert np.array_equal(np.concatenate(list(found.pieces()), axis=1), pcm)
    read_by_all(path)


def test_sound_whose_rate_and_channels_change_is_brought_to_the_first(tmp_path: Path) -> None:
    parts = []
    for number, (rate, layout) in enumerate(((48_000, "mono"), (24_000, "stereo"))):
        path = tmp_path / f"{number}.ts"
        times = np.arange(2 * rate) / rate
        tone = (9000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
        pcm = np.repeat(tone, 1 + number)[None]
        with av.open(str(path), "w") as file:
            picture = file.add_stream("mpeg2video", rate=25)
            picture.height = picture.width = 32
            picture.pix_fmt = "yuv420p"
            track = file.add_stream("aac", rate=rate, layout=layout)
            for _ in range(50):
                frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
                file.mux(picture.encode(frame))
            block = av.AudioFrame.from_ndarray(pcm, format="s16", layout=layout)
            block.sample_rate, block.pts, block.time_base = rate, 0, Fraction(1, rate)
            file.mux(picture.encode() + track.encode(block) + track.encode())
        parts.append(path.read_bytes())
    path = tmp_path / "in.ts"
    path.write_bytes(b"".join(parts))
    track = find_audio_track(path)
    assert track is not None
    assert (track.sample_rate, track.shape[0]) == (48_000, 1)
    pcm = np.concatenate(list(track.pieces()), axis=1)[0].astype(float)
    assert len(pcm) == pytest.approx(4 * 48_000, rel=0.06)
    for second in (0.5, 1.3, 2.5, 3.3):
        heard = pcm[round(second * 48_000) :][:12_000] * np.hanning(12_000)
        assert np.abs(np.fft.rfft(heard)).argmax() * 4 == pytest.approx(440, abs=4)


DAMAGED = [name for name in BROKEN if name.startswith(("cut-", "last-byte", "noise", "hole"))]


@pytest.mark.parametrize("name", DAMAGED)
def test_what_corrupt_refuses_pack_and_preview_refuse(name: str, tmp_path: Path) -> None:
    make, cause = BROKEN[name]
    path = tmp_path / name
    path.write_bytes(make())
    with pytest.raises(avrb.DataError, match=cause):
        read_window(path)
    with pytest.raises(avrb.DataError, match=cause):
        clip_of_file(path, 10)


def read_window(path: Path) -> None:
    VideoWindow.of(path, OPTIONS, with_audio=True).frames(lambda frame: frame)


def test_a_window_before_the_damage_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "in.mkv"
    data = whole("a.mkv")
    path.write_bytes(data[: len(data) * 95 // 100])
    short = PackOptions(frames=4, frame_size="keep", duration=0.5)
    window = VideoWindow.of(path, short, with_audio=True)
    assert window.window == Span(Fraction(0), Fraction(1, 2))
    assert len(window.frames(lambda frame: frame)) == 4
