"""Under a locale that is not UTF-8, ids, keys, classes and bytes are the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.videos import Movie, make_video

from avrb_wds.paths import path_to_text, text_to_path

NAMES = (b"caf\xc3\xa9/\xc3\xbccaf\xc3\xa9.mp4", b"\xe7\x8a\xac/\xe7\x8a\xac.mp4", b"old/\xe9.mp4")
# Python would go over to UTF-8 by itself where the locale is C.
PLAIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
CODE = """
import sys
from pathlib import Path
from avrb_wds.media import corrupt_folder
from avrb_wds.packing import PackOptions, SourceOptions, create_json, pack
from avrb_wds.banks.bank_import import import_bank
from avrb_wds.paths import text_to_path
assert sys.getfilesystemencoding() == sys.argv[1], sys.getfilesystemencoding()
out = Path(sys.argv[2])
small = PackOptions(frames=1, frame_size=16)
for name, labels in (("parent", "auto"), ("table", "l.csv")):
    pack("videos", out / name, small, SourceOptions(labels=labels), num_workers=1)
pack("e.json", out / "json", small, num_workers=1)
pack("t.csv", out / "list", small, num_workers=1,
     source_options=SourceOptions(audio_root=Path("."), frames_root=Path("videos")))
create_json(text_to_path("videos/\\u72ac"), "f", "w", "l.csv", out / "made.json")
corrupt_folder("pictures", out / "pictures", "gaussian", 3)
import_bank("bank", out / "b.avrbbank")
"""


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Videos, a CSV, an AVROBUSTBENCH JSON, a clip list, pictures and a bank."""
    import numpy as np
    import soundfile
    from PIL import Image

    made = make_video(tmp_path / "a.mp4", Movie(frames=2, seconds=0.2)).read_bytes()
    for name in NAMES:
        path = tmp_path / "videos" / Path(os.fsdecode(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made)
    (tmp_path / "l.csv").write_text("file,label\nücafé.mp4,chat\n犬,犬\n", encoding="utf-8")
    gray = np.full((16, 16, 3), 128, np.uint8)
    for folder in ("pictures/é", "f/frame_0"):
        (tmp_path / folder).mkdir(parents=True)
        Image.fromarray(gray).save(tmp_path / folder / "犬.png")
    tone = np.sin(np.arange(1600) / 9) / 2
    for name in ("w/é.wav", "犬/犬.wav", "bank/rain/é.wav", "bank/rain/e.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, tone, 8000)
    entry = {"wav": "w/é.wav", "labels": "犬", "video_id": "犬", "video_path": "f"}
    (tmp_path / "e.json").write_text(
        json.dumps({"data": [entry]}, ensure_ascii=False), encoding="utf-8"
    )
    (tmp_path / "t.csv").write_text("/犬/犬.wav,/犬/犬.mp4,1\n", encoding="utf-8")
    return tmp_path


def run(folder: Path, coding: str, out: str, **environment: str) -> dict[str, bytes]:
    command = [sys.executable, "-c", CODE, coding, out]
    here = {"PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        command, cwd=folder, env=os.environ | here | environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    files = sorted(path for path in (folder / out).rglob("*") if path.is_file())
    return {str(path.relative_to(folder / out)): path.read_bytes() for path in files}


def test_ids_keys_and_bytes_do_not_depend_on_the_locale(inputs: Path) -> None:
    right = run(inputs, "utf-8", "right", PYTHONUTF8="1")
    assert len(right) == 20
    assert json.loads(right["parent/manifest.json"])["classes"] == ["café", "old", "犬"]
    assert run(inputs, "ascii", "plain", **PLAIN) == right


def test_names_are_bytes_that_go_both_ways() -> None:
    for name in (*NAMES, b"a", b"\xff\xfe"):
        text = path_to_text(os.fsdecode(name))
        assert text == name.decode(errors="surrogateescape")
        assert os.fsencode(text_to_path(text)) == name
