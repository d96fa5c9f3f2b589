"""RR = M + 40 sin(2 pi 0.1 t) + 30 sin(2 pi 0.25 t) ms: LF 800, HF 450 ms^2 whatever M is."""

from __future__ import annotations

import pytest

from hrv.metrics import BY_NAME
from hrv.metrics.spectrum import lomb, welch
from hrv.model import NNSeries
from tests.hearts import waves


@pytest.mark.parametrize("mean_ms", [600.0, 900.0, 1200.0])
def test_lomb_power_is_true_within_1_5_percent(mean_ms: float) -> None:
    spectrum = lomb(NNSeries.unbroken(waves(mean_ms)))
    assert BY_NAME["lf"].formula(spectrum) == pytest.approx(800.0, rel=0.015)
    assert BY_NAME["hf"].formula(spectrum) == pytest.approx(450.0, rel=0.015)


@pytest.mark.parametrize(("mean_ms", "hf"), [(600.0, 449.0), (900.0, 442.0), (1200.0, 418.0)])
def test_welch_loses_hf_at_slow_rates_as_every_spline_does(mean_ms: float, hf: float) -> None:
    spectrum = welch(NNSeries.unbroken(waves(mean_ms)))
    assert BY_NAME["lf_welch"].formula(spectrum) == pytest.approx(800.0, rel=0.002)
    assert BY_NAME["hf_welch"].formula(spectrum) == pytest.approx(hf, rel=0.002)


@pytest.mark.parametrize("mean_ms", [600.0, 900.0, 1200.0])
def test_breathing_is_read_off_as_15_per_minute(mean_ms: float) -> None:
    # the 0.1-Hz wave is the larger one and must not be taken for slow breathing
    rate = BY_NAME["respiration"].value(NNSeries.unbroken(waves(mean_ms)))
    assert rate == pytest.approx(15.0, abs=0.1)
