"""SD1 / SD2: shape of the Poincare plot."""

from __future__ import annotations

from hrv.metrics.sd1 import sd1_ms
from hrv.metrics.sd2 import sd2_ms
from hrv.model import Metric, NNSeries


def sd1_sd2(nn: NNSeries) -> float:
    """SD1 over SD2; NaN where SD2 is 0 or missing."""
    return sd1_ms(nn) / sd2_ms(nn) if sd2_ms(nn) > 0 else float("nan")


METRIC = Metric(
    name="sd1_sd2",
    label="SD1/SD2",
    unit="1",
    formula=sd1_sd2,
    reference="Brennan et al. (2001), doi:10.1109/10.959330",
    equation="SD1 / SD2",
    min_span_s=60.0,
    min_beats=50,
    group="poincare",
)
