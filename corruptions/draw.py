"""The only source of randomness: bits that depend on what they are for, not on when they are drawn.

Seed, corruption, key, modality and frame index are hashed with BLAKE2b; the digest is the key of a
Philox4x64-10 bit generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011),
whose raw stream NumPy promises not to change (NEP 19). NumPy makes no such promise for its
`Generator` distributions, so everything here uses the raw bits, integers and stored tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from numpy.random.bit_generator import ISeedSequence

from ._tables import NORMAL_ONE, QUANTILES, normal_quantiles, poisson_quantiles

T = TypeVar("T")
Item = TypeVar("Item", bound=np.generic)
Shape = int | tuple[int, ...]

# Values looked up at a time: few calls, and scratch arrays that a core's cache still holds.
BLOCK = 1 << 16
WORDS = 16  # of 16 bits, that one step of Philox makes


class _Key(ISeedSequence):
    """Hands Philox its 128-bit key; `Philox(key=...)` would first ask the system for entropy."""

    def __init__(self, digest: bytes) -> None:
        self._words = np.frombuffer(digest, "<u8").astype(np.uint64)

    def generate_state(
        self, n_words: int, dtype: npt.DTypeLike = np.uint64
    ) -> npt.NDArray[np.uint64]:
        return self._words


class Draw:
    """Random bits that depend only on what they are for, never on when they are drawn.

    Two draws with the same arguments give the same bits on every machine. Severity is not an
    argument, so the severities of a clip share their draws, and curves over severity are paired.

    Args:
        seed: Any integer.
        corruption: Name of the corruption.
        key: Key of the clip.
        modality: "visual" or "audio".
        frame: Index of the frame; 0 for audio.

    Example:
        >>> Draw(0, "rain", "clip", "visual", 3).integer(0, 100)
        87
        >>> Draw(0, "rain", "clip", "visual", 3).bits(2, np.uint16)
        array([47139, 21074], dtype=uint16)
    """

    def __init__(self, seed: int, corruption: str, key: str, modality: str, frame: int = 0) -> None:
        # JSON is unambiguous: different arguments give different text, whatever a key contains.
        text = json.dumps([int(seed), corruption, key, modality, int(frame)]).encode()
        self._digest = hashlib.blake2b(text, digest_size=16, person=b"avrb-draw-1").digest()
        self._philox = self._start()

    def _start(self) -> np.random.Philox:
        words: Any = _Key(self._digest)  # Philox takes any ISeedSequence; its hints know fewer
        return np.random.Philox(words)

    def from_word(self, number: int) -> Draw:
        """Return a draw of the same arguments that starts later in the stream.

        Args:
            number: Index of its first 16-bit word; a multiple of WORDS, where the generator can
                start without what comes before.

        Example:
            >>> draw = Draw(0, "rain", "clip", "visual", 3)
            >>> bool((draw.from_word(32).bits(8, np.uint16) == draw.bits(40, np.uint16)[32:]).all())
            True
        """
        later = copy(self)
        later._philox = self._start()
        later._philox.advance(number // WORDS)
        return later

    def bits(self, count: int, dtype: npt.DTypeLike = np.uint64) -> npt.NDArray[Any]:
        """Draw words of raw bits, in the order of the stream.

        Args:
            count: Number of words.
            dtype: Unsigned, uint8 to uint64.

        Returns:
            Array (count,) of that dtype.
        """
        size = np.dtype(dtype).itemsize
        raw = self._philox.random_raw(-(-count * size // 8))
        return raw.astype("<u8", copy=False).view(f"<u{size}")[:count]

    def integer(self, low: int, high: int) -> int:
        """Draw one integer in [low, high).

        It grows with `high - low` for the same draw, so ranges that widen with severity stay
        paired. The bias is below 2**-56 for ranges up to 256.
        """
        return low + ((int(self._philox.random_raw()) * (high - low)) >> 64)

    def uniform(self) -> float:
        """Draw one float in [0, 1), a multiple of 2**-53."""
        return (int(self._philox.random_raw()) >> 11) * 2.0**-53

    def uniforms(self, shape: Shape) -> npt.NDArray[np.float64]:
        """Draw an array of float64 in [0, 1), multiples of 2**-53."""
        words = self.bits(_count(shape)) >> np.uint64(11)
        return (words.astype(np.float64) * 2.0**-53).reshape(shape)

    def choice(self, options: Sequence[T]) -> T:
        """Draw one of `options`, each with the same probability."""
        return options[self.integer(0, len(options))]

    def quantiles(self, table: npt.NDArray[Item], shape: Shape) -> npt.NDArray[Item]:
        """Draw from any distribution that is given by its equally likely outcomes.

        Each value takes one 16-bit word. Because the outcomes ascend, tables of different
        severities are drawn from in step.

        Args:
            table: The outcomes, (65536,), in ascending order.
            shape: Shape of the result.

        Returns:
            Array of that shape and of the dtype of `table`.
        """
        out = np.empty(_count(shape), table.dtype)
        for part, words, index in self._blocks(out):
            index[...] = words
            # A uint16 can't be outside the table: "wrap" only spares NumPy its bounds check.
            np.take(table, index, out=out[part], mode="wrap")
        return out.reshape(shape)

    def rows(self, table: npt.NDArray[Item], row: npt.NDArray[np.uint8]) -> npt.NDArray[Item]:
        """Draw, for every entry of `row`, from the outcomes in that row of `table`.

        Each value takes the top n bits of one 16-bit word.

        Args:
            table: The outcomes, (rows, 2**n) with n up to 16, each row in ascending order.
            row: Indexes of rows, uint8.

        Returns:
            Array of the shape of `row` and of the dtype of `table`.
        """
        bits = table.shape[1].bit_length() - 1
        flat, outcomes = row.reshape(-1), table.reshape(-1)
        out = np.empty(flat.size, table.dtype)
        for part, words, index in self._blocks(out):
            index[...] = flat[part]
            np.left_shift(index, bits, out=index)
            np.right_shift(words, np.uint16(16 - bits), out=words)
            np.add(index, words, out=index)
            np.take(outcomes, index, out=out[part], mode="wrap")
        return out.reshape(row.shape)

    def _blocks(
        self, out: npt.NDArray[Any]
    ) -> Iterator[tuple[slice, npt.NDArray[np.uint16], npt.NDArray[np.intp]]]:
        """Parts of `out`, each with as many 16-bit words and scratch space for as many indices.

        Large arrays allocated for each block would go back to the system and come again page by
        page, which takes longer than the look-up.
        """
        scratch = np.empty(min(BLOCK, out.size), np.intp)
        for start in range(0, out.size, BLOCK):
            part = slice(start, min(start + BLOCK, out.size))
            index = scratch[: part.stop - start]
            yield part, self.bits(index.size, np.uint16), index

    def normals(self, shape: Shape) -> npt.NDArray[np.float64]:
        """Draw standard normal float64 values, multiples of 1/4096 within ±4.33."""
        return self.quantiles(normal_quantiles(), shape).astype(np.float64) / NORMAL_ONE

    def poisson(self, rate: float, shape: Shape) -> npt.NDArray[np.uint16]:
        """Draw Poisson counts, exact to a probability of 2**-16.

        Args:
            rate: The mean, 0 to 255.
            shape: Shape of the result.

        Returns:
            Array of that shape, uint16.
        """
        return self.quantiles(poisson_quantiles(rate, QUANTILES), shape)


def _count(shape: Shape) -> int:
    if isinstance(shape, int):
        return shape
    count = 1
    for length in shape:
        count *= length
    return count
