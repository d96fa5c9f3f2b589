"""RMSSD at 60 bpm: what RMSSD would be at a mean interval of one second."""

from __future__ import annotations

from hrv.metrics.mean_nn import mean_nn_ms
from hrv.metrics.rmssd import rmssd_ms
from hrv.model import Metric, NNSeries


def rmssd_at_60_ms(nn: NNSeries) -> float:
    """RMSSD scaled in proportion to the mean interval, ms; NaN without a pair."""
    return rmssd_ms(nn) * 1000.0 / mean_nn_ms(nn)


METRIC = Metric(
    name="rmssd_at_60",
    label="RMSSD at 60 bpm",
    unit="ms",
    formula=rmssd_at_60_ms,
    reference="Sacha (2013), doi:10.3389/fphys.2013.00306; de Geus et al. (2019)",
    equation="RMSSD * 1000 ms / mean(NN)",
    min_span_s=60.0,
    min_beats=50,
    better="higher",
    caveat="proportionality is an average over people, not a law of one heart",
)
