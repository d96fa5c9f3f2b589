"""Baevsky's stress index: how narrowly the intervals crowd round their mode."""

from __future__ import annotations

import numpy as np

from hrv.model import Metric, NNSeries

BIN_MS = 50.0  # bins start at 0


def stress_index_per_s2(nn: NNSeries) -> float:
    """AMo / (2 Mo MxDMn), 1/s^2; NaN where all intervals are equal.

    Mo: middle of the fullest 50-ms bin, s (the lowest of equals). AMo: share of the intervals in
    it, percent. MxDMn: largest minus smallest interval, s.
    """
    shortest, longest = nn.sorted_ms[[0, -1]]
    if longest <= shortest:
        return float("nan")
    edges = BIN_MS * np.arange(shortest // BIN_MS, longest // BIN_MS + 2)
    counts = nn.counted(edges)
    mode_s = (edges[counts.argmax()] + 0.5 * BIN_MS) / 1000.0
    share = 100.0 * counts.max() / nn.nn_ms.size
    return float(share / (2.0 * mode_s * (longest - shortest) / 1000.0))


METRIC = Metric(
    name="stress_index",
    label="Baevsky stress index",
    unit="1/s²",
    formula=stress_index_per_s2,
    reference="Baevsky & Berseneva (2008); Ali et al. (2021), doi:10.3390/s21010048",
    equation="AMo / (2 * Mo * MxDMn), 50-ms bins from 0",
    better="lower",
    caveat="depends on window length through MxDMn: compare equal windows only",
)
