"""`digest` comes to what `evaluate` showed, wherever it runs, and `check` finds what differs."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.cli import run_avrb
from helpers.evaluation import bright
from helpers.shards import Made, clips, write_shards
from storage.faultserver import fault_server

import avrb_wds as avrb
from avrb_wds.evaluation import read_receipt
from avrb_wds.receipts.digests import condition_digest, overall_digest
from avrb_wds.storage import Storage

CONDITIONS = ["clean", "gaussian-1", "rain-0+5"]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(37))


@pytest.fixture(scope="module")
def run(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole evaluation."""
    out = tmp_path_factory.mktemp("run")
    avrb.evaluate(bright, shards, CONDITIONS, out=out, seed=7, batch_size=5, num_workers=2)
    return out


@pytest.fixture(scope="module")
def altered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same clips, but for one that holds one sample more."""
    made = clips(37)
    made[20] = Made(made[20].key, target=made[20].target, samples=801)
    return write_shards(tmp_path_factory.mktemp("altered"), made)


def test_workers_that_only_digest_need_no_torch(shards: Path) -> None:
    """They would each take two seconds and 180 MB for it."""
    code = (
        "import sys; from avrb_wds.condition import parse_conditions; "
        "from avrb_wds.loading.pipeline import build_pipeline; "
        "from avrb_wds.settings import CorruptionSettings; "
        "pipeline = build_pipeline(sys.argv[1], parse_conditions('gaussian', 1), "
        "CorruptionSettings(), return_digests=True, signals=False); "
        "from avrb_wds.loading.clip_block import OutputRows; "
        "print(len(pipeline.block(range(2)).item(1, 0, OutputRows()).digest), "
        "'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(shards)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["32", "False"]


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_digest_is_what_evaluate_showed(shards: Path, run: Path, workers: int) -> None:
    receipt = avrb.compute_receipt(shards, CONDITIONS, seed=7, num_workers=workers)
    assert receipt.digests == read_receipt(run)[0].digests
    assert receipt.digest == read_receipt(run)[0].digest


@pytest.mark.parametrize("transform", [None, lambda clip: {}])
def test_worker_processes_show_the_same(shards: Path, run: Path, transform: Any) -> None:
    loader = avrb.load(
        shards, CONDITIONS, seed=7, num_workers=2, worker_type="process", return_digests=True,
        transform=transform,
    )  # fmt: skip
    shown: dict[str, list[tuple[str, bytes]]] = {}
    for batch in loader:
        condition = str(avrb.Condition(batch["corruption"], batch["severity"]))
        shown.setdefault(condition, []).extend(zip(batch["key"], batch["digest"], strict=True))
    digests = [condition_digest(clips) for clips in shown.values()]
    assert overall_digest(digests) == read_receipt(run)[0].digest


@pytest.mark.parametrize("world_size", [2, 3, 7])
def test_ranks_meet_beside_the_receipt(
    shards: Path, run: Path, tmp_path: Path, world_size: int
) -> None:
    out = tmp_path / "receipt.json"
    options: dict[str, Any] = {"seed": 7, "num_workers": 1, "world_size": world_size, "out": out}
    found = [
        avrb.compute_receipt(shards, CONDITIONS, rank=rank, **options) for rank in range(world_size)
    ]
    [receipt] = [receipt for receipt in found if receipt is not None]
    assert receipt.digests == read_receipt(run)[0].digests
    assert read_receipt(out) == (receipt, read_receipt(run)[1])
    assert {path.name for path in tmp_path.iterdir()} == {"receipt.json", "receipt.digests.tsv"}


def test_ranks_need_a_place_to_meet(shards: Path) -> None:
    with pytest.raises(avrb.UsageError, match="out None is not a file; give one for 2 ranks"):
        avrb.compute_receipt(shards, CONDITIONS, rank=0, world_size=2)


def test_the_name_of_a_condition_is_of_no_matter(shards: Path) -> None:
    both = avrb.compute_receipt(shards, ["gaussian-5+0"], num_workers=1)
    alone = avrb.compute_receipt(shards, ["gaussian-5"], modality="visual", num_workers=1)
    assert both.digest == alone.digest


def test_clips_without_manifest_and_labels_have_digests(shards: Path, run: Path) -> None:
    tars = sorted(str(path) for path in shards.glob("*.tar"))
    receipt = avrb.compute_receipt(tars, CONDITIONS, seed=7, num_workers=2)
    assert (receipt.manifest, receipt.clips) == ("", 37)
    assert receipt.digest == read_receipt(run)[0].digest


def test_check_names_the_first_difference(altered: Path, shards: Path, run: Path) -> None:
    assert avrb.check_receipt(shards, run, num_workers=2).difference is None
    found = avrb.check_receipt(altered, run, num_workers=2).difference
    assert (found.condition, found.key, found.clips) == ("clean", "clip0020", 1)
    found = avrb.check_receipt(altered, run / "report.json", ["rain-0+5"], num_workers=2).difference
    assert (found.condition, found.key) == ("rain-0+5", "clip0020")


def test_check_without_the_clips_names_the_condition(
    altered: Path, run: Path, tmp_path: Path
) -> None:
    shutil.copy(run / "report.json", tmp_path)
    found = avrb.check_receipt(altered, tmp_path / "report.json", num_workers=2).difference
    assert (found.condition, found.key) == ("clean", None)
    assert str(found) == "clean differs; the receipt came without the digests of its clips."


def test_a_clip_too_few_is_a_difference(run: Path, tmp_path: Path) -> None:
    fewer = write_shards(tmp_path / "s", clips(36))
    found = avrb.check_receipt(fewer, run, ["clean"], num_workers=2).difference
    assert (found.key, found.clips) == ("clip0036", 1)


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        (None, avrb.DataError, "cannot be opened: No such file"),
        ("{", avrb.DataError, "is not JSON"),
        ("[]", avrb.DataError, "has no receipt of this version: .*; give a report"),
        ('{"receipt": {}}', avrb.DataError, "has no receipt of this version: .*; give a report"),
    ],
)
def test_what_is_no_receipt(
    shards: Path, tmp_path: Path, text: str | None, error: type[Exception], sentence: str
) -> None:
    path = tmp_path / "receipt.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(error, match=sentence):
        avrb.check_receipt(shards, path)


def test_a_condition_that_the_receipt_lacks(shards: Path, run: Path) -> None:
    with pytest.raises(
        avrb.UsageError, match="gaussian-2 is not in the receipt; give some of clean"
    ):
        avrb.check_receipt(shards, run, ["gaussian-2"], num_workers=2)


def test_the_command(shards: Path, altered: Path, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "receipt.json"
    words = ("--corruption", "gaussian", "--severity", "1", "--no-clean", "--seed", "7")
    done = run_avrb("digest", shards, *words, "--out", out)
    assert done.returncode == 0, done.stderr
    digests = dict(read_receipt(run)[0].digests)
    assert done.stdout.splitlines()[0] == f"{digests['gaussian-1']}  gaussian-1"
    same = run_avrb("digest", shards, "--check", out)
    assert (same.returncode, same.stdout) == (0, "same\n")
    other = run_avrb("digest", altered, "--check", run)
    assert other.returncode == 1
    assert other.stdout == "clip 'clip0020' differs under clean, the first of 1 there.\n"
    wrong = run_avrb("digest", shards, "--check", out, "--seed", "3")
    assert wrong.returncode == 2
    assert "--check takes --seed from the receipt; leave it out" in wrong.stderr


def test_a_web_server_shows_the_same(shards: Path, run: Path, tmp_path: Path) -> None:
    with fault_server() as server:
        server.objects = {f"/{path.name}": path.read_bytes() for path in shards.iterdir()}
        storage = Storage(cache_dir=tmp_path / "cache", cache_size=1 << 28)
        found = avrb.check_receipt(server.url, run, num_workers=2, storage=storage)
    assert found.difference is None
