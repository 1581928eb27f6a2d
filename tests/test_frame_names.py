"""Images in a folder or a clip: which are its frames, in what order, and when they show."""

from pathlib import Path

import pytest
from PIL import Image

from avrb_wds.codecs import decode_frame
from avrb_wds.errors import DataError
from avrb_wds.packing import PackOptions
from avrb_wds.packing.frames import clip_frames
from avrb_wds.packing.sources.base import FrameFolder
from avrb_wds.shards.clip import frame_names
from avrb_wds.shards.numbering import frame_places, numbered_alike

FRAMES = ["frame_0001.jpg", "frame_0002.jpg", "frame_0003.jpg"]


@pytest.mark.parametrize(
    ("others", "taken"),
    [
        ([], FRAMES),
        (["thumb.jpg"], FRAMES),
        (["cover_2.jpg", "poster.png"], FRAMES),
        (["frame_0002_small.jpg", "Frame_0004.jpg"], FRAMES),
        (["2.jpg"], FRAMES),
        (["frame_4.png"], [*FRAMES, "frame_4.png"]),
        (["frame_" + "9" * 6000 + ".jpg"], [*FRAMES, "frame_" + "9" * 6000 + ".jpg"]),
        (["a_1.jpg", "a_2.jpg", "a_3.jpg"], None),
        (["a.jpg", "b.jpg", "c.jpg", "d.jpg"], None),
    ],
)
def test_those_numbered_alike_are_frames(others: list[str], taken: list[str] | None) -> None:
    assert numbered_alike([*others, *reversed(FRAMES)]) == taken


def test_images_without_numbers_are_in_the_order_of_their_names() -> None:
    assert numbered_alike(["b.jpg", "a.jpg"]) == ["a.jpg", "b.jpg"]
    assert numbered_alike(["jpg"]) == ["jpg"]


def test_members_of_a_clip() -> None:
    members = dict.fromkeys(["10.jpg", "json", "9.jpg", "thumb.jpg", "wav"], b"")
    assert frame_names(members) == ["9.jpg", "10.jpg"]
    views = dict.fromkeys(["b_1.png", "a_1.png"], b"")  # which are frames, nobody can tell
    assert frame_names(views) == ["a_1.png", "b_1.png"]


@pytest.mark.parametrize(
    ("numbers", "places"),
    [
        ([1, 2, 3, 4], [0, 1, 2, 3]),
        ([0, 5, 10, 15], [0, 1, 2, 3]),
        ([0, 33, 67, 100, 133], [0, 1, 2, 3, 4]),
        ([1, 2, 4, 5], [0, 1, 3, 4]),
        ([1, 2, 3, 13], [0, 1, 2, 12]),
        ([7], [0]),
    ],
)
def test_a_number_that_lacks_is_a_gap(numbers: list[int], places: list[int]) -> None:
    assert frame_places([f"a2_{number:04d}.jpg" for number in numbers]) == places


def grays(folder: Path, **levels: int) -> Path:
    for name, level in levels.items():
        Image.new("RGB", (16, 16), (level,) * 3).save(folder / f"{name}.jpg")
    return folder


def shown(folder: Path, **options: float) -> list[int]:
    taken = clip_frames(FrameFolder(folder, 1.0), PackOptions(frame_size="keep", **options))
    return [round(float(decode_frame(data).mean())) for data, _ in taken]


def test_a_folder_beside_a_thumbnail_and_hidden_files(tmp_path: Path) -> None:
    grays(tmp_path, f_1=10, f_2=20, f_3=30, thumb=200, cover_2=210, f_9x=220)
    (tmp_path / "._f_1.jpg").write_bytes(b"\0\5\x16\7")
    assert shown(tmp_path) == [10, 20, 30]


def test_the_last_frame_fills_a_gap(tmp_path: Path) -> None:
    grays(tmp_path, f_1=10, f_2=20, f_4=40, f_5=50)
    assert shown(tmp_path) == shown(tmp_path, fps=1.0) == [10, 20, 20, 40, 50]
    grays(tmp_path, f_99999999999=90)
    with pytest.raises(DataError, match=r"f_99999999999\.jpg, before which 99999999998 frames"):
        shown(tmp_path)


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (("f_1", "f_2", "g_1", "g_2"), "holds images named in several ways; leave those there"),
        (("f_1", "f_01"), r"holds f_01\.jpg and f_1\.jpg, which have one number"),
    ],
)
def test_folders_whose_frames_nobody_can_tell(tmp_path: Path, names, fault) -> None:
    with pytest.raises(DataError, match=fault):
        shown(grays(tmp_path, **dict.fromkeys(names, 9)))


def test_a_frame_that_is_a_broken_link_is_named(tmp_path: Path) -> None:
    grays(tmp_path, f_1=10)
    (tmp_path / "f_2.jpg").symlink_to("gone.jpg")
    with pytest.raises(DataError, match=r"f_2\.jpg: the link cannot be followed"):
        shown(tmp_path)
