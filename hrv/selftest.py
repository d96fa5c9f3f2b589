"""Spike-ins: recoveries of known half-time in a person's own quiet minutes, found and fitted.

No simulation knows this person's noise, gaps and habits. The answer says how many such episodes
the program finds in these data, how far its half-times are off, and which part of a true change
in half-time its trends would see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hrv.curves import EXPONENTIAL
from hrv.episodes import detect, expect
from hrv.model import (
    BoolArray,
    Episode,
    EpisodeKind,
    Estimate,
    Expectation,
    FloatArray,
    Grid,
    IntArray,
    Missing,
    RecoveryFit,
    SelfTest,
)
from hrv.recovery import fit
from hrv.settings import RecoverySettings, Settings
from hrv.stats import aft_lognormal
from hrv.stats.windows import fill, runs
from hrv.trend import Endpoint, observed

INJECTIONS = 200
FEWEST = 30  # of a self-test worth showing
MOST_PASSES = 4
APART_S = 5400.0  # two in one pass must not share a local rest
BEFORE_S, AFTER_S = 300.0, 1500.0  # quiet needed around the start
USUAL_RISE_BPM, USUAL_RISE_SD = 13.0, 0.35  # where a person has too few episodes, ln
HALF_TIME_SD = 0.6  # ln, of what is put in: wide enough for a slope
DURATION_S, DURATION_SD = 300.0, 0.5  # ln
VISIBLE_BPM = 8.0


def spike_in(
    grid: Grid,
    expectation: Expectation,
    episodes: Sequence[Episode],
    fits: Sequence[RecoveryFit],
    settings: Settings,
    rng: np.random.Generator,
) -> SelfTest | Missing:
    """Detection and fitting, run again on the person's own data with known recoveries added.

    Heights follow the person's own, half-times scatter widely around the person's median. Each
    pass holds as many as the quiet time allows and runs the whole way anew: expected heart rate,
    detection, fits.
    """
    seen, put_in = [], 0
    for _ in range(MOST_PASSES):
        starts = _places(grid, expectation, episodes, rng)[: INJECTIONS - put_in]
        if starts.size == 0:
            break
        spikes = _spikes(starts, fits, settings.recovery, rng)
        seen.append(_pass(grid, spikes, settings))
        put_in += starts.size
        if put_in >= INJECTIONS:
            break
    if put_in < FEWEST:
        return Missing("too_little_quiet_time", {"n": put_in, "needed": FEWEST})
    return _summary(np.concatenate(seen), grid, expectation, settings)


def _places(
    grid: Grid, expectation: Expectation, episodes: Sequence[Episode], rng: np.random.Generator
) -> IntArray:
    """Random bins with quiet before and after, far enough apart, shuffled."""
    step = grid.step_s
    found = [
        (grid.index(e.start_s - 600.0), grid.index(e.end_s + 900.0) + 1)
        for e in episodes
        if e.kind is not EpisodeKind.EXERCISE
    ]
    taken = fill(np.clip(np.array(found, dtype=np.int64).reshape(-1, 2), 0, len(grid)), len(grid))
    before, after = round(BEFORE_S / step), round(AFTER_S / step)
    places: list[int] = []
    for a, b in runs(_mended(expectation.usable & ~taken, step)):
        at = a + before + int(rng.integers(0, max(round(APART_S / step), 1)))
        while at + after < b:
            places.append(at)
            at += round(APART_S / step * float(rng.uniform(1.0, 1.5)))
    kept = np.array(places, dtype=np.int64)
    rng.shuffle(kept)
    return kept


def _mended(usable: BoolArray, step_s: float) -> BoolArray:
    """Usable stretches with single lost minutes closed."""
    holes = runs(~usable)
    short = holes[(holes[:, 1] - holes[:, 0]) * step_s <= 120.0]
    mended: BoolArray = usable | fill(short, usable.size)
    return mended


def _spikes(
    starts: IntArray,
    fits: Sequence[RecoveryFit],
    rules: RecoverySettings,
    rng: np.random.Generator,
) -> FloatArray:
    """Rows of [start bin, duration s, height bpm, half-time s]."""
    own = [f for f in fits if f.accepted and f.episode.kind is not EpisodeKind.EXERCISE]
    rises = np.log([f.amplitude_bpm for f in own if f.amplitude_bpm > 1.0])
    middle, spread = np.log(USUAL_RISE_BPM), USUAL_RISE_SD
    if rises.size >= rules.day_one_episodes:
        middle, spread = float(np.median(rises)), float(np.clip(np.std(rises), 0.2, 0.6))
    halves = [f.ln_h for f in own if np.isfinite(f.ln_h)]
    centre = float(np.median(halves)) if len(halves) >= rules.day_one_episodes else None
    ln_h = np.log(rules.prior_median_s) if centre is None else centre
    n = starts.size
    return np.column_stack(
        (
            starts.astype(np.float64),
            np.clip(DURATION_S * np.exp(DURATION_SD * rng.standard_normal(n)), 120.0, 1200.0),
            np.clip(np.exp(middle + spread * rng.standard_normal(n)), 3.0, 60.0),
            np.clip(np.exp(ln_h + HALF_TIME_SD * rng.standard_normal(n)), 15.0, 1500.0),
        )
    )


def _pass(grid: Grid, spikes: FloatArray, settings: Settings) -> FloatArray:
    """Rows of [height, ln true half-time, found, low, high, variance] for each spike.

    The bounds of ln half-time are those that a trend would use; NaN where nothing was answered.
    """
    step = grid.step_s
    hr = grid.hr_bpm.astype(np.float64)
    for start, duration, height, half in spikes:
        a = int(start)
        b = min(a + int((duration + 10.0 * half) / step) + 2, len(grid))
        on = a * step + 0.5 * step
        bins = step * np.arange(a, b)
        hr[a:b] += height * EXPONENTIAL.in_bins(bins, step, on, on + duration, half)
    changed = replace(grid, hr_bpm=np.where(grid.measured, hr, 0.0).astype(np.float32))
    expectation = expect(changed, settings)
    found = [
        e for e in detect(changed, expectation, (), settings) if e.kind is not EpisodeKind.EXERCISE
    ]
    fits = fit(found, changed, expectation, settings)
    rows = np.full((spikes.shape[0], 6), np.nan)
    rows[:, 0], rows[:, 1], rows[:, 2] = spikes[:, 2], np.log(spikes[:, 3]), 0.0
    begins = np.array([f.episode.start_s for f in fits])
    for row, (start, duration, *_) in zip(rows, spikes, strict=True):
        on_s = grid.t0_s + start * step
        near = np.flatnonzero((begins > on_s - 300.0) & (begins < on_s + duration))
        if near.size:
            best = fits[near[np.argmin(np.abs(begins[near] - on_s))]]
            row[2] = 1.0
            known = observed((best,), Endpoint.HALF_TIME, settings.recovery)
            if len(known):
                row[3:] = known.low[0], known.high[0], known.variance[0]
    return rows


def _summary(
    rows: FloatArray, grid: Grid, expectation: Expectation, settings: Settings
) -> SelfTest:
    height, truth, hit, low, high, variance = rows.T
    visible = height >= VISIBLE_BPM
    answered = np.isfinite(variance)
    seen = answered & (low == high)
    error = np.where(seen, low - truth, np.nan)[seen]
    slope, bias = _calibration(truth[answered], low[answered], high[answered])
    return SelfTest(
        injections=int(rows.shape[0]),
        found=_share(hit),
        found_visible=_share(hit[visible]) if visible.any() else None,
        answered_share=float(np.mean(seen)),
        at_most_share=float(np.mean(answered & np.isneginf(low))),
        at_least_share=float(np.mean(answered & np.isposinf(high))),
        median_error=float(np.median(np.abs(np.expm1(error)))) if error.size else None,
        bias_ln=bias,
        slope=slope,
        mirrored_per_day=_mirrored_per_day(grid, expectation, settings),
    )


def _calibration(
    truth: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[Estimate | None, Estimate | None]:
    """Slope of the ln half-time found on the one put in, and its error at their middle."""
    if truth.size < FEWEST // 2 or not np.any(low == high):
        return None, None
    centre = float(np.median(truth))
    design = np.column_stack((np.ones(truth.size), truth - centre))
    found = aft_lognormal(low, high, design)
    (middle, slope), sd = found.beta[0], np.sqrt(np.diag(found.covariance[0]))
    if not np.all(np.isfinite((middle, slope, sd[0], sd[1]))):
        return None, None
    return _around(slope, sd[1], truth.size), _around(middle - centre, sd[0], truth.size)


def _around(value: float, sd: float, n: int) -> Estimate:
    """A normal interval of 95 %."""
    middle, half = float(value), 1.96 * float(sd)
    return Estimate(value=middle, low=middle - half, high=middle + half, n=n)


def _share(hit: FloatArray) -> Estimate:
    """Share with its Wilson interval.

    Reference: Wilson (1927), J Am Stat Assoc 22:209.
    """
    n, z = hit.size, 1.96
    p = float(np.mean(hit))
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * float(np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
    return Estimate(value=p, low=min(middle - half, p), high=max(middle + half, p), n=n)


def _mirrored_per_day(grid: Grid, expectation: Expectation, settings: Settings) -> float | None:
    """Episodes found in the excess turned upside down, per 12 still hours.

    Arousal raises heart rate and does not lower it: were noise symmetric, it would make as many
    episodes upwards as this.
    """
    still_h = float(expectation.usable.sum()) * grid.step_s / 3600.0
    if still_h < 4.0:
        return None
    upside_down = replace(expectation, excess_bpm=-expectation.excess_bpm)
    found = detect(grid, upside_down, (), settings)
    n = sum(e.kind is not EpisodeKind.EXERCISE for e in found)
    return 12.0 * n / still_h


def facts(result: SelfTest) -> dict[str, Any]:
    """The self-test as plain numbers for the record."""
    out: dict[str, Any] = {}
    for name in SelfTest.__dataclass_fields__:
        value = getattr(result, name)
        if isinstance(value, Estimate):
            value = {"value": value.value, "low": value.low, "high": value.high, "n": value.n}
        out[name] = value
    return out
