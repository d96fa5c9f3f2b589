"""Beat times from what loggers write: exact stamps, arrival stamps, or no stamps at all."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hrv.model import BoolArray, FloatArray

EXACT_S = 0.03  # stamps of beats agree with their intervals this well
JUMP_S = 2.0  # arrival minus running sum: more is a loss, less is the radio's batching
HALF = 8  # beats on each side when a jump is looked for
MIN_RUN = 30  # beats below which a run has no slope of its own


def beat_times(stamp_s: FloatArray, rr_ms: FloatArray) -> tuple[FloatArray, str]:
    """End of each interval, and how it was found: 'ends', 'starts' or 'arrival'.

    Loggers stamp the arrival of a packet with several beats. Their running sum keeps the rhythm
    but hides lost beats, so each contiguous run is laid on its stamps by a robust line and a gap
    opens where arrival and running sum part by more than 2 s.
    """
    rr_s = rr_ms / 1000.0
    if stamp_s.size < 3:
        return stamp_s.copy(), "ends"
    steps = np.diff(stamp_s)
    near = steps < 3.0  # across a gap nothing can be told
    if near.any():
        ends = float(np.median(np.abs(steps - rr_s[1:])[near]))
        starts = float(np.median(np.abs(steps - rr_s[:-1])[near]))
        if ends <= EXACT_S and ends <= starts:
            return stamp_s.copy(), "ends"
        if starts <= EXACT_S:
            return stamp_s + rr_s, "starts"
    return anchored(stamp_s, rr_s), "arrival"


def anchored(arrival_s: FloatArray, rr_s: FloatArray) -> FloatArray:
    """Running sums laid on arrival stamps, run by run, in file order."""
    total = np.cumsum(rr_s)
    lag = arrival_s - total
    times = np.empty_like(total)
    edges = [0, *_jumps(lag), lag.size]
    for first, last in pairwise(edges):
        _lay(total, lag, times, first, last, 0)
    return times


def _jumps(lag: FloatArray) -> list[int]:
    """Beats at which the lag steps by more than 2 s and stays there."""
    if lag.size < 2:
        return []
    pad = np.pad(lag, (HALF, HALF), mode="edge")
    medians = np.median(sliding_window_view(pad, HALF), axis=1)
    before = medians[: lag.size]  # the HALF beats that end before beat i
    after = medians[HALF : HALF + lag.size]  # the HALF beats from beat i on
    step = after - before
    step[0] = 0.0
    away = np.abs(step) > JUMP_S
    found = []
    for first, last in _stretches(away):
        single = np.abs(np.diff(lag))[max(first - 1, 0) : last]
        found.append(max(first - 1, 0) + int(np.argmax(single)) + 1)
    return sorted(set(found) - {0, lag.size})


def _stretches(mask: BoolArray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _lay(
    total: FloatArray, lag: FloatArray, times: FloatArray, first: int, last: int, depth: int
) -> None:
    """One run: lag as a line over the running sum; split where it bends by more than 2 s."""
    count = last - first
    if count <= 0:
        return
    x, y = total[first:last], lag[first:last]
    if count < MIN_RUN:
        times[first:last] = x + float(np.median(y))
        return
    bins = min(24, count // 15)
    width = count // bins
    middle = np.median(x[: bins * width].reshape(bins, width), axis=1)
    level = np.median(y[: bins * width].reshape(bins, width), axis=1)
    slope = 0.0
    if bins >= 3:
        i, j = np.triu_indices(bins, 1)
        slope = float(np.median((level[j] - level[i]) / (middle[j] - middle[i])))
    slope = float(np.clip(slope, -0.2, 0.5))
    rest = level - slope * middle
    if bins >= 3 and depth < 8 and np.ptp(rest) > JUMP_S:
        cut = first + (int(np.argmax(np.abs(np.diff(rest)))) + 1) * width
        _lay(total, lag, times, first, cut, depth + 1)
        _lay(total, lag, times, cut, last, depth + 1)
        return
    times[first:last] = x + slope * x + float(np.median(y - slope * x))


def strictly_after(times: FloatArray) -> BoolArray:
    """Rows in file order that come later than all rows before them."""
    if times.size == 0:
        return np.empty(0, dtype=bool)
    highest = np.maximum.accumulate(times)
    keep = np.empty(times.size, dtype=bool)
    keep[0] = True
    keep[1:] = times[1:] > highest[:-1]
    return keep
