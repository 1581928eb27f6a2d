"""The released benchmark's class: its README's examples, and bits equal to everybody else's."""

import io
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.films import make_film
from PIL import Image
from torch.utils.data import DataLoader, Dataset

import avrb_wds as avrb
from avrb_wds.codecs import decode_audio, decode_frame, encode_audio, encode_frame

RANDOM = np.random.default_rng(0)
FRAMES = [RANDOM.integers(0, 256, (24, 32, 3), np.uint8) for _ in range(12)]
SOUND = (RANDOM.normal(0, 3000, (2, 1600))).clip(-32768, 32767).astype(np.int16)
IDS = ("a.b", "second", "third")


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """The released layout: frame_0 to frame_11, three clips, each rolled by its number."""
    data = []
    (tmp_path / "audio").mkdir()
    for number in range(12):
        (tmp_path / f"frames/frame_{number}").mkdir(parents=True)
    for place, video_id in enumerate(IDS):
        for number, frame in enumerate(FRAMES):
            path = tmp_path / f"frames/frame_{number}/{video_id}.jpg"
            path.write_bytes(encode_frame(np.roll(frame, place, axis=0)))
        wav = tmp_path / f"audio/{video_id}.wav"
        wav.write_bytes(encode_audio(np.roll(SOUND, place, axis=1), 16_000))
        data.append({"wav": str(wav), "labels": "/m/1,/m/2", "video_id": video_id,
                     "video_path": str(tmp_path / "frames")})  # fmt: skip
    path = tmp_path / "eval.json"
    path.write_text(json.dumps({"data": data}))
    return path


def stored(listed: Path, place: int) -> tuple[list[np.ndarray], np.ndarray]:
    """All frames and the sound of a clip, in the order of their numbers."""
    folder, name = listed.parent, IDS[place]
    frames = [
        decode_frame((folder / f"frames/frame_{number}/{name}.jpg").read_bytes())
        for number in range(12)
    ]
    return frames, decode_audio((folder / f"audio/{name}.wav").read_bytes())[0]


def bits(entry: tuple[list[Image.Image], io.BytesIO]) -> tuple[list[bytes], bytes]:
    return [image.tobytes() for image in entry[0]], entry[1].getvalue()


@pytest.mark.parametrize("corruption", ["gaussian", "rain", "interference"])
def test_the_bits_are_those_of_the_functions(corruption: str, listed: Path) -> None:
    dataset = avrb.AVRobustBench(
        listed, corruption=corruption, severity=3, all_frames=True, seed=7, profile="reference"
    )
    assert isinstance(dataset, Dataset)
    assert len(dataset) == 3
    options = {"seed": 7, "profile": "reference"}
    for place, key in enumerate(("a%2Eb", "second", "third")):
        frames, pcm = stored(listed, place)
        images, audio = dataset[place]
        expected = avrb.corrupt_frames(np.stack(frames), corruption, 3, key=key, **options)
        assert np.array_equal(np.stack([np.asarray(image) for image in images]), expected)
        sound = pcm.astype(np.float32) / 32768
        waveform = avrb.corrupt_waveform(
            sound, corruption, 3, sample_rate=16_000, key=key, **options
        )
        heard, sample_rate = decode_audio(audio.getvalue())
        assert (sample_rate, audio.tell()) == (16_000, 0)
        assert np.array_equal(heard.astype(np.float32) / 32768, waveform)


def test_frame_num_takes_the_folder_of_that_number_and_draws_by_its_place(listed: Path) -> None:
    every = bits(avrb.AVRobustBench(listed, corruption="shot", all_frames=True)[0])[0]
    for number in (0, 4, 10):
        images = avrb.AVRobustBench(listed, frame_num=number, corruption="shot")[0][0]
        assert [image.tobytes() for image in images] == [every[number]]
    # Frames that start at 1: frame_1 is the first one.
    shutil.rmtree(listed.parent / "frames/frame_0")
    image = avrb.AVRobustBench(listed, frame_num=1, corruption="shot")[0][0][0]
    first = decode_frame(encode_frame(FRAMES[1]))
    expected = avrb.corrupt_frames(first, "shot", 5, key="a%2Eb")
    assert np.array_equal(np.asarray(image), expected)
    with pytest.raises(avrb.DataError, match=r"has no frame_0 in .*; there are 11, frame_1 to"):
        avrb.AVRobustBench(listed, frame_num=0)[0]


def test_without_a_corruption_clips_are_clean(listed: Path) -> None:
    frames, pcm = stored(listed, 1)
    images, audio = avrb.AVRobustBench(listed)[1]
    assert np.array_equal(np.asarray(images[0]), frames[4])
    assert np.array_equal(decode_audio(audio.getvalue())[0], pcm)
    assert bits(avrb.AVRobustBench(listed)[-2]) == bits((images, audio))


def test_shards_give_what_their_json_gives(listed: Path, tmp_path: Path) -> None:
    options = avrb.PackOptions(sample_rate="keep", channels="keep")
    avrb.pack(listed, tmp_path / "shards", options)
    of_json = avrb.AVRobustBench(listed, corruption="spatter", all_frames=True)
    manifest = tmp_path / "shards/manifest.json"
    for source in (tmp_path / "shards", manifest, str(next(tmp_path.glob("shards/*.tar")))):
        of_shards = avrb.AVRobustBench(source, corruption="spatter", all_frames=True)
        assert [bits(of_shards[n]) for n in range(3)] == [bits(of_json[n]) for n in range(3)]
    one = avrb.AVRobustBench(manifest, frame_num=11, corruption="spatter")
    assert bits(one[2])[0] == bits(of_json[2])[0][11:]
    with pytest.raises(avrb.DataError, match="has 12 frames and no number 12"):
        avrb.AVRobustBench(manifest, frame_num=12)[0]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # more workers than cores
def test_any_number_of_workers_gives_the_same_bits(listed: Path) -> None:
    dataset = avrb.AVRobustBench(listed, corruption="frost", severity=2, all_frames=True)
    expected = [bits(dataset[number]) for number in range(3)]
    assert [bits(pickle.loads(pickle.dumps(dataset))[n]) for n in range(3)] == expected
    ways = [(0, None), (3, "fork"), (1, "spawn"), (2, "forkserver")]
    for workers, method in ways:
        loader = DataLoader(
            dataset, batch_size=None, num_workers=workers, multiprocessing_context=method
        )
        assert [bits(entry) for entry in loader] == expected


def test_wrong_arguments_and_broken_clips(listed: Path, tmp_path: Path) -> None:
    for wrong, cause in [
        ({"corruption": "fog"}, "corruption 'fog' is not one of gaussian, "),
        ({"corruption": "rain", "severity": 6}, "severity must be an integer from 1 to 5; got 6"),
        ({"frame_num": -1}, "frame_num must be a non-negative integer; got -1"),
    ]:
        with pytest.raises(avrb.UsageError, match=cause):
            avrb.AVRobustBench(listed, **wrong)
    with pytest.raises(IndexError):
        avrb.AVRobustBench(listed)[3]
    (tmp_path / "audio/second.wav").unlink()
    with pytest.raises(avrb.DataError, match=r"second\.wav cannot be opened"):
        avrb.AVRobustBench(listed)[1]
    (tmp_path / "frames/frame_4/third.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(avrb.DataError, match=r"third\.jpg: the image cannot be decoded"):
        avrb.AVRobustBench(listed)[2]


def test_the_examples_of_the_released_readme(media: Path, tmp_path: Path) -> None:
    """Its lines as they stand there, but for the import and the paths."""
    from avrb_wds import AVRobustBench

    file_path = media / "media/avrobustbench/eval.json"
    dataset = AVRobustBench(
        file_path, corruption="gaussian", severity=5, frame_num=4, all_frames=False
    )
    frames, audio = dataset[0]
    assert (len(dataset), len(frames), frames[0].size) == (1, 1, (224, 224))
    assert decode_audio(audio.read())[1] == 16_000

    video_path = make_film(tmp_path / "video.mp4")
    corrupted_path = tmp_path / "corrupted"
    corrupted_video = AVRobustBench.create_video(
        video_path, corruption="spatter", severity=5, save_path=corrupted_path
    )
    assert corrupted_video.getvalue() == corrupted_path.read_bytes()
