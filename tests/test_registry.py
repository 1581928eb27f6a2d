"""Corruptions by name: the 15, a user's own, and errors that say what there is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avrb_wds.condition import conditions
from avrb_wds.corrupter import corrupt_frames, corrupt_waveform
from avrb_wds.corruptions import (
    CORRUPTIONS,
    MODALITIES,
    PROFILES,
    Corruption,
    Kernel,
    available,
    get,
    register_corruption,
    registry,
)
from avrb_wds.errors import UsageError


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Corruption:
    """A corruption of a user's, in a registry that is put back afterwards."""
    monkeypatch.setattr(registry, "_registered", {})
    return Corruption(
        name="dim",
        visual=Kernel(lambda frame, level, _: frame // level, levels=(2, 3, 4, 5, 6)),
        audio=Kernel(lambda pcm, level, _: pcm // level, levels=(2, 4, 8, 16, 32)),
    )


def test_the_paper_has_fifteen() -> None:
    assert len(CORRUPTIONS) == len(set(CORRUPTIONS)) == 15
    assert [name for name in available() if name in CORRUPTIONS] == [
        name for name in CORRUPTIONS if name in available()
    ]


@pytest.mark.parametrize("name", [name for name in available() if name in CORRUPTIONS])
def test_a_corruption_carries_its_name_and_five_levels(name: str) -> None:
    corruption = get(name)
    assert corruption.name == name
    for modality in MODALITIES:
        for profile in PROFILES:
            assert len(corruption.kernel(modality, profile).levels) == 5


def test_a_registered_corruption_is_like_the_others(own: Corruption) -> None:
    register_corruption(own)
    register_corruption(own)  # once more is no fault: a notebook cell may run twice
    assert get("dim") is own
    assert available()[-1] == "dim"
    assert str(conditions(["dim"])[-1]) == "dim-5"
    frame, waveform = np.full((2, 2, 3), 60, np.uint8), np.full(8, 0.5, np.float32)
    assert (corrupt_frames(frame, "dim", 2) == 20).all()
    assert (corrupt_waveform(waveform, "dim", 3, sample_rate=8000) == 0.0625).all()
    assert (corrupt_frames(frame, own, 5) == 10).all()


def test_a_name_that_is_taken_is_refused(own: Corruption) -> None:
    register_corruption(own)
    other = Corruption(name="dim", visual=own.visual, audio=get("gaussian").audio)
    with pytest.raises(UsageError, match=r"^corruption 'dim' is registered already; choose"):
        register_corruption(other)
    taken = Corruption(name="rain", visual=own.visual, audio=own.audio)
    with pytest.raises(UsageError, match=r"^corruption 'rain' is built in; choose another name\.$"):
        register_corruption(taken)


@pytest.mark.parametrize("name", ["", "clean", "two words", "a/b", "rain-3", "3d"])
def test_a_name_that_would_not_print_is_refused(name: str, own: Corruption) -> None:
    with pytest.raises(UsageError, match=r"is not allowed; give letters, digits and underscores"):
        Corruption(name=name, visual=own.visual, audio=own.audio)


@pytest.mark.parametrize("count", [0, 1, 4, 6])
def test_five_levels_are_needed(count: int, own: Corruption) -> None:
    kernel = Kernel(own.audio.apply, levels=(1,) * count)
    for fields in ({"audio": kernel}, {"reference_visual": kernel}):
        with pytest.raises(UsageError, match=rf"has {count} \w+ levels; give 5, one a severity"):
            Corruption(**{"name": "dim", "visual": own.visual, "audio": own.audio, **fields})


@pytest.mark.parametrize("name", ["Gaussian", "noise", "", "clean", "os", "draw", None, 3])
def test_an_unknown_name_is_told_what_there_is(name: Any) -> None:
    with pytest.raises(UsageError) as error:
        get(name)
    assert str(error.value) == f"corruption {name!r} is not one of {', '.join(available())}."


PACKAGE = {
    "dimming.py": """
from avrb_wds.corruptions import Corruption, Kernel

dim = Corruption(
    name="dim",
    visual=Kernel(lambda frame, level, _: frame // level, levels=(2, 3, 4, 5, 6)),
    audio=Kernel(lambda pcm, level, _: pcm // level, levels=(2, 4, 8, 16, 32)),
)
""",
    "dimming-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: dimming\nVersion: 1.0\n",
    "dimming-1.0.dist-info/entry_points.txt": """
[avrb_wds.corruptions]
dim = dimming:dim
dark = dimming:dim
nothing = dimming:Kernel
""",
}
SCRIPT = """
import numpy as np
from avrb_wds.corrupter import corrupt_frames
from avrb_wds.corruptions import available, get
from avrb_wds.errors import UsageError

print(available()[-3:])
print(corrupt_frames(np.full((1, 1, 3), 60, np.uint8), "dim", 2).tolist())
for name in ("dark", "nothing"):
    try:
        get(name)
    except UsageError as error:
        print(error)
"""


def test_an_installed_package_brings_a_corruption(tmp_path: Path) -> None:
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.append({str(tmp_path)!r})\n{SCRIPT}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines() == [
        "('dim', 'dark', 'nothing')",
        "[[[20, 20, 20]]]",
        "entry point 'dark' = 'dimming:dim' of group 'avrb_wds.corruptions' "
        "does not name a Corruption called 'dark'; correct the package that has it.",
        "entry point 'nothing' = 'dimming:Kernel' of group 'avrb_wds.corruptions' "
        "does not name a Corruption called 'nothing'; correct the package that has it.",
    ]
