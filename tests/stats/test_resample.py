from __future__ import annotations

import numpy as np
import pytest

from hrv.stats import block_bootstrap, moving_block_indices, theil_sen


def test_blocks_keep_their_neighbours() -> None:
    index = moving_block_indices(20, 5, 50, np.random.default_rng(1))
    assert index.shape == (50, 20)
    assert np.all(np.diff(index.reshape(50, 4, 5), axis=2) == 1)
    assert index.min() >= 0
    assert index.max() <= 19


def test_blocks_carry_the_autocorrelation_into_the_error_of_a_mean() -> None:
    """AR(1) .8 over 4,000 steps: the error of the mean is 3 times that of independent values."""
    rng = np.random.default_rng(2)
    x = np.zeros(4000)
    for i in range(1, x.size):
        x[i] = 0.8 * x[i - 1] + rng.normal()
    means = block_bootstrap(x, lambda v: float(v.mean()), length=60, draws=400, rng=rng)
    assert means.std() / (x.std() / np.sqrt(x.size)) == pytest.approx(3.0, rel=0.25)


def test_the_middle_slope_ignores_one_wild_value() -> None:
    slope, intercept = theil_sen([0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 5.0, 7.0, 900.0])
    assert slope == pytest.approx(2.0)
    assert intercept == pytest.approx(1.0)
