"""Storage and processes: by every start method the right clips or a clear error, never a hang."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from faultserver import FaultServer
from shardmaking import clips, write_shards

LOAD = """
import hashlib, multiprocessing, sys
import avrb_wds as avrb

def main():
    source, method = sys.argv[1:]
    shards = avrb.ShardSet.open(source)
    shards.read(0)  # the parent has read: a forked child would hang
    loader = avrb.load(
        shards, batch_size=4, num_workers=1, workers="process",
        start_method=None if method == "None" else method,
    )
    print([key for batch in loader for key in batch["key"]])

if __name__ == "__main__":
    main()
"""
OWN = """
import sys
import avrb_wds as avrb
from torch.utils.data import DataLoader

def main():
    dataset = avrb.ClipDataset(sys.argv[1])
    dataset[0]
    loader = DataLoader(
        dataset, batch_size=None, num_workers=1, multiprocessing_context=sys.argv[2], timeout=60
    )
    print([clip["key"] for clip in loader])

if __name__ == "__main__":
    main()
"""
FORK_FIRST = """
import os, sys
import avrb_wds as avrb

for _ in range(2):
    if os.fork() == 0:
        print(len(avrb.ShardSet.open(sys.argv[1]).read(0).members), flush=True)
        os._exit(0)
    os.wait()
print(len(avrb.ShardSet.open(sys.argv[1]).read(0).members))
"""
KEYS = str([f"clip{n:04}" for n in range(6)])


@pytest.fixture
def web(server: FaultServer, tmp_path: Path) -> str:
    folder = write_shards(tmp_path / "t", clips(6))
    server.objects |= {f"/t/{path.name}": path.read_bytes() for path in folder.iterdir()}
    return f"{server.url}/t"


def run(tmp_path: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "script.py").write_text(code)
    return subprocess.run(
        [sys.executable, "-W", "ignore", str(tmp_path / "script.py"), *arguments],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("method", ["None", "forkserver"])  # None is spawn
def test_loading_by_processes(web: str, tmp_path: Path, method: str) -> None:
    done = run(tmp_path, LOAD, web, method)
    assert done.stdout.strip() == KEYS, done.stderr


def test_loading_by_fork_is_refused(web: str, tmp_path: Path) -> None:
    done = run(tmp_path, LOAD, web, "fork")
    assert "start_method 'fork' would hang on remote shards" in done.stderr


def test_a_dataset_in_a_forked_worker_says_why_not(web: str, tmp_path: Path) -> None:
    done = run(tmp_path, OWN, web, "fork")
    assert done.returncode
    assert "forked from one that had read from storage" in done.stderr


def test_a_dataset_in_a_spawned_worker(web: str, tmp_path: Path) -> None:
    assert run(tmp_path, OWN, web, "spawn").stdout.strip() == KEYS


def test_children_of_a_process_that_has_not_read_may_read(web: str, tmp_path: Path) -> None:
    done = run(tmp_path, FORK_FIRST, web)
    assert done.stdout.split() == ["4"] * 3, done.stderr
