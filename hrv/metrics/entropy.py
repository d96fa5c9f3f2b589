"""Sample entropy, exactly and fast."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hrv.metrics.fluctuation import runs
from hrv.model import BoolArray, FloatArray, NNSeries

LENGTH = 2  # m
TOLERANCE_SD = 0.2  # r
FEW = 2**16 - 1  # ranks that fit 16 bits
BLOCK = 2**19  # pairs compared at a time: stays in the cache


def sample_entropy(nn: NNSeries, m: int = LENGTH, tolerance_sd: float = TOLERANCE_SD) -> float:
    """-ln(A / B): pairs of runs of m + 1 intervals alike, over pairs of m; NaN without either.

    Alike: no interval differs by more than r = 0.2 SD (N - 1). Templates lie within runs of true
    neighbours, N - m of them for both lengths, self-matches left out.

    Reference: Richman & Moorman (2000), doi:10.1152/ajpheart.2000.278.6.H2039.
    """
    if nn.nn_ms.size < m + 2:
        return float("nan")
    r = tolerance_sd * float(np.std(nn.nn_ms, ddof=1))
    return _entropy(runs(nn), m, r)


def multiscale_entropy(nn: NNSeries, scales: int = 5, m: int = LENGTH) -> FloatArray:
    """Sample entropy of the means of 1, 2, ... `scales` neighbours; NaN where undefined.

    r stays 0.15 SD of the intervals themselves. Means are taken within runs of true neighbours.

    Reference: Costa et al. (2002), doi:10.1103/PhysRevLett.89.068102.
    """
    r = 0.15 * float(np.std(nn.nn_ms, ddof=1)) if nn.nn_ms.size > 1 else 0.0
    parts = runs(nn)
    return np.array(
        [
            _entropy([p[: p.size // s * s].reshape(-1, s).mean(axis=1) for p in parts], m, r)
            for s in range(1, scales + 1)
        ]
    )


def _entropy(parts: list[FloatArray], m: int, r: float) -> float:
    """-ln(A / B) over the templates of all parts."""
    x = np.concatenate(parts) if parts else np.empty(0)
    starts = np.ones(x.size, dtype=bool)
    ends = np.cumsum([part.size for part in parts])
    for back in range(1, m + 1):  # a template's last interval lies in its own run
        starts[np.maximum(ends - back, 0)[ends >= back]] = False
    for lo, hi in zip(np.concatenate(([0], ends[:-1])), ends, strict=True):
        starts[max(hi - m, lo) : hi] = False
    if np.count_nonzero(starts) < 2 or r <= 0:
        return float("nan")
    shorter, longer = _alike(x, starts, m, r)
    return float(-np.log(longer / shorter)) if shorter and longer else float("nan")


def _alike(x: FloatArray, starts: BoolArray, m: int, r: float) -> tuple[int, int]:
    """Pairs of templates that agree over m and over m + 1 values.

    Values become ranks, "within r" a range of ranks: small integers that compare many at once.
    """
    order = np.sort(x)
    kind: Any = np.uint16 if x.size < FEW else np.uint32
    rank = np.searchsorted(order, x).astype(kind)
    low = np.searchsorted(order, x - r).astype(kind)
    width = (np.searchsorted(order, x + r, side="right") - low.astype(np.int64)).astype(kind)
    n = x.size
    last = n - m  # templates begin before it
    everywhere = bool(starts[:last].all())
    rows = max(min(BLOCK // n, last - 1), 1)
    never = np.full(rows + 1, np.iinfo(kind).max, dtype=kind)  # a rank like no other
    rank = np.concatenate((rank, never))
    shorter = longer = 0
    room, flags = np.empty(rows * n, dtype=kind), np.empty(rows * n, dtype=bool)
    for lag in range(1, last, rows):
        count = min(rows, last - lag)
        size = n - lag  # pairs at the smallest lag of the block
        other = sliding_window_view(rank[lag : n + count], size)[:count]
        above = np.subtract(other, low[:size], out=room[: count * size].reshape(count, size))
        near = np.less(above, width[:size], out=flags[: count * size].reshape(count, size))
        both = near[:, : size - m] & near[:, m - 1 : size - 1]
        for k in range(1, m - 1):
            both &= near[:, k : size - m + k]
        row = np.arange(count)
        for k in range(m):  # the last m values begin no template
            column = last + k - lag - row
            inside = (column >= 0) & (column < size - m)
            both[row[inside], column[inside]] = False
        if not everywhere:
            both &= starts[: size - m]
            begin = np.concatenate((starts[lag:last], np.zeros(count, dtype=bool)))
            both &= sliding_window_view(begin, size - m)[:count]
        shorter += int(np.count_nonzero(both))
        both &= near[:, m:]
        longer += int(np.count_nonzero(both))
    return shorter, longer
