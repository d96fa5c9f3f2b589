"""Regular grids with holes: runs of a mask, rolling figures, autocovariance."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hrv.model import BoolArray, FloatArray, IntArray


def within(mask: BoolArray, bins: int) -> BoolArray:
    """Bins at or less than `bins` after a True bin."""
    index = np.arange(mask.size)
    last = np.maximum.accumulate(np.where(mask, index, -(bins + 1)))
    near: BoolArray = index - last <= bins
    return near


def runs(mask: BoolArray) -> IntArray:
    """Runs of True as rows of [first, past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return edges.reshape(-1, 2).astype(np.int64)


def fill(stretches: IntArray, size: int) -> BoolArray:
    """The mask that has these runs."""
    marks = np.zeros(size + 1, dtype=np.int32)
    np.add.at(marks, stretches[:, 0], 1)
    np.add.at(marks, stretches[:, 1], -1)
    filled: BoolArray = np.cumsum(marks[:-1]) > 0
    return filled


def past_mean(values: FloatArray, decay_s: float, step_s: float) -> FloatArray:
    """Exponentially weighted mean of the past, this bin included."""
    import pandas as pd

    keep = float(np.exp(-step_s / decay_s))
    from_rest = pd.Series(np.concatenate(([0.0], values)))
    smoothed: FloatArray = np.array(from_rest.ewm(alpha=1.0 - keep, adjust=False).mean())[1:]
    return smoothed


def running_median(values: FloatArray, known: BoolArray, half: int) -> FloatArray:
    """Median of a bin and its `half` neighbours on each side; unknown ones count as the bin."""
    if half == 0:
        return values
    padded, there = np.pad(values, half), np.pad(known, half)
    rows = [
        np.where(there[k : k + values.size], padded[k : k + values.size], values)
        for k in range(2 * half + 1)
    ]
    median: FloatArray = np.median(np.array(rows), axis=0)
    return median


def running_mean(
    values: FloatArray, known: BoolArray, window_s: float, step_s: float
) -> FloatArray:
    """Mean of the known bins of a centred window; 0 without any."""
    half = max(1, round(window_s / step_s / 2))
    index = np.arange(values.size)
    first, last = np.maximum(index - half, 0), np.minimum(index + half + 1, values.size)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    n = counts[last] - counts[first]
    mean: FloatArray = (sums[last] - sums[first]) / np.maximum(n, 1)
    return mean


def running_share(mask: BoolArray, known: BoolArray, window_s: float, step_s: float) -> FloatArray:
    """Share of the known bins of a centred window in which the mask holds; 0 without any."""
    return running_mean(mask.astype(np.float64), known, window_s, step_s)


def spread(values: FloatArray) -> float:
    """Robust standard deviation: scaled median absolute deviation."""
    if values.size == 0:
        return 0.0
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


def rolling_percentile(
    values: FloatArray, mask: BoolArray, step_s: float, window_s: float, share: float
) -> FloatArray:
    """Rolling percentile of the masked values, centred, on every bin.

    Works on means of a minute, every tenth of them: the offset moves in hours.
    """
    per = max(1, round(60.0 / step_s))
    size = -(-values.size // per)
    pad = size * per - values.size
    kept = np.pad(mask, (0, pad)).reshape(size, per)
    sums = np.pad(np.where(mask, values, 0.0), (0, pad)).reshape(size, per).sum(axis=1)
    counts = kept.sum(axis=1)
    minutes = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    minute_s = per * step_s
    half = max(2, round(window_s / minute_s / 2))
    every = max(1, min(10, half // 6))
    padded = np.pad(minutes, half, constant_values=np.inf)
    windows = sliding_window_view(padded, 2 * half + 1)[::every]
    low = np.full(windows.shape[0], np.nan)
    for first in range(0, windows.shape[0], 4096):
        part = np.sort(windows[first : first + 4096], axis=1)
        valid = np.isfinite(part).sum(axis=1)
        place = share * np.maximum(valid - 1, 0)
        below = place.astype(np.int64)
        above = np.minimum(below + 1, np.maximum(valid - 1, 0))
        rows = np.arange(part.shape[0])
        enough = valid >= max(5, half // 9)
        a = np.where(enough, part[rows, below], 0.0)
        b = np.where(enough, part[rows, above], 0.0)
        low[first : first + 4096] = np.where(enough, a + (place - below) * (b - a), np.nan)
    known = np.isfinite(low)
    if not known.any():
        flat = float(np.quantile(values[mask], share)) if mask.any() else 0.0
        return np.full(values.size, flat)
    centres = np.arange(windows.shape[0]) * every * per + (per - 1) / 2.0
    offsets: FloatArray = np.interp(np.arange(values.size), centres[known], low[known])
    return offsets


def autocovariance(values: FloatArray, mask: BoolArray, lags: IntArray) -> FloatArray:
    """Autocovariance over pairs of masked bins, at each lag."""
    kept = np.where(mask, values, 0.0)
    out = np.full(lags.size, np.nan)
    for i, lag in enumerate(lags):
        pairs = int(np.count_nonzero(mask[lag:] & mask[: mask.size - lag]))
        if pairs >= 30:
            out[i] = float(kept[lag:] @ kept[: kept.size - lag]) / pairs
    return out
