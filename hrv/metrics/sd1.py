"""SD1: width of the Poincare plot, across the line of identity."""

from __future__ import annotations

import numpy as np

from hrv.model import Metric, NNSeries


def sd1_ms(nn: NNSeries) -> float:
    """Standard deviation of dNN / sqrt(2), ms; NaN under two pairs.

    N - 1 and minus its mean, as the plot's ellipse is drawn.
    """
    steps = nn.successive_diff_ms()
    return float(np.std(steps, ddof=1) / np.sqrt(2.0)) if steps.size > 1 else float("nan")


METRIC = Metric(
    name="sd1",
    label="SD1",
    unit="ms",
    formula=sd1_ms,
    reference="Brennan et al. (2001), eq. 15, doi:10.1109/10.959330",
    equation="SDSD / sqrt(2)",
    better="higher",
    group="poincare",
    caveat="RMSSD / sqrt(2) under another name: no second witness",
)
