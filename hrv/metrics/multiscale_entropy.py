"""Multiscale entropy: irregularity summed over scales of one to five beats."""

from __future__ import annotations

from hrv.metrics.entropy import multiscale_entropy
from hrv.model import Metric, NNSeries


def complexity_index(nn: NNSeries) -> float:
    """Sum of the sample entropies of scales 1 to 5; NaN where one is undefined."""
    return float(multiscale_entropy(nn).sum())


METRIC = Metric(
    name="multiscale_entropy",
    label="multiscale entropy, scales 1 to 5",
    unit="1",
    formula=complexity_index,
    reference="Costa et al. (2002), doi:10.1103/PhysRevLett.89.068102",
    equation="sum of sample entropies of coarse-grained intervals, m = 2, r = 0.15 SD",
    min_span_s=600.0,
    min_beats=1000,
    group="nonlinear",
    caveat="needs 200 values at the coarsest scale",
)
