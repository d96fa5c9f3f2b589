"""CVNN: overall variability relative to the mean interval."""

from __future__ import annotations

from hrv.metrics.mean_nn import mean_nn_ms
from hrv.metrics.sdnn import sdnn_ms
from hrv.model import Metric, NNSeries


def cvnn_percent(nn: NNSeries) -> float:
    """100 SDNN / mean NN, percent."""
    return 100.0 * sdnn_ms(nn) / mean_nn_ms(nn)


METRIC = Metric(
    name="cvnn",
    label="CVNN",
    unit="%",
    formula=cvnn_percent,
    reference="Task Force (1996); Sacha (2013), doi:10.3389/fphys.2013.00306",
    equation="100 * SDNN / mean(NN)",
    min_span_s=60.0,
    min_beats=50,
    better="higher",
)
