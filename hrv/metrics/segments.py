"""Five-minute segments, on which the long-term metrics rest."""

from __future__ import annotations

import numpy as np

from hrv.model import FloatArray, NNSeries

SEGMENT_S = 300.0
LEAST_COVER = 0.8


def segments(nn: NNSeries) -> tuple[FloatArray, FloatArray]:
    """Mean and SD (N - 1) of the intervals of each whole 5-min segment, ms.

    Segments are counted from the first beat's start; an interval belongs to the one in which it
    ends. A segment with less than 80 % of its time in intervals is left out.
    """
    if nn.t_s.size == 0:
        return np.empty(0), np.empty(0)
    begin = nn.t_s[0] - nn.nn_ms[0] / 1000.0
    edges = np.arange(begin, nn.t_s[-1] + SEGMENT_S, SEGMENT_S)
    bounds = np.searchsorted(nn.t_s, edges + 1e-9, side="right")
    count = np.diff(bounds)
    centre = nn.nn_ms.mean()
    x = np.append(nn.nn_ms - centre, 0.0)
    total = np.add.reduceat(x, bounds)[:-1]
    square = np.add.reduceat(x * x, bounds)[:-1]
    many = np.maximum(count, 2)
    mean = centre + total / many
    kept = (count >= 2) & (many * mean >= 1000.0 * LEAST_COVER * SEGMENT_S)
    variance = np.maximum(square - total * total / many, 0.0) / (many - 1)
    return mean[kept], np.sqrt(variance[kept])
