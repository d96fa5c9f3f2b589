from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hrv.stats import benjamini_hochberg, holm

ORACLES = Path(__file__).parents[1] / "standards" / "stats_oracles.json"
P_VALUES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12)


def test_both_agree_with_statsmodels() -> None:
    values = json.loads(ORACLES.read_text())["corrections"]
    np.testing.assert_allclose(holm(values["p"]), values["holm"], rtol=1e-12)
    np.testing.assert_allclose(benjamini_hochberg(values["p"]), values["fdr"], rtol=1e-12)


@given(P_VALUES)
def test_adjusting_never_makes_a_claim_easier_and_holm_is_the_stricter(p: list[float]) -> None:
    q = benjamini_hochberg(p)
    assert np.all(q >= np.array(p) - 1e-15)
    assert np.all(holm(p) >= q - 1e-12)


@given(P_VALUES)
def test_the_order_of_the_tests_does_not_matter(p: list[float]) -> None:
    order = np.random.default_rng(len(p)).permutation(len(p))
    np.testing.assert_array_equal(holm(np.array(p)[order]), holm(p)[order])
