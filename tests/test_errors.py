"""A message is a few lines at most and tells no secret, whatever was given."""

from __future__ import annotations

import pickle
import string
import traceback
from pathlib import Path

import pytest
from helpers.cli import run_avrb
from hypothesis import given
from hypothesis import strategies as st

from avrb_wds.errors import AvrbError, DataError, UsageError, hide_secrets, reason

FEW_LINES = 600
LONG = ["x" * 70_000, "x y " * 20_000, "/".join(["name"] * 20_000), "\n" * 70_000, "é" * 70_000]

GOOD = [
    "a.tar", "hf://datasets/owner/name@main/a.tar", "s3://bucket/a@2x.tar", "clips/a@2x.mp4",
    "http://127.0.0.1:8080/datasets/me/vgg@main/a.tar", "what?.mp4", "a=b.tar", "C:\\clips\\a.mp4",
    "https://host/a.tar#sha256=0123", "https://host: the server answers 500 for a@b",
    "12:30 of a@b.mp4", "shard a.tar: clip 'x@y' is empty", "--storage-option KEY=VALUE",
]  # fmt: skip


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
@pytest.mark.parametrize("kind", [AvrbError, UsageError, DataError])
def test_a_message_is_a_few_lines(kind: type[AvrbError], text: str) -> None:
    said = str(kind(f"{text!r} is not a shard; give a folder, a manifest or tars."))
    assert len(said) <= FEW_LINES
    assert said.endswith("give a folder, a manifest or tars.")
    assert said[:9] == repr(text)[:9]
    assert "…" in said


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_what_a_library_says_is_a_few_lines(text: str) -> None:
    assert len(reason(ValueError(text))) <= FEW_LINES
    assert len(reason(KeyError(text))) <= FEW_LINES


@pytest.mark.parametrize(
    "words", [(LONG[0],), ("info", "a", f"--{LONG[0]}"), ("digest", "a", "--seed", LONG[0])]
)
def test_a_command_says_a_few_lines(words: tuple[str, ...]) -> None:
    done = run_avrb(*words)
    assert done.returncode == 2
    assert len(done.stderr) <= FEW_LINES + 10


def test_short_messages_stay_as_they_are() -> None:
    for text in GOOD:
        assert hide_secrets(text) == text
        assert str(DataError(f"{text} is empty.")) == f"{text} is empty."


MARKS = string.ascii_letters + string.digits + "!$%&*+/=~^:@?#-_. "
PASSWORDS = st.text(MARKS, min_size=4, max_size=30).map(lambda text: f"Zq{text}Qz")
SCHEMES = [
    "http:\\\\", "https:/", "https:", "https//", "s3//", "s3:/", "S3://", "https://", "", "gs:///",
    "htps://", "az:\\",
]  # fmt: skip
SIGNS = [
    "?X-Amz-Signature=",
    "?sig=",
    "?token=",
    "&sig=",
    "?a=1&X-Goog-Signature=",
    "#access_token=",
]


def leaks(said: str) -> bool:
    """Whether a part of a secret is in a text."""
    return "Zq" in said or "Qz" in said


@given(
    st.sampled_from(SCHEMES), PASSWORDS, st.sampled_from(["@host", "@host/a.tar", "@bucket:9000/x"])
)
def test_no_password_of_a_misspelt_address_is_told(scheme: str, password: str, host: str) -> None:
    # A space ends a word, where nothing but a scheme says that an address goes on.
    password = password if "/" in scheme or "\\" in scheme else password.replace(" ", "")
    given_ = f"{scheme}user:{password}{host}"
    for said in (f"{given_} does not exist.", f"{given_!r} is not an address; write s3://."):
        assert not leaks(str(UsageError(said)))
        assert not leaks(reason(ValueError(said)))


@given(st.sampled_from(SCHEMES), st.sampled_from(SIGNS), PASSWORDS)
def test_no_signature_of_a_misspelt_address_is_told(scheme: str, sign: str, secret: str) -> None:
    given_ = f"{scheme}host/a.tar{sign}{secret.replace(' ', '+')}"
    for said in (f"{given_} does not exist.", f"{given_!r} is not an address; write s3://."):
        assert not leaks(str(UsageError(said)))


def test_no_traceback_tells_what_the_message_does_not() -> None:
    path = Path("https:/me:not-to-be-seen@host/a.wav?sig=not-to-be-seen")
    try:
        try:
            path.read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be opened: {reason(error)}.") from error
    except DataError as error:
        told = "".join(traceback.format_exception(error))
        kept = repr(pickle.dumps(error)) + repr(error) + repr(error.__cause__)
    assert "No such file" in told
    assert "not-to-be-seen" not in told + kept
