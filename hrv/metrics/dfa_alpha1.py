"""DFA alpha 1: scaling of variability over 4 to 16 beats."""

from __future__ import annotations

from hrv.metrics.fluctuation import SHORT_BEATS, short_fluctuation
from hrv.model import Fluctuation, Metric


def dfa_alpha1(box: Fluctuation) -> float:
    """Slope of log F(n) over log n for 4 to 16 beats; NaN under three sizes.

    0.5 is white noise, 1.0 is 1/f, 1.5 a random walk.
    """
    return box.slope(*SHORT_BEATS)


METRIC = Metric(
    name="dfa_alpha1",
    label="DFA alpha 1",
    unit="1",
    formula=dfa_alpha1,
    prepare=short_fluctuation,
    of=Fluctuation,
    reference="Peng et al. (1995), doi:10.1063/1.166141",
    equation="slope of log F over log n, n = 4 to 16 beats, disjoint boxes",
    min_span_s=120.0,
    min_beats=200,
    group="nonlinear",
    caveat="other scales or overlapping boxes give other values, by up to 0.1",
)
