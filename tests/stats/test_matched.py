"""Proportional hazards within matched sets."""

from __future__ import annotations

import numpy as np
import pytest

from hrv.stats.matched import MatchedSet, matched_hazards


def one(
    cluster: list[int], time: list[float], ended: list[bool], *traits: list[float]
) -> MatchedSet:
    return MatchedSet(
        np.array(cluster), np.array(time), np.array(ended), np.column_stack(traits).astype(float)
    )


def pairs(treated_first: list[bool], clusters: list[list[int]]) -> list[MatchedSet]:
    return [
        one(who, [1.0, 2.0] if first else [2.0, 1.0], [True, True], [1.0, 0.0])
        for first, who in zip(treated_first, clusters, strict=True)
    ]


def test_pairs_by_hand() -> None:
    """Of four pairs the first member ends first in three: the hazard ratio is 3.

    The scores of the pairs are 1/4 three times and -3/4, the information is 4 x 3/16: a variance
    of (3/16 + 9/16) / (9/16), times 4/3 for few sets.
    """
    found = matched_hazards(
        pairs([False, True, True, True], [[2 * k, 2 * k + 1] for k in range(4)])
    )
    assert found is not None
    assert np.exp(found.ln_ratio[0]) == pytest.approx(3.0)
    assert found.se[0] ** 2 == pytest.approx(16.0 / 9.0)
    assert found.df == 3
    low, high = found.interval(0.95)
    assert (high - low)[0] / 2.0 == pytest.approx(3.1824 * found.se[0], rel=1e-4)


def test_sets_that_share_their_days_tell_less() -> None:
    firsts = [True, True, True, True, True, False, False, False]
    apart = matched_hazards(pairs(firsts, [[2 * k, 2 * k + 1] for k in range(8)]))
    shared = matched_hazards(pairs(firsts, [[k // 3, k // 3] for k in range(8)]))
    assert apart is not None
    assert shared is not None
    assert shared.ln_ratio[0] == pytest.approx(apart.ln_ratio[0])
    assert shared.se[0] > 1.2 * apart.se[0]
    assert shared.df == 2


def test_what_is_cut_short_at_once_says_nothing() -> None:
    assert matched_hazards([one([0, 1], [0.5, 2.0], [False, False], [1.0, 0.0])]) is None


def test_one_set_has_no_interval() -> None:
    several = one([0, 1, 2], [1.0, 2.0, 3.0], [True, True, True], [0.0, 1.0, 0.0])
    assert matched_hazards([several]) is None


def test_sets_that_all_agree_have_no_size() -> None:
    assert matched_hazards(pairs([True] * 5, [[2 * k, 2 * k + 1] for k in range(5)])) is None


def lived(
    rng: np.random.Generator, days: int, share: float, faster: float, day_sd: float
) -> list[MatchedSet]:
    """Rises of all days, some with a technique from 2 min on, each with the five nearest without.

    All of a day end sooner or later together; the time left has a coefficient of variation of
    about .8, in whole minutes, and some are cut short.
    """
    n = rng.poisson(5.0, days)
    day = np.repeat(np.arange(days), n)
    state = day_sd * rng.standard_normal(days)
    level = rng.standard_normal(day.size)
    left = 6.0 * np.exp(state[day] + 0.3 * level) * rng.weibull(1.4, day.size)
    treated = rng.random(day.size) < share
    left[treated] *= faster
    cut = rng.exponential(40.0, day.size)
    time, ended = np.ceil(np.minimum(left, cut)), left <= cut
    free, sets = np.flatnonzero(~treated), []
    for i in np.flatnonzero(treated):
        who = np.append(i, free[np.argsort(np.abs(level[free] - level[i]))[:5]])
        traits = np.column_stack((np.arange(who.size) == 0, level[who] - level[i]))
        sets.append(MatchedSet(day[who], time[who], ended[who], traits.astype(float)))
    return sets


def called(
    people: int, days: int, share: float, faster: float, day_sd: float
) -> tuple[float, float]:
    """Share of people significant at 5 %, and the SD of the estimate over the median of its se."""
    found = [
        matched_hazards(lived(np.random.default_rng([5, days, k]), days, share, faster, day_sd))
        for k in range(people)
    ]
    told = [one for one in found if one is not None]
    assert len(told) >= 0.97 * people
    spread = np.std([one.ln_ratio[0] for one in told])
    p = np.array([one.p_values()[0] for one in told])
    return float(np.mean(p < 0.05)), float(spread / np.median([one.se[0] for one in told]))


def test_an_interval_is_as_wide_as_the_estimate_varies() -> None:
    _, ratio = called(60, 30, 0.25, 1.0, 0.4)
    assert 0.75 < ratio < 1.2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "share", "day_sd"),
    [(56, 0.25, 0.0), (56, 0.25, 0.4), (20, 0.25, 0.4), (14, 0.15, 0.4)],
)
def test_no_effect_is_called_one_in_one_of_twenty(days: int, share: float, day_sd: float) -> None:
    """Members stand in many sets and share their days; down to a dozen sets."""
    size, _ = called(400, days, share, 1.0, day_sd)
    assert 0.02 <= size <= 0.08  # .05 and 2.75 SD of the count


@pytest.mark.slow
def test_a_half_time_of_seven_tenths_is_seen() -> None:
    """About seventy treated rises in eight weeks."""
    power, _ = called(300, 56, 0.25, 0.7, 0.4)
    assert power >= 0.6
