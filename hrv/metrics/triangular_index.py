"""Triangular index: beats over the height of their histogram."""

from __future__ import annotations

import numpy as np

from hrv.model import Metric, NNSeries

BIN_MS = 1000.0 / 128.0


def triangular_index(nn: NNSeries) -> float:
    """Number of intervals / intervals in the fullest bin; bins of 1/128 s from 0.

    The value depends on where bins begin once intervals are themselves rounded, hence the fixed
    bins. TINN, its companion, has no unique solution and is left out.
    """
    bins = np.arange(nn.sorted_ms[0] // BIN_MS, nn.sorted_ms[-1] // BIN_MS + 3)
    return float(nn.nn_ms.size / nn.counted(BIN_MS * (bins - 1e-9)).max())


METRIC = Metric(
    name="triangular_index",
    label="HRV triangular index",
    unit="1",
    formula=triangular_index,
    reference="Task Force (1996), table 1, doi:10.1161/01.CIR.93.5.1043",
    equation="N / max(histogram), bins of 7.8125 ms from 0",
    min_span_s=1200.0,
    better="higher",
)
