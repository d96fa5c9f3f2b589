"""Heart-rate variability, one file per metric."""

from __future__ import annotations

from hrv.metrics import (
    ln_rmssd,
    mean_hr,
    mean_nn,
    pnn20,
    pnn50,
    rmssd,
    sd1,
    sd2,
    sdnn,
    stress_index,
)
from hrv.model import Metric

METRICS: tuple[Metric, ...] = (
    mean_nn.METRIC,
    mean_hr.METRIC,
    sdnn.METRIC,
    rmssd.METRIC,
    ln_rmssd.METRIC,
    pnn20.METRIC,
    pnn50.METRIC,
    sd1.METRIC,
    sd2.METRIC,
    stress_index.METRIC,
)
