"""CVSD: beat-to-beat variability relative to the mean interval."""

from __future__ import annotations

from hrv.metrics.mean_nn import mean_nn_ms
from hrv.metrics.rmssd import rmssd_ms
from hrv.model import Metric, NNSeries


def cvsd_percent(nn: NNSeries) -> float:
    """100 RMSSD / mean NN, percent; NaN without a pair."""
    return 100.0 * rmssd_ms(nn) / mean_nn_ms(nn)


METRIC = Metric(
    name="cvsd",
    label="CVSD",
    unit="%",
    formula=cvsd_percent,
    reference="de Geus et al. (2019), doi:10.1111/psyp.13287",
    equation="100 * RMSSD / mean(NN)",
    min_span_s=60.0,
    min_beats=50,
    better="higher",
)
