"""Running figures against implementations that we did not write."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from hrv.stats.windows import past_mean


@pytest.mark.parametrize(("decay_s", "step_s"), [(60.0, 60.0), (180.0, 15.0), (600.0, 120.0)])
def test_the_mean_of_the_past_is_a_filter_of_first_order(decay_s: float, step_s: float) -> None:
    values = np.random.default_rng(1).exponential(size=5_000)
    keep = np.exp(-step_s / decay_s)
    expected = lfilter([1.0 - keep], [1.0, -keep], values)
    np.testing.assert_allclose(past_mean(values, decay_s, step_s), expected, rtol=1e-12)


def test_before_the_first_value_there_was_nothing() -> None:
    found = past_mean(np.array([1.0, 0.0]), 60.0, 60.0)
    assert found == pytest.approx([1.0 - np.exp(-1.0), (1.0 - np.exp(-1.0)) * np.exp(-1.0)])
