"""Breathing rate from beats whose breathing is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hrv.metrics.respiration import respiration_per_min
from hrv.metrics.spectrum import lomb
from hrv.model import NNSeries


def breathed(per_min: float, mean_ms: float = 900.0, depth_ms: float = 30.0) -> NNSeries:
    rng = np.random.default_rng(int(per_min * 10))
    t, out = 0.0, []
    while t < 300.0:
        rr = mean_ms + depth_ms * np.sin(2 * np.pi * per_min / 60 * t) + rng.normal(0, 10)
        out.append(rr)
        t += rr / 1000.0
    return NNSeries.unbroken(out)


@pytest.mark.parametrize("per_min", [6.0, 10.2, 15.0, 19.8, 25.5])
def test_the_rate_is_found_to_a_tenth_of_a_breath(per_min: float) -> None:
    assert respiration_per_min(lomb(breathed(per_min))) == pytest.approx(per_min, abs=0.1)


def test_noise_does_not_breathe() -> None:
    rng = np.random.default_rng(5)
    nn = NNSeries.unbroken(900.0 + rng.normal(0, 30, 330))
    assert math.isnan(respiration_per_min(lomb(nn)))


def test_a_slow_wave_beside_breathing_is_not_taken_for_it() -> None:
    nn = breathed(15.0)
    slow = 20.0 * np.sin(2 * np.pi * 0.1 * nn.t_s)
    assert respiration_per_min(lomb(NNSeries.unbroken(nn.nn_ms + slow))) == pytest.approx(
        15, abs=0.3
    )


def test_equal_beats_do_not_breathe() -> None:
    assert math.isnan(respiration_per_min(lomb(NNSeries.unbroken([1000.0] * 300))))
