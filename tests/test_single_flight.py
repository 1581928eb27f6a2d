"""What several threads request at the same time is done by one of them."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from avrb_wds.concurrency import SingleFlight


def test_others_wait_for_the_first() -> None:
    flight, begun, go, done = SingleFlight(), threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        assert go.wait(60)
        done.append(1)

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(flight.run, "a", work)
        assert begun.wait(60)
        others = [pool.submit(flight.run, "a", lambda: done.append(3)) for _ in range(2)]
        flight.run("b", lambda: done.append(2))  # another key does not wait
        assert done == [2]
        go.set()
        for each in (first, *others):
            each.result(60)
    assert done[:2] == [2, 1]  # who asked too late to wait does it again, but not before
    assert pickle.loads(pickle.dumps(flight)).run("a", lambda: None) is None


def test_all_are_told_of_an_error_and_the_next_may_try_again() -> None:
    flight, begun, go = SingleFlight(), threading.Event(), threading.Event()

    def fail() -> None:
        begun.set()
        assert go.wait(60)
        raise ValueError("no")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flight.run, "a", fail)
        assert begun.wait(60)
        second = pool.submit(flight.run, "a", fail)
        go.set()
        for each in (first, second):
            with pytest.raises(ValueError, match="no"):
                each.result(60)
    flight.run("a", lambda: None)
