"""Median NN: the middle interval, deaf to single errors."""

from __future__ import annotations

from hrv.model import Metric, NNSeries


def median_nn_ms(nn: NNSeries) -> float:
    """Median of the intervals, ms."""
    return nn.quantile_ms(0.5)


METRIC = Metric(
    name="median_nn",
    label="median NN",
    unit="ms",
    formula=median_nn_ms,
    reference="Task Force (1996), doi:10.1161/01.CIR.93.5.1043",
    equation="median(NN)",
    min_span_s=10.0,
    min_beats=5,
)
