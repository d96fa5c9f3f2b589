"""Resampling and robust lines for display."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from hrv.model import FloatArray, IntArray


def moving_block_indices(n: int, length: int, draws: int, rng: np.random.Generator) -> IntArray:
    """Indices (draws, n) of moving-block bootstrap samples.

    Kuensch (1989), doi:10.1214/aos/1176347265: blocks of `length` neighbours start anywhere.
    """
    length = max(1, min(length, n))
    blocks = -(-n // length)
    start = rng.integers(0, n - length + 1, size=(draws, blocks, 1))
    index: IntArray = (start + np.arange(length)).reshape(draws, -1)[:, :n].astype(np.int64)
    return index


def block_bootstrap(
    values: ArrayLike,
    statistic: Callable[[FloatArray], float],
    *,
    length: int,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """The statistic of `draws` moving-block samples of the values."""
    x = np.asarray(values, dtype=float)
    index = moving_block_indices(x.size, length, draws, rng)
    return np.array([statistic(x[row]) for row in index])


def theil_sen(t: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Median of all pairwise slopes, and the intercept that halves the residuals.

    Sen (1968), doi:10.1080/01621459.1968.10480934. For drawing: it has no honest interval here.
    """
    times, values = np.asarray(t, dtype=float), np.asarray(y, dtype=float)
    i, j = np.triu_indices(times.size, 1)
    apart = times[j] != times[i]
    slope = float(np.median((values[j] - values[i])[apart] / (times[j] - times[i])[apart]))
    return slope, float(np.median(values - slope * times))
