"""How hard storage is tried, and how much is under way at once."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class StorageLimits:
    """Limits of requests to remote storage.

    Read-ahead takes at most `max_range_bytes` * `max_concurrency`.

    Attributes:
        retries: How often in a row a read may fail without receiving a byte.
        backoff: Wait after the first failure, in seconds; it doubles with each, without jitter.
        max_backoff: Longest wait, in seconds.
        connect_timeout: In seconds.
        read_timeout: Longest silence within a response, in seconds.
        max_retry_after: Longest wait that a server may ask for with Retry-After, in seconds.
        min_throughput: In bytes per second. A request is aborted after `read_timeout` and the time
            that its bytes take at this rate.
        max_range_bytes: Largest range of one request.
        max_concurrency: Requests at a time.
        max_metadata_bytes: Largest manifest or index.
    """

    retries: int = 8
    backoff: float = 0.1
    max_backoff: float = 10.0
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    max_retry_after: float = 60.0
    min_throughput: int = 16 << 10
    max_range_bytes: int = 16 * MIB
    max_concurrency: int = 4
    max_metadata_bytes: int = 64 * MIB

    def wait(self, failures: int) -> float:
        """Return the wait after a number of failures, in seconds.

        Args:
            failures: The number of failures, from 1.

        Example:
            >>> StorageLimits().wait(1), StorageLimits().wait(2), StorageLimits().wait(99)
            (0.1, 0.2, 10.0)
        """
        return min(self.max_backoff, self.backoff * 2.0 ** min(failures - 1, 60))

    def deadline(self, size: int) -> float:
        """Return the time that a request may take in all, in seconds.

        Args:
            size: Number of bytes requested.

        Example:
            >>> StorageLimits().deadline(0), StorageLimits().deadline(16 << 20)
            (30.0, 1054.0)
        """
        return self.read_timeout + size / self.min_throughput
