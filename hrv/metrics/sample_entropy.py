"""Sample entropy: how little the next beat follows from the last two."""

from __future__ import annotations

from hrv.metrics.entropy import sample_entropy
from hrv.model import Metric

METRIC = Metric(
    name="sample_entropy",
    label="sample entropy",
    unit="1",
    formula=sample_entropy,
    reference="Richman & Moorman (2000), doi:10.1152/ajpheart.2000.278.6.H2039",
    equation="-ln(A / B), m = 2, r = 0.2 SD",
    min_span_s=120.0,
    min_beats=200,
    group="nonlinear",
    caveat="r follows the SD of the window: a trend or an artefact lowers the value",
)
