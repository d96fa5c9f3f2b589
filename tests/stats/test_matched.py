"""Proportional hazards within matched sets."""

from __future__ import annotations

import numpy as np
import pytest

from hrv.stats.matched import MatchedSet, matched_hazards


def one(who: list[int], time: list[float], ended: list[bool], *traits: list[float]) -> MatchedSet:
    return MatchedSet(
        np.array(who), np.array(time), np.array(ended), np.column_stack(traits).astype(float)
    )


def test_pairs_by_hand() -> None:
    """Of four pairs the first member ends first in three: the hazard ratio is 3."""
    pairs = [
        one([2 * k, 2 * k + 1], [1.0, 2.0] if k else [2.0, 1.0], [True, True], [1.0, 0.0])
        for k in range(4)
    ]
    found = matched_hazards(pairs)
    assert found is not None
    assert np.exp(found[0][0]) == pytest.approx(3.0)


def test_what_is_cut_short_at_once_says_nothing() -> None:
    assert matched_hazards([one([0, 1], [0.5, 2.0], [False, False], [1.0, 0.0])]) is None


def test_sets_that_all_agree_have_no_size() -> None:
    pairs = [one([2 * k, 2 * k + 1], [1.0, 2.0], [True, True], [1.0, 0.0]) for k in range(5)]
    assert matched_hazards(pairs) is None


def test_an_interval_holds_the_truth_also_when_members_stand_in_many_sets() -> None:
    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(60):
        others = rng.exponential(1.0, 40)  # hazard 1, used again and again
        trait = rng.standard_normal(90)
        sets = []
        for k in range(50):
            who = np.append(40 + k, rng.choice(40, 4, replace=False))
            mine = rng.exponential(1.0 / np.exp(0.5 + 0.4 * trait[who[0]]))
            time = np.append(mine, others[who[1:]] / np.exp(0.4 * trait[who[1:]]))
            sets.append(
                MatchedSet(
                    who, time, np.ones(5, dtype=bool),
                    np.column_stack((np.arange(5) == 0, trait[who])).astype(float),
                )
            )  # fmt: skip
        found = matched_hazards(sets)
        assert found is not None
        inside += abs(found[0][0] - 0.5) < 1.96 * found[1][0, 0] ** 0.5
    assert inside >= 52
