"""Vagal reactivation after a rise, from beats whose variability is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv.episodes import detect, expect
from hrv.model import (
    DAY_S,
    DayBlock,
    Episode,
    Estimate,
    FloatArray,
    LocalClock,
    Missing,
    RecoveryFit,
    RRSeries,
    Timeline,
)
from hrv.settings import Settings
from hrv.vagal import beside, reactivation
from tests.grids import grid_of

SETTINGS = Settings()
T0 = 20_000 * DAY_S + 36_000.0


def beats(growth_per_min: float, seconds: float = 700.0, start_s: float = T0 - 200.0) -> RRSeries:
    """Intervals of 800 ms that alternate by +-d, so that RMSSD is 2 d; d grows from `T0` on."""
    n = int(seconds / 0.8)
    t: FloatArray = start_s + 0.8 * np.arange(1, n + 1, dtype=np.float64)
    since_min: FloatArray = np.clip(t - T0, 0.0, None) / 60.0
    d = 10.0 * np.exp(growth_per_min * since_min)
    return RRSeries(t, 800.0 + d * np.where(np.arange(n) % 2 == 0, 1.0, -1.0))


def released(t_s: float, follow_up_s: float = 600.0) -> RecoveryFit:
    episode = Episode(start_s=t_s - 300.0, peak_s=t_s, end_s=t_s + 60.0, rise_bpm=12.0)
    return RecoveryFit(episode=episode, accepted=True, release_s=t_s, follow_up_s=follow_up_s)


def timeline(*series: RRSeries) -> Timeline:
    blocks: dict[int, DayBlock] = {}
    for one in series:
        day = int(one.t_s[0] // DAY_S)
        blocks[day] = DayBlock(utc_day=day, rr=(one,))
    return Timeline(
        utc_days=tuple(sorted(blocks)), read_block=blocks.__getitem__, clock=LocalClock.fixed()
    )


def value(found: object) -> Estimate:
    assert isinstance(found, Estimate)
    return found


def test_growth_by_hand() -> None:
    # RMSSD doubles in two minutes: ln 2 / 2 a minute, which is 41.4 %
    found = value(reactivation(beats(np.log(2.0) / 2.0), T0, T0 + 300.0, SETTINGS))
    assert found.value == pytest.approx(100.0 * (2.0**0.5 - 1.0), rel=0.03)
    assert found.n is not None
    assert found.n >= 8
    assert found.low > 30.0
    assert found.high < 55.0


def test_steady_variability_does_not_grow() -> None:
    found = value(reactivation(beats(0.0), T0, T0 + 300.0, SETTINGS))
    assert abs(found.value) < 1.0


def test_noise_widens_the_interval() -> None:
    rng = np.random.default_rng(3)
    one = beats(0.0)
    noisy = RRSeries(one.t_s, 800.0 + 25.0 * rng.standard_normal(one.rr_ms.size))
    found = value(reactivation(noisy, T0, T0 + 300.0, SETTINGS))
    assert found.low < 0.0 < found.high
    assert found.high - found.low > 2.0


@pytest.mark.parametrize(
    ("series", "stop_s", "code"),
    [
        (None, 300.0, "vagal_no_beats"),
        (beats(0.1), 100.0, "vagal_few_segments"),
        (beats(0.1, seconds=260.0), 300.0, "vagal_few_segments"),
    ],
)
def test_what_beats_cannot_tell_has_a_reason(
    series: RRSeries | None, stop_s: float, code: str
) -> None:
    found = reactivation(series, T0, T0 + stop_s, SETTINGS)
    assert isinstance(found, Missing)
    assert found.code == code


def test_every_fit_gets_an_answer_or_a_reason() -> None:
    early = replace(released(T0), release_s=float("nan"))
    fits = beside([early, released(T0), released(T0 + 5000.0)], timeline(beats(0.3)), SETTINGS)
    codes = [getattr(f.vagal_percent_per_min, "code", None) for f in fits]
    assert codes == ["vagal_not_followed", None, "vagal_no_beats"]


def test_a_day_that_ends_in_between_changes_nothing() -> None:
    def moved(by_s: float) -> FloatArray:
        one = beats(0.3)
        whole = RRSeries(one.t_s + by_s, one.rr_ms)
        cut = int(np.searchsorted(whole.t_s, 20_001 * DAY_S))
        parts = [
            RRSeries(whole.t_s[a:b], whole.rr_ms[a:b])
            for a, b in ((0, cut), (cut, whole.t_s.size))
            if b > a
        ]
        fit = beside([released(T0 + by_s)], timeline(*parts), SETTINGS)[0]
        found = value(fit.vagal_percent_per_min)
        return np.array([found.value, found.low, found.high])

    midnight = 20_001 * DAY_S - T0 - 100.0
    np.testing.assert_allclose(moved(midnight), moved(0.0), rtol=1e-6)


def test_variability_that_falls_along_a_rise_raises_its_confidence() -> None:
    hr = np.concatenate((np.full(60, 62.0), np.full(12, 70.0), np.full(60, 62.0)))
    hr = hr + 2.0 * np.random.default_rng(5).standard_normal(hr.size)

    def confidence(fall: float) -> float:
        ln_rmssd = np.full(hr.size, 3.6)
        ln_rmssd[60:72] -= fall
        grid = grid_of(hr, ln_rmssd=ln_rmssd, rmssd_known=np.ones(hr.size, dtype=bool))
        found = detect(grid, expect(grid, SETTINGS), (), SETTINGS)
        assert len(found) == 1
        return found[0].confidence

    assert confidence(0.3) > confidence(0.1) > confidence(0.0) > confidence(-0.3)
