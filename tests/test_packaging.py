"""What is installed: one top level, everything in it, a light import."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import avrb_wds as avrb

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a wheel built from this checkout by the build backend installed here."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT],
        check=True,
        capture_output=True,
        env={**os.environ, "PIP_NO_INDEX": "1"},
    )
    return zipfile.ZipFile(next(out.glob("*.whl"))).namelist()


def test_the_wheel_has_one_top_level(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"avrb_wds"}


def test_the_wheel_holds_every_module_and_asset(wheel: list[str]) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "avrb_wds", "corruptions", "tools"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    for name in tracked:
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            assert (name if name.startswith("avrb_wds/") else f"avrb_wds/{name}") in wheel


def test_the_public_names_are_these_and_all_there() -> None:
    homes = [name for names in avrb._HOME.values() for name in names]
    assert sorted(avrb.__all__) == sorted(homes)
    for name in avrb.__all__:
        assert getattr(avrb, name).__doc__


def test_no_module_has_a_public_name() -> None:
    # Importing it would put the module where the function was.
    inside = (ROOT / "avrb_wds").iterdir()
    modules = {p.stem for p in inside if p.suffix == ".py" or (p / "__init__.py").is_file()}
    assert "packing" in modules
    assert modules.isdisjoint(avrb.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'augment'"):
        _ = avrb.augment


@pytest.mark.parametrize("command", ["import avrb_wds", "import avrb_wds.tools.cli"])
def test_imports_are_light(command: str) -> None:
    heavy = "{'numpy', 'torch', 'webdataset', 'scipy', 'av', 'matplotlib', 'torchmetrics'}"
    code = f"{command}; import sys; print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
