"""Levels: how often the printed interval of a median or mean holds the truth, from day one on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hrv.calibrate import daily, episodes
from hrv.calibrate.counts import Result, count, outside
from hrv.model import FloatArray
from hrv.settings import Settings
from hrv.stats.bagls import BatchFit, fit_nodes, group_days
from hrv.stats.survival import median_imputed_batch
from hrv.trend import DAILY_LEVEL_NOISE, LEVEL_NOISE, CensoredLogs, unresolved

DAYS = (4, 7, 14, 28, 90)
TRUTH_DRAWS = 400_000


@dataclass(frozen=True, slots=True)
class LevelCell:
    """A level from few or many days: of half-times, or of one value a day."""

    days: int
    phi: float
    errors: str  # normal, weibull, logistic; daily: gauss, half-white, t3
    half_time: bool

    @property
    def name(self) -> str:
        kind = "half-times" if self.half_time else "daily"
        return f"levels/{kind}/{self.days}d/ar{self.phi:g}/{self.errors}"


def cells() -> Iterator[LevelCell]:
    """Half-times of about three episodes a day, and nights."""
    for days in DAYS:
        for phi in (0.0, 0.5, 0.7):
            yield LevelCell(days, phi, "normal", True)
        for errors in ("weibull", "logistic"):
            yield LevelCell(days, 0.5, errors, True)
        if days >= 7:
            for phi in (0.0, 0.5, 0.7):
                yield LevelCell(days, phi, "gauss", False)
            yield LevelCell(days, 0.7, "half-white", False)
            yield LevelCell(days, 0.5, "t3", False)


def run(cell: LevelCell, runs: int, settings: Settings, rng: np.random.Generator) -> Result:
    """Intervals that miss the truth, and the median width of an interval (ln)."""
    fits, truth = (
        _half_times(cell, runs, settings, rng) if cell.half_time else _nights(cell, runs, rng)
    )
    missed = outside(fits.cdf(truth)[:, 0])
    some = [fits.mixture(r).half_width(settings.trend.level) for r in range(min(100, missed.size))]
    return {
        "missed": count(missed),
        "half_width": float(np.median(some)),
        "answered": {"yes": int(missed.size), "of": runs},
    }


def _half_times(
    cell: LevelCell, runs: int, settings: Settings, rng: np.random.Generator
) -> tuple[BatchFit, float]:
    person = episodes.EpisodeCell(cell.days, cell.phi, cell.errors, 120.0, 75.0)
    data = episodes.simulate(person, runs, rng)
    rows = [r for r in range(runs) if _answered(data.logs(r), settings)]
    fits = median_imputed_batch(
        data.index[rows],
        np.ones(cell.days, dtype=np.int64),
        data.low[rows],
        data.high[rows],
        rng=rng,
        draws=settings.trend.imputations,
        exponent=settings.trend.level_lrv_exponent,
        noise=LEVEL_NOISE,
    )
    return fits.averaged(), _true_median(person, rng)


def _answered(known: CensoredLogs, settings: Settings) -> bool:
    return (
        len(known) >= settings.recovery.day_one_episodes
        and unresolved(known, settings.trend, settings.trend.at_most_share_level) is None
    )


def _true_median(person: episodes.EpisodeCell, rng: np.random.Generator) -> float:
    """Median log half-time as it would be measured without censoring."""
    free = replace(person, days=90)
    runs = TRUTH_DRAWS // 288
    values = episodes.uncensored(free, runs, rng)
    return float(np.median(values))


def _nights(cell: LevelCell, runs: int, rng: np.random.Generator) -> tuple[BatchFit, float]:
    like = daily.DailyCell(cell.days, cell.phi, cell.errors == "half-white", cell.errors == "t3")
    values: FloatArray = daily.noise(like, runs, rng)[:, :, None]
    day = np.broadcast_to(np.arange(cell.days), (runs, cell.days))
    columns = np.concatenate([np.ones_like(values), values], axis=2)
    nodes = group_days(columns, day, cell.days, 1.0)
    gap = np.ones(cell.days, dtype=np.int64)
    return fit_nodes(nodes, gap, 1, 0, DAILY_LEVEL_NOISE, 0.0), 0.0
