"""Mean NN: the average normal interval."""

from __future__ import annotations

from hrv.model import Metric, NNSeries


def mean_nn_ms(nn: NNSeries) -> float:
    """Mean of the intervals, ms."""
    return nn.mean_ms


METRIC = Metric(
    name="mean_nn",
    label="mean NN",
    unit="ms",
    formula=mean_nn_ms,
    reference="Task Force (1996), table 1, doi:10.1161/01.CIR.93.5.1043",
    equation="sum(NN) / N",
    min_span_s=10.0,
    min_beats=5,
)
