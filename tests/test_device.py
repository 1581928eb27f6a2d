"""Where a model runs: every rank of a machine on a device of its own."""

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.shards import clips, write_shards

import avrb_wds as avrb
from avrb_wds.evaluation.models import resolve_device
from avrb_wds.loading.sharding import local_rank

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


class Mean(torch.nn.Module):
    """Scores that depend on every value shown, and on parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([1.0, 100.0]).double())
        self.seen: set[torch.device] = set()

    def forward(self, batch: dict[str, Any]) -> torch.Tensor:
        self.seen |= {self.weight.device, batch["frames"].device, batch["waveform"].device}
        mean = batch["frames"].double().mean((1, 2, 3))
        loud = batch["waveform"].double().square().mean((1, 2))
        return mean * self.weight[0] + self.weight[1] * loud[:, None]


def test_none_leaves_it_to_the_model() -> None:
    assert resolve_device(None) is None
    assert resolve_device("cpu") == resolve_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.parametrize("device", ["gpu", "cpu:3", "cuda:99", "meta"])
def test_a_device_that_is_not_there(device: str) -> None:
    with pytest.raises(
        avrb.UsageError, match=rf"^device '{device}' does not exist; choose one .*cpu"
    ):
        resolve_device(device)


@pytest.mark.parametrize(
    ("environment", "number"),
    [({}, 0), ({"LOCAL_RANK": "5"}, 5), ({"SLURM_LOCALID": "3"}, 3), ({"LOCAL_RANK": "x"}, 0)],
)
def test_the_number_of_a_process_on_its_machine(
    environment: dict[str, str], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOCAL_RANK", "SLURM_LOCALID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert local_rank() == number


@gpu
def test_ranks_take_the_devices_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    there = torch.cuda.device_count()
    taken = []
    for rank in range(2 * there):
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        taken.append(resolve_device("cuda"))
    assert taken == [torch.device("cuda", number) for number in range(there)] * 2
    assert resolve_device("cuda:0") == torch.device("cuda", 0)  # a number is kept


@gpu
def test_a_gpu_is_shown_what_a_cpu_is(tmp_path: Path) -> None:
    shards = write_shards(tmp_path / "shards", clips(11))
    conditions = avrb.conditions(["gaussian", "impulse"], [1, 5])
    reports = {}
    for device in ("cpu", "cuda"):
        model = Mean()
        reports[device] = avrb.evaluate(
            model, shards, conditions, out=tmp_path / device, batch_size=3, device=device
        )
        assert {found.type for found in model.seen} == {device}
    cpu, cuda = reports["cpu"], reports["cuda"]
    assert cpu is not None
    assert cuda is not None
    assert cpu.receipt.digest == cuda.receipt.digest
    assert [cpu.score(cell) for cell in cpu.results] == [cuda.score(cell) for cell in cuda.results]
