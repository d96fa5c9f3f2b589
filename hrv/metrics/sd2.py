"""SD2: length of the Poincare plot, along the line of identity."""

from __future__ import annotations

import numpy as np

from hrv.metrics.sdnn import sdnn_ms
from hrv.model import Metric, NNSeries


def sd2_ms(nn: NNSeries) -> float:
    """sqrt(2 SDNN^2 - SDSD^2 / 2), ms; NaN under two pairs or where that is negative."""
    steps = nn.successive_diff_ms()
    if steps.size < 2:
        return float("nan")
    square = 2.0 * sdnn_ms(nn) ** 2 - 0.5 * float(np.var(steps, ddof=1))
    return float(np.sqrt(square)) if square >= 0 else float("nan")


METRIC = Metric(
    name="sd2",
    label="SD2",
    unit="ms",
    formula=sd2_ms,
    reference="Brennan et al. (2001), eq. 19, doi:10.1109/10.959330",
    equation="sqrt(2 SDNN^2 - SDSD^2 / 2)",
    better="higher",
    group="poincare",
)
