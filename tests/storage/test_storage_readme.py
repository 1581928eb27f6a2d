"""The README's commands for remote data, on a real S3 server and under a real torchrun."""

from dataclasses import replace
from pathlib import Path

from helpers.pages import BLOCKS, run_commands, section, write_modules
from helpers.videos import Movie, make_video
from seaweedfs import S3

from avrb_wds.reports import read_report


def test_remote_data_under_torchrun(s3: S3, tmp_path: Path) -> None:
    for label in ("dog", "cat"):
        make_video(
            tmp_path / "videos" / label / f"{label}.mp4", Movie(frames=10, rate=5, seconds=1.0)
        )
    write_modules(BLOCKS, tmp_path)
    # What differs from a reader's machine: the bucket's name, and how many processes there are.
    blocks = tuple(
        replace(
            block,
            text=block.text.replace("s3://bucket", f"s3://{s3.bucket}/readme").replace(
                "--nproc-per-node 8", "--nproc-per-node 2"
            ),
        )
        for block in section("Remote data")
    )
    options = s3.storage_options
    environment = {
        "AWS_ACCESS_KEY_ID": options["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": options["secret_access_key"],
        "AWS_REGION": options["region"],
        "AWS_ENDPOINT_URL": options["endpoint"],
        "AWS_ALLOW_HTTP": "true",
    }
    printed = run_commands(blocks, tmp_path, environment)
    assert "same" in printed[-1]
    assert len(read_report(tmp_path / "runs/vgg").results) == 76
