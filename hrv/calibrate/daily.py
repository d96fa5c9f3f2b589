"""One value a day: false alarms, coverage and power of the daily trend, rivals beside it.

A series is a weekend effect of -0.10 plus noise of SD 0.30 (logarithms): an AR(1), or half of it
white. `heavy` series have Student-t shocks with 3 degrees of freedom and lose 35 % of the days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hrv.calibrate import rivals
from hrv.calibrate.counts import Result, count, outside
from hrv.model import BoolArray, FloatArray, IntArray
from hrv.settings import Settings
from hrv.stats.bagls import DAILY_NOISE, BatchFit, fit_nodes, group_days
from hrv.stats.mixture import MixtureT

SD = 0.30
WEEKEND_EFFECT = -0.10
MISSING_SHARE = 0.35
IMPROVEMENTS = (0.10, 0.20, 0.30)
LENGTHS = (28, 56, 90, 180)
BURN_IN = 60
RIVALS = 500  # replicates that the slower rivals are asked about


@dataclass(frozen=True, slots=True)
class DailyCell:
    """One setting of the null grid."""

    days: int
    phi: float
    half_white: bool
    heavy: bool

    @property
    def name(self) -> str:
        noise = f"{'white+' if self.half_white else ''}ar{self.phi:g}"
        return f"daily/{self.days}d/{noise}/{'t3-35%missing' if self.heavy else 'gauss'}"


def cells() -> Iterator[DailyCell]:
    """The 48 null settings."""
    for days in LENGTHS:
        for heavy in (False, True):
            for phi, half_white in (
                (0.0, False),
                (0.3, False),
                (0.5, False),
                (0.7, False),
                (0.5, True),
                (0.7, True),
            ):
                yield DailyCell(days, phi, half_white, heavy)


def noise(cell: DailyCell, runs: int, rng: np.random.Generator) -> FloatArray:
    """Noise (runs, days) of unit variance."""
    shocks = _shocks(cell.heavy, (cell.days + BURN_IN, runs), rng)
    state = np.empty_like(shocks)
    state[0] = shocks[0]
    for i in range(1, len(shocks)):
        state[i] = cell.phi * state[i - 1] + np.sqrt(1.0 - cell.phi**2) * shocks[i]
    found: FloatArray = state[BURN_IN:].T
    if cell.half_white:
        found = np.sqrt(0.5) * (found + _shocks(cell.heavy, found.shape, rng))
    return found


def _shocks(heavy: bool, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    if heavy:
        return np.asarray(rng.standard_t(3.0, shape) / np.sqrt(3.0))
    return rng.standard_normal(shape)


def simulate(
    cell: DailyCell, runs: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Values (runs, days), weekends (days), days with a value (runs, days)."""
    weekend = ((np.arange(cell.days) + rng.integers(7)) % 7 >= 5).astype(float)
    values = WEEKEND_EFFECT * weekend + SD * noise(cell, runs, rng)
    seen = np.ones(values.shape, dtype=bool)
    if cell.heavy:
        seen = rng.random(values.shape) >= MISSING_SHARE
        # Without any weekend left the product drops that term; such rare masks are drawn again.
        while np.any(bare := ~seen[:, weekend > 0].any(axis=1)):
            seen[bare] = rng.random((int(bare.sum()), cell.days)) >= MISSING_SHARE
    return values, weekend, seen


def run(cell: DailyCell, runs: int, settings: Settings, rng: np.random.Generator) -> Result:
    """How often each method sees a change: none is there, or one of known size."""
    values, weekend, seen = simulate(cell, runs, rng)
    found = fit(values, weekend, seen, settings.trend.daily_lrv_exponent)
    loc, scale, weight = (a.reshape(runs, -1) for a in (found.loc, found.scale, found.weight))
    df = np.broadcast_to(found.df, found.loc.shape).reshape(runs, -1)
    one = BatchFit(loc[:, None], scale[:, None], df[:, None], weight[:, None])
    false = {"BA-GLS": count(outside(one.cdf(0.0)))}
    plugged = _plug_in(one, seen.sum(axis=1) - 3.0)
    false["GLS AR(1), plugged in"] = count(outside(plugged.cdf(0.0)))
    for name, rejected in _rivals(values, weekend, seen).items():
        false[name] = count(rejected)
    result: Result = {"false_alarms": false}
    if not cell.heavy:
        changes = np.log1p(-np.array(IMPROVEMENTS))
        result["power"] = {
            name: [count(fits.cdf(-change) > 0.975) for change in changes]
            for name, fits in (("BA-GLS", one), ("GLS AR(1), plugged in", plugged))
        }
        result |= smallest_changes(one, settings.trend.level)
    return result


def smallest_changes(fits: BatchFit, level: float, some: int = 200) -> Result:
    """Median smallest detectable change, and how often a change of one's own size is found."""
    sizes, found = [], []
    for r in range(min(some, fits.loc.shape[0])):
        one = MixtureT(fits.loc[r, 0], fits.scale[r, 0], fits.df[r, 0], fits.weight[r, 0])
        sizes.append(one.smallest_detectable(level))
        found.append(one.cdf(sizes[-1]) > 0.5 + 0.5 * level)
    return {"smallest_change": float(np.median(sizes)), "power_at_smallest": count(found)}


def _plug_in(fits: BatchFit, df: FloatArray) -> BatchFit:
    """The single most likely AR(1) instead of the average over all models."""
    only = np.where(DAILY_NOISE.white == 0.0, fits.weight / DAILY_NOISE.prior, -1.0)
    best = np.argmax(only, axis=-1)[..., None]
    loc, scale = (np.take_along_axis(a, best, axis=-1) for a in (fits.loc, fits.scale))
    return BatchFit(loc, scale, df[:, None, None], np.ones_like(loc))


def _rivals(values: FloatArray, weekend: FloatArray, seen: BoolArray) -> dict[str, list[bool]]:
    """Whether each rival rejects; gaps are closed up, as their users do."""
    said: dict[str, list[bool]] = {}
    day = np.arange(values.shape[1], dtype=float)
    for y, kept in zip(values[:RIVALS], seen[:RIVALS], strict=True):
        t = day[kept]
        design = np.column_stack([np.ones(t.size), t - t.mean(), weekend[kept]])
        p_values = {
            "OLS": rivals.ols(y[kept], design),
            "OLS + Newey-West": rivals.newey_west(y[kept], design),
            "Mann-Kendall": rivals.mann_kendall(y[kept]),
            "MK Hamed-Rao": rivals.mk_hamed_rao(y[kept]),
            "MK prewhitened": rivals.mk_prewhitened(y[kept]),
            "MK trend-free prewhitened": rivals.mk_trend_free_prewhitened(y[kept]),
        }
        for name, p in p_values.items():
            said.setdefault(name, []).append(p < 0.05)
    return said


def fit(values: FloatArray, weekend: FloatArray, seen: BoolArray, exponent: float) -> BatchFit:
    """The product's daily trend for many series at once."""
    runs, days = values.shape
    day = np.arange(days, dtype=np.int64)
    if seen.all():
        x = (day - day.mean()) / (days - 1)
        design = np.column_stack([np.ones(days), x, weekend - weekend.mean()])
        parts = [
            _grouped(design[None], values[i : i + 250].T[None], day[None], days, exponent)
            for i in range(0, runs, 250)
        ]
        loc, scale, weight = (
            np.concatenate([getattr(part, name) for part in parts], axis=1)
            for name in ("loc", "scale", "weight")
        )
        return BatchFit(loc, scale, parts[0].df, weight)
    designs = np.empty((runs, days, 3))
    for r in range(runs):
        first, last = np.flatnonzero(seen[r])[[0, -1]]
        x = (day - first) / (last - first)
        columns = np.column_stack([np.ones(days), x - x[seen[r]].mean(), weekend])
        columns[:, 2] -= weekend[seen[r]].mean()
        designs[r] = columns
    index = np.where(seen, day, np.int64(-1))
    centred = values - np.array([values[r, seen[r]].mean() for r in range(runs)])[:, None]
    return _grouped(designs, centred[:, :, None], index, days, exponent)


def _grouped(
    design: FloatArray, responses: FloatArray, index: IntArray, days: int, exponent: float
) -> BatchFit:
    columns = np.concatenate([design, responses], axis=2)
    nodes = group_days(columns, index, days, 1.0)
    gap = np.ones(days, dtype=np.int64)
    return fit_nodes(nodes, gap, design.shape[2], 1, DAILY_NOISE, exponent)
