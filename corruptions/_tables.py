"""Tables of equally likely outcomes, made once a process from exact whole-number arithmetic.

No `exp`, `log` or `pow` of floats takes part: their last bits differ between machines.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import lru_cache
from itertools import accumulate
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Item = TypeVar("Item", bound=np.generic)

QUANTILES = 1 << 16  # outcomes of a table that one 16-bit word addresses
NORMAL_ONE = 4096  # the integer for one standard deviation
_FIXED = 1 << 128  # 1.0 in the fixed-point numbers below


def exp(exponent: Decimal) -> int:
    """e**exponent in units of 2**-128, an integer (`decimal` rounds alike on every machine)."""
    with localcontext() as context:
        context.prec = 60
        return int(exponent.exp() * _FIXED)


@lru_cache(maxsize=8)
def normal_quantiles(outcomes: int = QUANTILES) -> npt.NDArray[np.int16]:
    """`outcomes` mid-quantiles of the standard normal, as integer multiples of 1/4096.

    The density at k/4096 is the chance of the cell around it (midpoint rule, relative error below
    1e-8), and follows from its left neighbor by two multiplications.
    """
    step, weight = exp(Decimal(-1) / (2 * NORMAL_ONE**2)), _FIXED
    ratio, square = step, step * step >> 128
    weights = []
    while weight:
        weights.append(weight)
        weight = weight * ratio >> 128
        ratio = ratio * square >> 128
    # Cumulated from the center: the cell of 0 counts by half on either side.
    upper = _outcomes(list(accumulate(weights[1:], initial=weights[0] // 2)), outcomes // 2)
    return _frozen(np.concatenate([-upper[::-1], upper]).astype(np.int16))


@lru_cache(maxsize=64)
def poisson_quantiles(rate: float, outcomes: int) -> npt.NDArray[np.uint16]:
    """`outcomes` equally likely counts (mid-quantiles) of the Poisson distribution of `rate`."""
    numerator, denominator = float(rate).as_integer_ratio()
    # Weights in proportion are enough: e**-rate, which is tiny, cancels in the quantiles.
    weight, count = _FIXED, 0
    edges = [weight]
    while weight or count < rate:
        count += 1
        weight = weight * numerator // (denominator * count)
        edges.append(edges[-1] + weight)
    return _frozen(_outcomes(edges, outcomes).astype(np.uint16))


def _outcomes(edges: list[int], count: int) -> npt.NDArray[np.int64]:
    """The outcome k at each of `count` mid-quantiles, where edges[k] cumulates the weights to k."""
    total = edges[-1]
    below = [(2 * count * edge // total + 1) // 2 for edge in edges]
    return np.repeat(np.arange(len(edges)), np.diff(below, prepend=0))


def _frozen(table: npt.NDArray[Item]) -> npt.NDArray[Item]:
    table.setflags(write=False)
    return table
