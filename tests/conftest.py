"""Fixtures that several test files share."""

import multiprocessing
import os
from pathlib import Path

import pytest
from hypothesis import settings

# Machines that run several things at once can take long over one example.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# The tests run two at a time, and threads of torch that wait for each other take what others need.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What takes seconds to import is imported once, in the server that "forkserver" forks from.
multiprocessing.set_forkserver_preload(
    ["avrb_wds.loading", "avrb_wds.evaluation", "webdataset", "torchmetrics", "scipy.signal"]
)

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real clips and reference figures beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"real clips are not here: {SHARED} is absent")
    return SHARED
