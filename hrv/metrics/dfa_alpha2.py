"""DFA alpha 2: scaling of variability over 16 to 64 beats."""

from __future__ import annotations

from hrv.metrics.fluctuation import LONG_BEATS, long_fluctuation
from hrv.model import Fluctuation, Metric


def dfa_alpha2(box: Fluctuation) -> float:
    """Slope of log F(n) over log n for 16 to 64 beats; NaN under three sizes.

    0.5 is white noise, 1.0 is 1/f, 1.5 a random walk.
    """
    return box.slope(*LONG_BEATS)


METRIC = Metric(
    name="dfa_alpha2",
    label="DFA alpha 2",
    unit="1",
    formula=dfa_alpha2,
    prepare=long_fluctuation,
    of=Fluctuation,
    reference="Peng et al. (1995), doi:10.1063/1.166141",
    equation="slope of log F over log n, n = 16 to 64 beats, disjoint boxes",
    min_span_s=120.0,
    min_beats=1000,
    group="nonlinear",
    caveat="other scales or overlapping boxes give other values, by up to 0.1",
)
