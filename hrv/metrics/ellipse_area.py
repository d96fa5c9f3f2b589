"""Ellipse area of the Poincare plot."""

from __future__ import annotations

import numpy as np

from hrv.metrics.sd1 import sd1_ms
from hrv.metrics.sd2 import sd2_ms
from hrv.model import Metric, NNSeries


def ellipse_area_ms2(nn: NNSeries) -> float:
    """pi SD1 SD2, ms^2; NaN where one is missing."""
    return float(np.pi * sd1_ms(nn) * sd2_ms(nn))


METRIC = Metric(
    name="ellipse_area",
    label="Poincare ellipse area",
    unit="ms²",
    formula=ellipse_area_ms2,
    reference="Brennan et al. (2001), doi:10.1109/10.959330",
    equation="pi * SD1 * SD2",
    min_span_s=60.0,
    min_beats=50,
    better="higher",
    group="poincare",
)
