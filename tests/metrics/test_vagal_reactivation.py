"""RMSSD of 30-s segments after a load."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hrv.metrics.vagal_reactivation import rmssd30, vagal_reactivation_per_min
from hrv.model import NNSeries


def returning(rate_per_min: float) -> NNSeries:
    """Differences grow as exp(rate t)."""
    t, sign, out = 0.0, 1.0, [500.0]
    while t < 299.0:
        step = 5.0 * math.exp(rate_per_min * t / 60.0)
        out.append(500.0 + sign * step / 2.0)
        sign = -sign
        t += out[-1] / 1000.0
    return NNSeries.unbroken(out)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5])
def test_the_rate_put_in_comes_out(rate: float) -> None:
    assert vagal_reactivation_per_min(returning(rate)) == pytest.approx(rate, abs=0.02)


def test_segments_are_measured_apart() -> None:
    nn = NNSeries.unbroken([500.0, 510.0] * 60)  # 60.6 s
    t, value = rmssd30(nn)
    assert t.tolist() == [15.0, 45.0]
    np.testing.assert_allclose(value, 10.0)


def test_short_windows_have_no_rate() -> None:
    assert math.isnan(vagal_reactivation_per_min(NNSeries.unbroken([500.0, 510.0] * 60)))
    assert math.isnan(vagal_reactivation_per_min(NNSeries.unbroken([500.0])))
