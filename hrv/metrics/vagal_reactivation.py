"""Vagal reactivation: how fast beat-to-beat variability returns after load."""

from __future__ import annotations

import numpy as np

from hrv.model import FloatArray, Metric, NNSeries

SEGMENT_S = 30.0
LEAST_PAIRS = 15


def rmssd30(nn: NNSeries) -> tuple[FloatArray, FloatArray]:
    """Middle of each 30-s segment from the first beat, s, and its RMSSD, ms.

    Segments with under 15 pairs of true neighbours, or none that differ, are left out.
    """
    if nn.t_s.size < 2:
        return np.empty(0), np.empty(0)
    begin = nn.t_s[0] - nn.nn_ms[0] / 1000.0
    number = ((nn.t_s - begin - 1e-9) // SEGMENT_S).astype(np.int64)
    inside = np.flatnonzero(nn.joined[1:] & (number[1:] == number[:-1])) + 1
    steps = nn.nn_ms[inside] - nn.nn_ms[inside - 1]
    count = np.bincount(number[inside], minlength=1)
    square = np.bincount(number[inside], weights=steps**2, minlength=1)
    kept = np.flatnonzero((count >= LEAST_PAIRS) & (square > 0))
    middle = SEGMENT_S * (kept.astype(np.float64) + 0.5)
    return middle, np.sqrt(square[kept] / count[kept])


def vagal_reactivation_per_min(nn: NNSeries) -> float:
    """Slope of ln RMSSD30 over the first 5 min, 1/min; NaN under four segments.

    The window must begin where the load ends.
    """
    t, value = rmssd30(nn)
    t, value = t[t < 300.0] / 60.0, value[t < 300.0]
    if t.size < 4:
        return float("nan")
    x = t - t.mean()
    return float(x @ np.log(value) / (x @ x))


METRIC = Metric(
    name="vagal_reactivation",
    label="vagal reactivation after load",
    unit="1/min",
    formula=vagal_reactivation_per_min,
    reference="Goldberger et al. (2006), doi:10.1152/ajpheart.00925.2005",
    equation="slope of ln RMSSD of 30-s segments over 5 min",
    min_span_s=120.0,
    better="higher",
    group="load",
    caveat="only for windows that begin at the end of a load",
)
