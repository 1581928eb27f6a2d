"""The scores of a run, read back: what the model returned, and refused where clips are missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.evaluation import CONDITIONS, bright, run
from helpers.shards import clips, write_shards

import avrb_wds as avrb


def test_they_are_what_the_model_returned(tmp_path: Path) -> None:
    shards = write_shards(tmp_path / "shards", clips(7))
    run(bright, shards, tmp_path / "run")
    found = list(avrb.read_predictions(tmp_path / "run"))
    assert tuple(predictions.condition for predictions in found) == CONDITIONS
    for predictions in found:
        batches = list(avrb.load(shards, predictions.condition, batch_size=3, num_workers=0))
        assert list(predictions.keys) == [key for batch in batches for key in batch["key"]]
        scores = torch.cat([bright(batch) for batch in batches]).numpy()
        assert np.array_equal(predictions.scores, scores)
        target = torch.cat([batch["target"] for batch in batches]).numpy()
        assert np.array_equal(predictions.target, np.eye(3, dtype=np.int64)[target])


def test_a_run_without_a_clip_is_refused(tmp_path: Path) -> None:
    run(bright, write_shards(tmp_path / "shards", clips(7)), tmp_path / "run")
    [path] = (tmp_path / "run/predictions").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(avrb.DataError, match="clip 'clip0006' is missing under impulse-5"):
        avrb.read_predictions(tmp_path / "run")
