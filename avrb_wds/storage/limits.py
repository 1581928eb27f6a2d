"""How hard storage is tried, and how much is under way at once."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class StorageLimits:
    """Times in seconds, sizes in bytes.

    retries: how often in a row a read may fail without a byte gained; each wait is twice the one
    before, from `backoff` to `max_backoff`, with no chance in it, or as long as the server asks
    for by Retry-After, up to `max_retry_after`.  connect_timeout: until there is a connection;
    read_timeout: silence in the middle.  min_throughput: bytes per second below which a request is
    given up, after `read_timeout` and the time that all of its bytes take at this
    rate.  max_range_bytes: the largest range asked for; max_concurrency: how many at once; what is
    held ahead of the reader is at most their product.  max_metadata_bytes: the largest manifest or
    index.
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
        """How long to wait after so many failures.

        >>> StorageLimits().wait(1), StorageLimits().wait(2), StorageLimits().wait(99)
        (0.1, 0.2, 10.0)
        """
        return min(self.max_backoff, self.backoff * 2.0 ** min(failures - 1, 60))

    def deadline(self, size: int) -> float:
        """How long a request for so many bytes may take in all.

        >>> StorageLimits().deadline(0), StorageLimits().deadline(16 << 20)
        (30.0, 1054.0)
        """
        return self.read_timeout + size / self.min_throughput
