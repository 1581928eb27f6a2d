"""Of two runs in one folder the second is refused while the first lives; nothing ends up wrong."""

import shutil
from pathlib import Path

import pytest
from helpers.evaluation import bright, run
from helpers.rivals import WORKS, content, play, prepare, undisturbed

from avrb_wds.errors import AvrbError, DataError, UsageError


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    return prepare(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module", params=WORKS)
def whole(request, sources: Path, tmp_path_factory) -> tuple[str, dict[str, bytes]]:
    """What a work makes."""
    out = tmp_path_factory.mktemp("whole") / "out"
    return request.param, undisturbed(request.param, sources, out)


def test_a_second_run_is_refused(whole, sources: Path, tmp_path: Path) -> None:
    work, made = whole
    refused = []

    def second(done: int, total: int) -> None:
        if len(refused) < 3:
            with pytest.raises(UsageError) as caught:
                WORKS[work](sources, tmp_path / "o", 0, lambda done, total: None)
            refused.append(str(caught.value))

    WORKS[work](sources, tmp_path / "o", 0, second)
    place = {"digest": "results.parts"}.get(work, "o")
    assert len(refused) == 3
    assert all(said.endswith(f"/{place} is in use by another run; let it end, or give another "
                             "folder.") for said in refused)  # fmt: skip
    assert content(work, tmp_path / "o") == made
    WORKS[work](sources, tmp_path / "o", 0, lambda done, total: None)
    assert content(work, tmp_path / "o") == made


@pytest.mark.parametrize("how", ["removed", "replaced", "moved", "copied"])
def test_a_folder_that_goes_is_an_error(how: str, whole, sources: Path, tmp_path: Path) -> None:
    work, _ = whole
    out, other, calls = tmp_path / "o", tmp_path / "p", []

    def go(done: int, total: int) -> None:
        calls.append(done)
        if len(calls) != 2:
            return
        out.rename(other)
        if how == "removed":  # at once: threads that write files would refill it
            shutil.rmtree(other, ignore_errors=True)
        if how == "replaced":
            out.mkdir()
            (out / "mine").write_bytes(b"keep")
        if how == "copied":
            shutil.copytree(other, out)

    with pytest.raises(DataError, match=r"was removed or replaced while it was being written|"
                       r"cannot be written: No such file"):  # fmt: skip
        WORKS[work](sources, out, 0, go)
    if how == "replaced":
        assert content("", out) == {"mine": b"keep"}
    if how in ("removed", "moved"):
        assert not out.exists()
    if how == "moved":
        other.rename(out)
        WORKS[work](sources, out, 0, lambda done, total: None)
        assert content(work, out) == whole[1]


def test_rivals_stopped_and_killed(sources: Path, tmp_path: Path) -> None:
    """A round of each work; as many as one likes are in benchmarks/rivals.py."""
    for work in WORKS:
        made = undisturbed(work, sources, tmp_path / f"whole {work}")
        found = play(work, 0, sources, tmp_path / work, made)
        assert found.is_good, found


@pytest.mark.parametrize("name", ["mine.txt", "predictions/mine.bin", "report.json"])
def test_what_is_beside_a_receipt_is_left(name: str, sources: Path, tmp_path: Path) -> None:
    (mine := tmp_path / "results.parts" / name).parent.mkdir(parents=True)
    mine.write_text("keep")
    with pytest.raises(
        UsageError, match=r"results\.parts holds '\w+\.\w+', which is not a file of a run"
    ):
        WORKS["digest"](sources, tmp_path, 0, lambda done, total: None)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
    shutil.rmtree(tmp_path / "results.parts")

    def put(done: int, total: int) -> None:
        mine.parent.mkdir(exist_ok=True)
        mine.write_text("keep")

    WORKS["digest"](sources, tmp_path, 0, put)
    left = {"results.json", "results.digests.tsv", f"results.parts/{name}"}
    assert set(content("", tmp_path)) == left


def test_another_division_of_the_work_is_refused(sources: Path, tmp_path: Path) -> None:
    refused = []

    def second(done: int, total: int) -> None:
        for rank, world_size in ((1, 2), (0, 1)):
            with pytest.raises(UsageError, match="is in use by another run") as caught:
                run_rank(rank, world_size)
            refused.append(caught)

    def run_rank(rank: int, world_size: int, progress=None) -> object:
        return run(bright, sources / "shards", tmp_path / "o", rank=rank, world_size=world_size,
                   progress=progress)  # fmt: skip

    assert run_rank(0, 3) is None
    assert run_rank(1, 3, second) is None
    assert refused
    assert run_rank(2, 3) is not None


def test_a_plan_is_never_written_over(sources: Path, tmp_path: Path) -> None:
    def second(done: int, total: int) -> None:
        run(bright, sources / "shards", tmp_path / "o")

    with pytest.raises(AvrbError, match="seed is 1, not 0"):
        run(bright, sources / "shards", tmp_path / "o", seed=1, progress=second)
