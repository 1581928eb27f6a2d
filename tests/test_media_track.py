"""The sound track of a video, piece by piece: as packing has it, and in step with its times."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from helpers.films import Film, make_film
from helpers.videos import Movie, make_video

from avrb_wds.av.audio_track import PIECE, AudioTrack, find_audio_track
from avrb_wds.corrupter import Corrupter

RATE = 8000


def whole(track: AudioTrack) -> np.ndarray:
    return np.concatenate(list(track.pieces()), axis=1)


def decoded(path: Path) -> tuple[np.ndarray, int]:
    """The whole track as pcm, and its rate."""
    track = find_audio_track(path)
    assert track is not None
    return whole(track), track.sample_rate


def write_audio(path: Path, blocks: list[tuple[int, np.ndarray]], layout: str = "mono") -> Path:
    """A video of one frame with blocks of sound that begin at these milliseconds."""
    with av.open(str(path), "w") as file:
        picture = file.add_stream("mpeg4", rate=10)
        picture.height = picture.width = 16
        track = file.add_stream("pcm_s16le", rate=RATE)
        track.layout = layout
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        file.mux(picture.encode(frame) + picture.encode())
        for milliseconds, pcm in blocks:
            packed = np.ascontiguousarray(pcm.T.reshape(1, -1))
            block = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
            block.sample_rate, block.time_base = RATE, Fraction(1, RATE)
            block.pts = milliseconds * RATE // 1000
            for packet in track.encode(block):
                file.mux(packet)
        file.mux(track.encode())
    return path


def test_the_pieces_are_the_track_and_stream_to_the_same_bits(tmp_path: Path) -> None:
    film = Film(frames=60, sample_rate=48_000, flashes=(5, 30))
    path = make_film(tmp_path / "in.mkv", film)
    pcm, rate = decoded(path)
    track = find_audio_track(path)
    assert track is not None
    assert (track.shape, track.sample_rate, track.start) == (pcm.shape, rate, 0)
    pieces = list(track.pieces())
    assert len(pieces) > 3
    assert max(piece.shape[1] for piece in pieces) < PIECE + 2048
    assert np.array_equal(np.concatenate(pieces, axis=1), pcm)
    for name in ("speckle", "rain", "compression"):
        corrupter = Corrupter.of(name, 5)
        streamed = np.concatenate(list(corrupter.stream(track, "in", rate)), axis=1)
        assert np.array_equal(streamed, corrupter.pcm(pcm, "in", rate))


def test_a_gap_is_silence_and_of_an_overlap_the_first_counts(tmp_path: Path) -> None:
    loud = [np.full((1, 4096), 1000 * (n + 1), np.int16) for n in range(3)]
    # 4096 samples are 512 ms: half a second is missing before the second, and the third comes
    # 100 ms too early.
    path = write_audio(tmp_path / "in.mkv", [(0, loud[0]), (1012, loud[1]), (1424, loud[2])])
    track = find_audio_track(path)
    assert track is not None
    pcm = whole(track)[0]
    assert track.samples == len(pcm) == (1424 + 512) * RATE // 1000
    heard = [int(pcm[RATE * t // 1000]) for t in (100, 500, 600, 1000, 1020, 1500, 1530, 1900)]
    assert heard == [1000, 1000, 0, 0, 2000, 2000, 3000, 3000]


def test_what_is_past_the_end_is_not_read(tmp_path: Path) -> None:
    path = make_film(tmp_path / "in.mkv", Film(frames=60))
    every = find_audio_track(path)
    start = find_audio_track(path, Fraction(1, 2))
    assert every is not None
    assert start is not None
    assert RATE <= start.samples < every.samples
    cut = start.until(Fraction(1, 2))
    assert cut.shape == (2, 8000)
    assert cut.end == Fraction(1, 2)
    assert np.array_equal(whole(cut), whole(every)[:, :8000])
    assert every.until(Fraction(-1)).samples == 0


def test_channels_that_aac_lacks_are_mixed(tmp_path: Path) -> None:
    import avrb_wds as avrb

    pcm = np.arange(7)[:, np.newaxis] * np.full(4096, 100, np.int16)
    path = write_audio(tmp_path / "in.mkv", [(0, pcm.astype(np.int16))], layout="6.1")
    with av.open(avrb.create_video(path, modality="visual")) as file:
        assert file.streams.audio[0].channels == 1
        sound = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
    assert np.abs(sound[0, 1000:3000] * 32768 - 300).max() < 30


@pytest.mark.parametrize(
    ("kind", "codec", "sample_rate"),
    [
        *(("mp4", "aac", rate) for rate in (8000, 16_000, 22_050, 44_100, 48_000)),
        ("mov", "pcm_s16le", 44_100),
        ("mp4", "alac", 44_100),
        ("mp4", "libopus", 48_000),
        ("webm", "libopus", 48_000),
        ("mp4", "libmp3lame", 16_000),
    ],
)
@pytest.mark.parametrize("seconds", [1, 2.5])
def test_the_sound_ends_where_the_file_says(
    kind: str, codec: str, sample_rate: int, seconds: float, tmp_path: Path
) -> None:
    """The last packet is filled up with silence; the tone is all there, from its first sample."""
    pictures = "libvpx" if kind == "webm" else "mpeg4"
    movie = Movie(25, 10, 48, 64, True, 1, sample_rate, seconds, 0, codec, pictures)
    path = make_video(tmp_path / f"in.{kind}", movie)
    pcm, rate = decoded(path)
    track = find_audio_track(path)
    assert track is not None
    assert (rate, pcm.shape) == (sample_rate, movie.pcm().shape)
    assert np.array_equal(whole(track), pcm)
    if codec in ("pcm_s16le", "alac"):
        assert np.array_equal(pcm, movie.pcm())
    else:
        ends = [(sound[0, :100], sound[0, -100:]) for sound in (pcm, movie.pcm())]
        for heard, made in zip(*ends, strict=True):
            assert np.abs(heard - made.astype(float)).mean() < 2000  # of 8000


def test_sound_shorter_than_a_packet(tmp_path: Path) -> None:
    path = make_video(tmp_path / "in.mp4", Movie(seconds=0.01))
    assert decoded(path)[0].shape == (1, 160)


def test_sound_beyond_what_a_header_admits_is_kept(tmp_path: Path) -> None:
    path = make_video(tmp_path / "in.mp4", Movie(seconds=2.5))
    assert decoded(path)[0].shape == (1, 40_000)
    data = bytearray(path.read_bytes())
    place = data.rindex(b"mdhd") + 20  # after its name, version, two dates and the clock
    assert int.from_bytes(data[place : place + 4], "big") == 1024 + 40_000
    data[place : place + 4] = (20_000).to_bytes(4, "big")
    path.write_bytes(data)
    assert decoded(path)[0].shape == (1, 40_960)


@pytest.mark.parametrize("flags", ["frag_keyframe+empty_moov", "frag_keyframe", "dash+empty_moov"])
def test_fragments_are_all_heard(flags: str, tmp_path: Path) -> None:
    """A file in fragments says at its head how long the first one is, at most."""
    path = make_film(tmp_path / "in.mp4", Film(frames=25))
    target = tmp_path / "out.mp4"
    options = {"movflags": flags, "frag_duration": "500000"}
    with av.open(str(path)) as file, av.open(str(target), "w", container_options=options) as made:
        streams = {s.index: made.add_stream_from_template(s) for s in file.streams}
        for packet in file.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                made.mux(packet)
    expected, found = decoded(path)[0], decoded(target)[0]
    assert expected.shape == (2, 40_000)
    assert np.array_equal(found[:, -20_000:], expected[:, -20_000:])
