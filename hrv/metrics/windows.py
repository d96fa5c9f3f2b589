"""All windows of a series in one pass: cumulative sums, no loop over windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hrv.metrics.stress_index import BIN_MS
from hrv.model import BeatLabel, BoolArray, Cleaned, FloatArray, IntArray, owned


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Time-domain metrics of windows `[start_s, end_s)`.

    Where `measured` is False (under 2 intervals or no pair of neighbours) values are 0; so is
    the stress index of equal intervals. An interval belongs to the window in which it ends.
    """

    start_s: FloatArray
    end_s: FloatArray
    measured: BoolArray
    beats: IntArray  # NN intervals
    pairs: IntArray  # true neighbours
    mean_nn_ms: FloatArray
    sdnn_ms: FloatArray
    rmssd_ms: FloatArray
    pnn50_percent: FloatArray
    stress_index: FloatArray  # Baevsky, 1/s^2
    coverage: FloatArray  # sum of NN / length; a little over 1 is possible
    corrected_share: FloatArray  # recorded intervals not normal / all; 0 without any

    def usable(
        self, *, min_beats: int = 50, min_coverage: float = 0.8, max_share: float = 0.15
    ) -> BoolArray:
        """Windows that pass the quality gates. Coverage above 1.05 means more beats than time."""
        return np.asarray(
            self.measured
            & (self.beats >= min_beats)
            & (self.coverage >= min_coverage)
            & (self.coverage <= 1.05)
            & (self.corrected_share <= max_share)
        )


def sliding(
    cleaned: Cleaned,
    window_s: float,
    step_s: float,
    start_s: float | None = None,
    stop_s: float | None = None,
) -> Windows:
    """Windows from `start_s` (first beat's start) every `step_s`, whole ones up to `stop_s`."""
    t = cleaned.nn.t_s
    if t.size == 0 and (start_s is None or stop_s is None):
        return in_windows(cleaned, np.empty(0), np.empty(0))
    begin = float(t[0] - cleaned.nn.nn_ms[0] / 1000.0) if start_s is None else start_s
    end = float(t[-1]) if stop_s is None else stop_s
    count = max(int(np.floor((end - begin - window_s) / step_s + 1e-9)) + 1, 0)
    starts = begin + step_s * np.arange(count)
    return in_windows(cleaned, starts, starts + window_s)


def in_windows(cleaned: Cleaned, start_s: ArrayLike, end_s: ArrayLike) -> Windows:
    """Any windows, overlapping or not, each `end_s` after its `start_s`."""
    begin, end = owned(start_s), owned(end_s)
    nn = cleaned.nn
    lo, hi = np.searchsorted(nn.t_s, begin), np.searchsorted(nn.t_s, end)
    beats = hi - lo
    center = nn.mean_ms if nn.nn_ms.size else 0.0
    x = nn.nn_ms - center
    step = np.diff(nn.nn_ms, prepend=nn.nn_ms[:1])
    step[~nn.joined] = 0.0
    after = np.minimum(lo + 1, hi)  # the first interval of a window has no neighbour in it
    pairs = _sums(nn.joined, after, hi).astype(np.int64)
    total = _sums(x, lo, hi)
    many = np.maximum(beats, 2)
    variance = np.maximum(_sums(x * x, lo, hi) - total * total / many, 0.0) / (many - 1)
    squares = np.maximum(_sums(step * step, after, hi), 0.0)
    measured = (beats >= 2) & (pairs >= 1)
    seen_lo, seen_hi = np.searchsorted(cleaned.t_s, begin), np.searchsorted(cleaned.t_s, end)
    seen = np.maximum(seen_hi - seen_lo, 1)
    time_ms = total + beats * center
    return Windows(
        start_s=begin,
        end_s=end,
        measured=measured,
        beats=beats.astype(np.int64),
        pairs=pairs,
        mean_nn_ms=np.where(measured, time_ms / many, 0.0),
        sdnn_ms=np.where(measured, np.sqrt(variance), 0.0),
        rmssd_ms=np.where(measured, np.sqrt(squares / np.maximum(pairs, 1)), 0.0),
        pnn50_percent=np.where(
            measured, 100.0 * _sums(np.abs(step) > 50.0, after, hi) / np.maximum(pairs, 1), 0.0
        ),
        stress_index=np.where(measured, _stress_index(nn.nn_ms, lo, hi), 0.0),
        coverage=time_ms / 1000.0 / (end - begin),
        corrected_share=_sums(cleaned.label != BeatLabel.NORMAL, seen_lo, seen_hi) / seen,
    )


def _sums(x: FloatArray | BoolArray, lo: IntArray, hi: IntArray) -> FloatArray:
    """Sum of x[lo:hi] for every window."""
    total = np.zeros(x.size + 1)
    np.cumsum(x.astype(np.float64), out=total[1:])  # summing marks as they are is slower
    return np.asarray(total[hi] - total[lo])


def _stress_index(nn_ms: FloatArray, lo: IntArray, hi: IntArray) -> FloatArray:
    """Baevsky's index per window, 0 where the intervals are equal or absent."""
    out = np.zeros(lo.size)
    some = np.flatnonzero(hi - lo >= 2)
    if some.size == 0:
        return out
    lo, hi = lo[some], hi[some]
    bounds = np.stack((lo, hi), axis=1).ravel()
    spread = (
        np.maximum.reduceat(np.append(nn_ms, -np.inf), bounds)[::2]
        - np.minimum.reduceat(np.append(nn_ms, np.inf), bounds)[::2]
    ) / 1000.0
    bins = (nn_ms / BIN_MS).astype(np.uint16)
    bins -= BIN_MS * bins > nn_ms  # a quotient may round up
    fullest = np.zeros(lo.size, dtype=np.int64)
    mode = np.zeros(lo.size, dtype=np.int64)
    order = np.argsort(bins, kind="stable")
    begin = np.concatenate(([0], np.cumsum(np.bincount(bins))))
    for kind in np.flatnonzero(np.diff(begin)):
        places = order[begin[kind] : begin[kind + 1]]
        count = np.searchsorted(places, hi) - np.searchsorted(places, lo)
        better = count > fullest
        fullest[better], mode[better] = count[better], kind
    share = 100.0 * fullest / (hi - lo)
    with np.errstate(divide="ignore"):
        index = share / (2.0 * (mode + 0.5) * BIN_MS / 1000.0 * spread)
    out[some] = np.where(spread > 0, index, 0.0)
    return out
