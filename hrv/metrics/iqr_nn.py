"""IQR of NN: the spread of the middle half."""

from __future__ import annotations

from hrv.model import Metric, NNSeries


def iqr_nn_ms(nn: NNSeries) -> float:
    """Third minus first quartile of the intervals, ms (linear interpolation)."""
    return nn.quantile_ms(0.75) - nn.quantile_ms(0.25)


METRIC = Metric(
    name="iqr_nn",
    label="IQR of NN",
    unit="ms",
    formula=iqr_nn_ms,
    reference="Hyndman & Fan (1996), definition 7, doi:10.1080/00031305.1996.10473566",
    equation="Q3(NN) - Q1(NN)",
    min_span_s=60.0,
    min_beats=50,
    better="higher",
)
