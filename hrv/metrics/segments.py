"""Five-minute segments, on which the long-term metrics rest."""

from __future__ import annotations

import numpy as np

from hrv.model import FloatArray, NNSeries

SEGMENT_S = 300.0
LEAST_COVER = 0.8


def segments(nn: NNSeries) -> tuple[FloatArray, FloatArray]:
    """Mean and SD (N - 1) of the intervals of each whole 5-min segment, ms.

    Segments are counted from the first beat; one with less than 80 % of its time in intervals is
    left out.
    """
    if nn.t_s.size == 0:
        return np.empty(0), np.empty(0)
    begin = nn.t_s[0] - nn.nn_ms[0] / 1000.0
    number = ((nn.t_s - begin - 1e-9) // SEGMENT_S).astype(np.int64)
    count = np.bincount(number)
    mean = np.bincount(number, weights=nn.nn_ms) / np.maximum(count, 1)
    square = np.bincount(number, weights=(nn.nn_ms - mean[number]) ** 2)
    kept = (count >= 2) & (count * mean >= 1000.0 * LEAST_COVER * SEGMENT_S)
    return mean[kept], np.sqrt(square[kept] / (count[kept] - 1))
