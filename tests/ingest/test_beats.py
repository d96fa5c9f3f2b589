"""Beat times from stamps of packets: the rhythm is kept, losses become gaps."""

from __future__ import annotations

import numpy as np

from hrv.ingest.beats import anchored, beat_times, strictly_after
from hrv.model import FloatArray


def heart(count: int, seed: int = 7) -> tuple[FloatArray, FloatArray]:
    """True beat times and intervals, s."""
    rng = np.random.default_rng(seed)
    rr = 0.85 + 0.05 * np.sin(np.arange(count) / 6.0) + rng.normal(0, 0.02, count)
    return 1.7e9 + np.cumsum(rr), rr


def packets(t: FloatArray, every_s: float, delay_s: float = 0.15) -> FloatArray:
    """Arrival of each beat with the next packet."""
    return np.ceil(t / every_s) * every_s + delay_s


def test_stamps_of_beats_are_kept() -> None:
    t, rr = heart(200)
    times, how = beat_times(t, 1000 * rr)
    assert how == "ends"
    np.testing.assert_array_equal(times, t)


def test_stamps_of_the_start_of_intervals_are_moved_to_their_end() -> None:
    t, rr = heart(200)
    times, how = beat_times(t - rr, 1000 * rr)
    assert how == "starts"
    np.testing.assert_allclose(times, t, atol=1e-6)


def test_arrival_stamps_give_the_rhythm_back() -> None:
    t, rr = heart(2000)
    times, how = beat_times(packets(t, 1.0), 1000 * rr)
    assert how == "arrival"
    lag = times - t
    assert np.ptp(lag) < 0.15  # a constant delay of the radio is left, no jitter
    assert abs(np.median(lag)) < 1.2


def test_a_loss_of_contact_becomes_a_gap() -> None:
    t, rr = heart(2000)
    keep = np.ones(t.size, dtype=bool)
    keep[900:940] = False  # 34 s
    times = anchored(packets(t, 1.0)[keep], rr[keep])
    steps = np.diff(times) - rr[keep][1:]
    assert np.flatnonzero(steps > 2.0).tolist() == [899]
    assert abs(steps[899] - float(t[940] - t[899] - rr[940])) < 1.0
    assert np.max(np.abs(times - t[keep] - np.median(times - t[keep]))) < 1.5


def test_many_small_losses_do_not_add_up() -> None:
    t, rr = heart(4000)
    rng = np.random.default_rng(1)
    keep = rng.random(t.size) > 0.05
    times = anchored(packets(t, 1.0)[keep], rr[keep])
    assert np.max(np.abs(times - t[keep])) < 3.0
    assert np.all(np.diff(times[strictly_after(times)]) > 0)


def test_of_beats_told_twice_the_first_count() -> None:
    times = np.array([1.0, 2.0, 1.5, 2.5, 2.5])
    assert strictly_after(times).tolist() == [True, True, False, True, False]
    assert strictly_after(np.empty(0)).size == 0
