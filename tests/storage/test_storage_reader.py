"""The right bytes or a clear error: through every fault, alone and mixed."""

from __future__ import annotations

import hashlib
import pickle
import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from faultserver import KINDS, Fault, FaultServer, fault_server

from avrb_wds.errors import DataError, UsageError
from avrb_wds.storage import ObjectReader, Storage, StorageLimits
from avrb_wds.storage.readahead import Readahead

QUICK = StorageLimits(backoff=0.001, max_backoff=0.004, read_timeout=2, connect_timeout=2)
DATA = random.Random(5).randbytes(6_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def url(server: FaultServer) -> str:
    server.objects["/d/a.tar"] = DATA
    return f"{server.url}/d/a.tar"


def streamed(store: ObjectReader, url: str) -> bytes:
    return b"".join(store.stream(url, size=len(DATA), sha256=SHA256))


def outcome(server: FaultServer, url: str) -> str:
    """ "right", or the error; anything else fails the test."""
    try:
        data = streamed(ObjectReader(limits=QUICK), url)
    except DataError as error:
        named = f"{server.url}/d/a.tar" in str(error) and "byte" in str(error)
        return str(error) if named else pytest.fail(f"no address or byte: {error}")
    assert data == DATA
    return "right"


@pytest.mark.parametrize(("start", "length"), [(0, 1), (1, 1), (5_999_999, 1), (512, 3_000_000)])
def test_ranges(server: FaultServer, url: str, start: int, length: int) -> None:
    assert ObjectReader().get_range(url, start, length) == DATA[start : start + length]


def test_a_range_past_the_end_names_the_byte(url: str) -> None:
    with pytest.raises(DataError, match=r"ends at byte 6000000"):
        ObjectReader(limits=QUICK).get_range(url, 5_999_000, 2_000)
    with pytest.raises(DataError, match=r"byte 7000000: the server answers 416"):
        ObjectReader(limits=StorageLimits(retries=0)).get_range(url, 7_000_000, 10)


def test_an_empty_file(server: FaultServer) -> None:
    server.objects["/empty"] = b""
    assert ObjectReader().read(f"{server.url}/empty") == b""


def test_who_reads_to_the_last_bytes_has_proven_ones(server: FaultServer, url: str) -> None:
    server.schedule = lambda n: Fault("wrong")
    got: list[int] = []
    with pytest.raises(DataError, match="SHA-256"):
        got.extend(map(len, ObjectReader(limits=QUICK).stream(url, sha256=SHA256)))
    assert 0 < sum(got) <= len(DATA) - 65_536


def test_a_missing_file_is_not_tried_again(server: FaultServer) -> None:
    with pytest.raises(DataError, match=r"/none\.tar does not exist\.$"):
        ObjectReader().read(f"{server.url}/none.tar")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_busy_server_is_asked_again(server: FaultServer, url: str, status: int) -> None:
    server.schedule = lambda n: Fault("status", status=status) if n < 5 else None
    assert outcome(server, url) == "right"


def test_a_server_that_stays_down_is_given_up(server: FaultServer, url: str) -> None:
    server.schedule = lambda n: Fault("status", status=503)
    assert "503 Service Unavailable; given up after 9 attempts" in outcome(server, url)


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        ("drop", "right"),
        ("truncated", "right"),
        ("trickle", "right"),
        ("ignore_range", "right"),
        ("wrong", "SHA-256"),
    ],
)
def test_each_fault_in_every_answer(server: FaultServer, url: str, kind: str, end: str) -> None:
    server.schedule = lambda n: Fault(kind, after=200_000)
    assert end in outcome(server, url)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_file_that_changes_is_noticed(server: FaultServer, url: str, number: int) -> None:
    server.schedule = lambda n: Fault("changed") if n >= number else None
    assert "has changed" in outcome(server, url)


def test_a_range_that_is_ignored_is_a_clear_error(server: FaultServer, url: str) -> None:
    server.schedule = lambda n: Fault("ignore_range")
    with pytest.raises(DataError, match=r"byte 1000: the server ignores byte ranges"):
        ObjectReader(limits=QUICK).get_range(url, 1000, 10)


@pytest.mark.parametrize("seed", range(20))
def test_mixed_faults(server: FaultServer, url: str, seed: int) -> None:
    drawn = random.Random(seed)
    kinds = drawn.choices((None, *KINDS), (8, 4, 1, 2, 1, 0.2, 4, 0.2), k=4000)
    faults = [
        kind and Fault(kind, drawn.randrange(1 << 20), drawn.choice((500, 503)), 0.001)
        for kind in kinds
    ]
    server.schedule = lambda n: faults[n]
    outcome(server, url)


def test_reading_goes_on_at_the_byte_where_it_dropped(server: FaultServer, url: str) -> None:
    server.schedule = lambda n: Fault("truncated", after=1 << 20) if n < 3 else None
    assert ObjectReader(limits=QUICK).get_range(url, 0, 5 << 20) == DATA[: 5 << 20]
    assert len(server.requests) == 4
    assert 5 << 20 <= server.sent <= (5 << 20) + 3 * 65_536  # less than a piece is read twice


def test_ranges_in_a_row_are_read_ahead(server: FaultServer, url: str) -> None:
    window = Readahead(ObjectReader(limits=QUICK))
    step, got = 100_000, b""
    for start in range(0, len(DATA), step):
        got += window.read(url, start, min(step, len(DATA) - start), len(DATA))
    assert got == DATA
    assert len(server.requests) < 8
    assert server.sent == len(DATA)


def test_ranges_here_and_there_are_read_alone(server: FaultServer, url: str) -> None:
    window = pickle.loads(pickle.dumps(Readahead(ObjectReader(limits=QUICK))))
    for start in random.Random(1).sample(range(0, 5_900_000, 1000), 50):
        assert window.read(url, start, 500, len(DATA)) == DATA[start : start + 500]
    assert server.sent == 50 * 500


@pytest.mark.parametrize("seed", range(30))
def test_ranges_in_any_order_by_threads(server: FaultServer, url: str, seed: int) -> None:
    drawn, window = random.Random(seed), Readahead(ObjectReader(limits=QUICK))
    cuts = [0, *sorted(drawn.sample(range(1, len(DATA)), 60)), len(DATA)]
    ranges = list(pairwise(cuts))
    if seed % 3 == 0:
        drawn.shuffle(ranges)  # by chance some are in a row, too
    if seed % 3 == 1:
        ranges = ranges[::2] + ranges[1::2] + ranges
    if seed % 2:
        server.schedule = lambda n: Fault("truncated", after=50_000) if n % 4 else None

    def read(bounds: tuple[int, int]) -> bytes:
        return window.read(url, bounds[0], bounds[1] - bounds[0], len(DATA))

    with ThreadPoolExecutor(5) as pool:
        for (start, stop), found in zip(ranges, pool.map(read, ranges), strict=True):
            assert found == DATA[start:stop]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://host/a", "pipe:touch ran"])
def test_an_answer_that_leads_elsewhere_is_no_file(server: FaultServer, target: str) -> None:
    server.moved["/a.tar"] = target
    with pytest.raises(DataError, match=r"/a\.tar, byte 0: "):
        ObjectReader(limits=StorageLimits(retries=0)).read(f"{server.url}/a.tar")


def test_secrets_are_in_no_message(server: FaultServer) -> None:
    options = {"headers": {"Authorization": "Bearer hush"}, "secret_access_key": "hush"}
    store = ObjectReader(options, QUICK)
    address = server.url.replace("//", "//user:hush@") + "/a.tar?X-Amz-Signature=hush#hush"
    with pytest.raises(DataError) as caught:
        store.read(address)
    told = f"{caught.value!r} {caught.value.__cause__} {store!r} {vars(store)}"
    assert "hush" not in told
    assert "hush" not in str(Storage(options).file(address))
    with pytest.raises(UsageError) as wrong:
        ObjectReader({"no_such_option": "hush"}).read("s3://bucket/a.tar")
    assert "hush" not in str(wrong.value)
    assert "no_such_option" in str(wrong.value)


def test_a_signed_address_is_asked_as_it_is(server: FaultServer, url: str) -> None:
    assert streamed(ObjectReader(), f"{url}?X-Amz-Signature=a%2Fb&c=d") == DATA
    assert {path for _, path, _ in server.requests} == {"/d/a.tar?X-Amz-Signature=a%2Fb&c=d"}
    assert {method for method, *_ in server.requests} == {"GET"}


def test_the_hub_is_read_with_its_token_and_nobody_else(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", "hush")
    server.objects["/datasets/me/vgg/resolve/v1/t/a.tar"] = DATA
    assert streamed(ObjectReader(), "hf://datasets/me/vgg@v1/t/a.tar") == DATA
    assert {headers["authorization"] for *_, headers in server.requests} == {"Bearer hush"}
    with fault_server({"/cdn/a.tar": DATA}) as elsewhere:  # large files lie on another host
        server.moved["/datasets/me/vgg/resolve/main/b.tar"] = f"{elsewhere.url}/cdn/a.tar"
        assert streamed(ObjectReader(), "hf://datasets/me/vgg/b.tar") == DATA
        assert not any("authorization" in headers for *_, headers in elsewhere.requests)
    server.forget()
    monkeypatch.setenv("HF_ENDPOINT", "https://elsewhere")
    assert streamed(ObjectReader(), f"{server.url}/datasets/me/vgg/resolve/v1/t/a.tar") == DATA
    assert not any("authorization" in headers for *_, headers in server.requests)
