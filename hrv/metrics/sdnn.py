"""SDNN: overall variability."""

from __future__ import annotations

import numpy as np

from hrv.model import Metric, NNSeries


def sdnn_ms(nn: NNSeries) -> float:
    """Standard deviation of the intervals with N - 1, ms. No detrending.

    Grows with the length of the recording: compare windows of equal length only.
    """
    return float(np.std(nn.nn_ms, ddof=1, mean=nn.mean_ms))


METRIC = Metric(
    name="sdnn",
    label="SDNN",
    unit="ms",
    formula=sdnn_ms,
    reference="Task Force (1996), table 1, doi:10.1161/01.CIR.93.5.1043",
    equation="sqrt(sum((NN - mean)^2) / (N - 1))",
    better="higher",
)
