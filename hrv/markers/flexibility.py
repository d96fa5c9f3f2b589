"""Flexibility: how far one swings from day to day. Described; never called better or worse."""

from __future__ import annotations

import numpy as np

from hrv import baseline
from hrv.markers.marker import Context, Marker, unknown
from hrv.model import DailySeries, Estimate, FloatArray, MarkerFinding, MarkerState


def detrended(values: DailySeries, half_width: int = 14) -> FloatArray:
    """Values minus the median of the four weeks around each day, rescaled for the fit."""
    out = np.empty(values.value.size)
    for i, day in enumerate(values.day.tolist()):
        a, b = np.searchsorted(values.day, [day - half_width, day + half_width + 1])
        out[i] = values.value[i] - np.median(values.value[a:b])
    return out


def find(context: Context) -> MarkerFinding:
    """Spread of the resting measure about its own slow course, with early and late halves."""
    name = context.measure
    values = None if name is None else baseline.series(context.days, name, context.window)
    if name is None or values is None or values.day.size < context.rules.spread_days:
        n = 0 if values is None else int(values.day.size)
        return unknown(MARKER.id, "few_resting_days", n=n, needed=context.rules.spread_days)
    rest = detrended(values)
    spread = float(np.std(rest, ddof=1))
    draws = _blocks(rest, context.rng(MARKER.id))
    low, high = (float(q) for q in np.percentile(draws, [2.5, 97.5]))
    half = rest.size // 2
    early, late = float(np.std(rest[:half], ddof=1)), float(np.std(rest[half:], ddof=1))
    return MarkerFinding(
        id=MARKER.id,
        state=MarkerState.DESCRIBED,
        estimate=Estimate(
            value=spread, low=min(low, spread), high=max(high, spread), n=int(rest.size)
        ),
        unit=baseline.MEASURES[name].unit,
        n=int(rest.size),
        since_day=int(values.day[0]),
        until_day=int(values.day[-1]),
        facts={"estimate_is": "level", "measure": name, "early": early, "late": late},
    )


def _blocks(values: FloatArray, rng: np.random.Generator, draws: int = 500) -> FloatArray:
    """SDs of circular block resamples, one week a block."""
    n, block = values.size, 7
    starts = rng.integers(0, n, (draws, -(-n // block)))
    index = (starts[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :n] % n
    spread: FloatArray = np.std(values[index], axis=1, ddof=1)
    return spread


MARKER = Marker(
    id="flexibility",
    label="Swings from day to day",
    question="Swings between shutdown and overwhelm",
    unit="SD",
    better="",
    minimum="14 days with a resting measure",
    formula="standard deviation of the resting measure about its running four-week median",
    statistic="weekly block bootstrap for the interval; no test",
    fallback="works with one value a day",
    reference="Jäger & Füllsack (2019): rising variance gives systematic false alarms",
    find=find,
)
