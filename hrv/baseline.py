"""Baseline arousal: how a heart rests, night by night and day by day, against its own past.

`nights` names the nights, `days` measures them, `choose` picks the measure a verdict may rest on
(before any trend is looked at), `summary` says where it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from hrv.model import (
    DAY_S,
    BaselineDay,
    BaselineSummary,
    BoolArray,
    DailySeries,
    DayFeatures,
    DayQuantity,
    DayValue,
    Episode,
    Estimate,
    Expectation,
    FloatArray,
    Grid,
    HrvWindows,
    IntArray,
    Level,
    LocalClock,
    MarkerFinding,
    MarkerState,
    Missing,
    Night,
    Span,
    SpanKind,
)
from hrv.settings import BaselineSettings


@dataclass(frozen=True, slots=True)
class Measure:
    """One resting measure: unit, direction that means less arousal, slot in the composite."""

    name: str
    unit: str
    better: str  # lower or higher
    slot: str  # night_hr, hrv, resting_hr or empty
    log: bool = False


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        m.name: m
        for m in (
            Measure("arousal_z", "SD", "lower", ""),
            Measure("night_hr_bpm", "bpm", "lower", "night_hr"),
            Measure("vendor_night_hr_bpm", "bpm", "lower", "night_hr"),
            Measure("vendor_resting_hr_bpm", "bpm", "lower", "night_hr"),
            Measure("ln_rmssd", "ln ms", "higher", "hrv", log=True),
            Measure("vendor_ln_rmssd", "ln ms", "higher", "hrv", log=True),
            Measure("vendor_ln_sdnn", "ln ms", "higher", "hrv", log=True),
            Measure("resting_hr_bpm", "bpm", "lower", "resting_hr"),
            Measure("min30_hr_bpm", "bpm", "lower", "night_hr"),
        )
    }
)


SOURCES = ("beats", "vendor")  # of HRV windows: our own from beats, or the vendor's figures


# --------------------------------------------------------------------------- nights


def nights(
    grid: Grid | None, spans: Sequence[Span], clock: LocalClock, settings: BaselineSettings
) -> tuple[Night, ...]:
    """Nights by the local day of waking, naps left out.

    Sleep spans less than `night_join_min` apart are one sleep; the longest sleep that ends on a
    day is its night, if it is long enough. Where no device night lies within two weeks, the
    hours from midnight stand in (`known_by="clock"`).
    """
    found = _device_nights(spans, clock, settings)
    if grid is None or not len(grid):
        return tuple(found[day] for day in sorted(found))
    known = np.array(sorted(found), dtype=np.int64)
    early = grid.hour < settings.night_clock_hours
    seen = np.unique(grid.day[early & grid.measured])
    for day in seen.tolist():
        if known.size and np.min(np.abs(known - day)) <= 14:
            continue
        start_s = _local_midnight(day, clock)
        end_s = start_s + settings.night_clock_hours * 3600.0
        found[day] = Night(day=day, start_s=start_s, end_s=end_s, known_by="clock")
    return tuple(found[day] for day in sorted(found))


def _local_midnight(day: int, clock: LocalClock) -> float:
    guess = day * DAY_S
    return float(guess - clock.offset_at(guess - float(clock.offset_at(guess).item())).item())


def _device_nights(
    spans: Sequence[Span], clock: LocalClock, settings: BaselineSettings
) -> dict[int, Night]:
    sleeps = sorted((s.start_s, s.end_s) for s in spans if s.kind is SpanKind.SLEEP)
    if not sleeps:
        sleeps = sorted(
            (s.start_s, s.end_s)
            for s in spans
            if s.kind is SpanKind.SLEEP_STAGE and s.label != "awake"
        )
    joined: list[list[float]] = []
    for start_s, end_s in sleeps:
        if joined and start_s - joined[-1][1] <= settings.night_join_min * 60.0:
            joined[-1][1] = max(joined[-1][1], end_s)
        else:
            joined.append([start_s, end_s])
    found: dict[int, Night] = {}
    for start_s, end_s in joined:
        if end_s - start_s < settings.night_min_hours * 3600.0:
            continue
        day = int(clock.day(end_s).item())
        longest = found.get(day)
        if longest is None or end_s - start_s > longest.end_s - longest.start_s:
            found[day] = Night(day=day, start_s=start_s, end_s=end_s, known_by="device")
    return found


# --------------------------------------------------------------------------- windows of beats


def windows(features: Iterable[DayFeatures]) -> HrvWindows:
    """HRV windows of our own and of the vendor in one time order; sources stay apart by name."""
    parts: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray, int]] = []
    for day in features:
        keep = day.corrected_share <= 0.2
        parts.append(
            (
                day.rmssd_t_s[keep],
                day.rmssd_ms[keep],
                np.nan_to_num(day.rr_mean_ms[keep]),
                np.nan_to_num(day.stress_index[keep], posinf=0.0),
                0,
            )
        )
        known = day.vendor_rmssd_ms > 0
        zero = np.zeros(int(known.sum()))
        parts.append((day.vendor_rmssd_t_s[known], day.vendor_rmssd_ms[known], zero, zero, 1))
    if not parts:
        empty = np.empty(0)
        return HrvWindows(empty, empty, empty, empty, np.empty(0, dtype=np.int64), SOURCES)
    code = np.concatenate([np.full(p[0].size, p[4]) for p in parts])
    columns = [np.concatenate([p[k] for p in parts]) for k in range(4)]
    order = np.argsort(columns[0], kind="stable")
    t_s, rmssd, rr, si = (column[order] for column in columns)
    return HrvWindows(t_s, rmssd, rr, si, code[order], SOURCES)


# --------------------------------------------------------------------------- masks


def marked(
    spans: Sequence[Span], kinds: Sequence[SpanKind], grid: Grid, mark_s: float = 0.0
) -> BoolArray:
    """Bins touched by spans of these kinds; a mark without length counts as `mark_s` long, one of
    a whole day says nothing of its minutes."""
    change = np.zeros(len(grid) + 1, dtype=np.int64)
    for span in spans:
        if span.kind not in kinds or span.all_day:
            continue
        end_s = max(span.end_s, span.start_s + mark_s)
        first = int(np.clip((span.start_s - grid.t0_s) // grid.step_s, 0, len(grid)))
        last = int(np.clip(np.ceil((end_s - grid.t0_s) / grid.step_s), 0, len(grid)))
        if last > first:
            change[first] += 1
            change[last] -= 1
    touched: BoolArray = np.cumsum(change[:-1]) > 0
    return touched


def period_bins(grid: Grid) -> float:
    """Typical step of the stream outside workouts, in bins (1 for a value in every bin)."""
    at = np.flatnonzero(grid.measured & ~grid.exercise)
    if at.size < 2:
        return 1.0
    return float(max(1.0, np.median(np.diff(at))))


def covered(grid: Grid, settings: BaselineSettings) -> BoolArray:
    """Bins in which the stream was running: steps up to `gap_periods` periods are no gap."""
    at = np.flatnonzero(grid.measured)
    mask = np.array(grid.measured)
    if at.size < 2:
        return mask
    longest = max(1.0, settings.gap_periods * period_bins(grid))
    step = np.diff(at)
    bridge = (step > 1) & (step <= longest)
    change = np.zeros(mask.size + 1, dtype=np.int64)
    np.add.at(change, at[:-1][bridge], 1)
    np.add.at(change, at[1:][bridge], -1)
    running: BoolArray = mask | (np.cumsum(change[:-1]) > 0)
    return running


def _median_of_3(grid: Grid) -> FloatArray:
    """Heart rate with single outliers taken out; neighbours are the samples before and after."""
    out = np.asarray(grid.hr_bpm, dtype=np.float64)
    at = np.flatnonzero(grid.measured)
    if at.size < 3:
        return out
    v = out[at]
    middle = np.median(np.stack([v[:-2], v[1:-1], v[2:]]), axis=0)
    near = (at[2:] - at[:-2]) <= 5 * period_bins(grid)
    out[at[1:-1][near]] = middle[near]
    return out


def _moving(value: FloatArray, mask: BoolArray, width: int, least: float) -> FloatArray:
    """Mean of the `width` bins from each bin on; inf where fewer than `least` are there."""
    total = np.concatenate([[0.0], np.cumsum(np.where(mask, value, 0.0))])
    count = np.concatenate([[0.0], np.cumsum(mask.astype(np.float64))])
    out = np.full(mask.size, np.inf)
    if mask.size >= width:
        n = count[width:] - count[:-width]
        enough = n >= max(least, 1.0)
        mean = (total[width:] - total[:-width]) / np.maximum(n, 1.0)
        out[: mean.size] = np.where(enough, mean, np.inf)
    return out


# --------------------------------------------------------------------------- days


def days(
    grid: Grid | None,
    *,
    expectation: Expectation | None,
    hrv: HrvWindows | None,
    nights: Sequence[Night],
    day_values: Sequence[DayValue],
    spans: Sequence[Span],
    settings: BaselineSettings,
    episodes: Sequence[Episode] = (),
    window: tuple[int, int] | None = None,
) -> tuple[BaselineDay, ...]:
    """Resting figures of every local day that has any, each behind its own coverage gate.

    night_hr_bpm is the mean of the lowest 30 consecutive minutes of sleep (median-of-3
    filtered), ln_rmssd the mean of ln RMSSD over 5-min windows of sleep (not the ln of a mean),
    resting_hr_bpm the 20th percentile of still, awake, quiet minutes. Minutes of a technique
    stay out. `window` (first and last local day) holds the frozen reference; None: all days.
    """
    table: dict[int, dict[str, object]] = {}
    if grid is not None and len(grid):
        _measure_days(table, grid, expectation, spans, episodes, settings, window)
        _measure_nights(table, grid, nights, spans, settings)
    if hrv is not None and hrv.t_s.size:
        _measure_hrv(table, hrv, nights, spans, settings)
    _vendor_values(table, day_values, window)
    _technique_minutes(table, spans, grid, settings)
    found = tuple(
        replace(day, quality=_quality(day))
        for day in (BaselineDay(day=d, **table[d]) for d in sorted(table))  # type: ignore[arg-type]
    )
    return compose(found, settings, window)


def _row(table: dict[int, dict[str, object]], day: int) -> dict[str, object]:
    return table.setdefault(int(day), {})


def _still(grid: Grid, expectation: Expectation | None, settings: BaselineSettings) -> BoolArray:
    """Awake, worn, ten minutes still, away from exercise."""
    if expectation is not None:
        base = np.array(expectation.usable)
    else:
        moving = grid.motion_known & (grid.motion_met > settings.still_met)
        base = ~grid.asleep & ~grid.exercise & ~grid.off_wrist & ~moving
    width = max(1, round(settings.still_run_min * 60.0 / grid.step_s))
    broken = np.concatenate([[0], np.cumsum(~base)])
    run = np.zeros(base.size, dtype=bool)
    if base.size >= width:
        run[width - 1 :] = (broken[width:] - broken[:-width]) == 0
    return run & grid.measured


def _measure_days(
    table: dict[int, dict[str, object]],
    grid: Grid,
    expectation: Expectation | None,
    spans: Sequence[Span],
    episodes: Sequence[Episode],
    settings: BaselineSettings,
    window: tuple[int, int] | None,
) -> None:
    minutes = grid.step_s / 60.0
    per_sample = minutes * period_bins(grid)
    first = int(grid.day.min())
    index = np.asarray(grid.day, dtype=np.int64) - first
    size = int(index.max()) + 1
    running = covered(grid, settings)
    worn_h = np.bincount(index, weights=running, minlength=size) * minutes / 60.0
    technique = marked(spans, (SpanKind.TECHNIQUE,), grid, settings.technique_mark_min * 60.0)
    in_episode = np.zeros(len(grid), dtype=bool)
    for episode in episodes:
        a, b = grid.index(episode.start_s), grid.index(episode.end_s) + 1
        in_episode[max(a, 0) : max(b, 0)] = True
    still = _still(grid, expectation, settings) & ~technique
    quiet = still & ~in_episode
    still_h = np.bincount(index, weights=still, minlength=size) * per_sample / 60.0
    eligible = np.bincount(index, weights=quiet, minlength=size) * per_sample
    low30 = _lowest_by_day(grid, index, size, ~technique & grid.measured)
    raised = _raised(grid, quiet, expectation, settings, window)
    raised_n = (
        None if raised is None else np.bincount(index, weights=raised, minlength=size) * per_sample
    )
    hr = np.asarray(grid.hr_bpm, dtype=np.float64)
    at = np.flatnonzero(quiet)
    order = at[np.argsort(index[at], kind="stable")]
    edges = np.searchsorted(index[order], np.arange(size + 1))
    for k in np.flatnonzero(worn_h > 0):
        row = _row(table, first + int(k))
        row["worn_hours"] = float(min(worn_h[k], 24.0))
        row["still_hours"] = float(min(still_h[k], 24.0))
        row["eligible_min"] = float(eligible[k])
        if eligible[k] >= settings.resting_min_minutes:
            values = hr[order[edges[k] : edges[k + 1]]]
            row["resting_hr_bpm"] = float(np.percentile(values, settings.resting_percentile))
        if worn_h[k] >= settings.min30_min_hours and np.isfinite(low30[k]):
            row["min30_hr_bpm"] = float(low30[k])
        if raised_n is not None and eligible[k] >= settings.load_min_minutes:
            row["raised_min"] = float(raised_n[k])


def _half_hour(grid: Grid) -> tuple[int, float]:
    """Width in bins of the lowest half hour (more for sparse streams) and the samples it needs."""
    period = period_bins(grid)
    width = max(round(1800.0 / grid.step_s), round(4 * period))
    return width, 0.7 * width / period


def _lowest_by_day(grid: Grid, index: IntArray, size: int, mask: BoolArray) -> FloatArray:
    width, least = _half_hour(grid)
    mean = _moving(_median_of_3(grid), mask, width, least)
    lowest = np.full(size, np.inf)
    np.minimum.at(lowest, index, mean)
    return lowest


def _raised(
    grid: Grid,
    quiet: BoolArray,
    expectation: Expectation | None,
    settings: BaselineSettings,
    window: tuple[int, int] | None,
) -> BoolArray | None:
    """Quiet minutes above what was usual for that hour in the reference days, which stay frozen."""
    since = window[0] if window is not None else int(grid.day.min())
    counts = Counter(grid.day[quiet & (grid.day >= since)].tolist())
    per_sample = grid.step_s / 60.0 * period_bins(grid)
    valid = sorted(d for d, n in counts.items() if n * per_sample >= settings.load_min_minutes)
    reference = valid[: settings.reference_days]
    if len(reference) < 7:
        return None
    held = quiet & (grid.day >= reference[0]) & (grid.day <= reference[-1])
    held &= np.isin(grid.day, np.array(reference))
    angle = 2.0 * np.pi * np.asarray(grid.hour, dtype=np.float64) / 24.0
    terms = [np.ones(len(grid)), np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)]
    x = np.stack(terms, axis=1)
    hr = np.asarray(grid.hr_bpm, dtype=np.float64)
    beta = _robust_fit(x[held], hr[held])
    residual = hr - x @ beta
    spread = 1.4826 * float(np.median(np.abs(residual[held] - np.median(residual[held]))))
    sigma = expectation.noise.sigma_bpm if expectation is not None else spread
    above: BoolArray = quiet & (residual >= max(settings.load_bpm, settings.load_sigma * sigma))
    return above


def _robust_fit(x: FloatArray, y: FloatArray) -> FloatArray:
    """Huber regression by reweighting; 1.5 sigma."""
    weight = np.ones(y.size)
    beta = np.zeros(x.shape[1])
    for _ in range(8):
        gram = (x * weight[:, None]).T @ x + 1e-6 * y.size * np.eye(x.shape[1])
        beta[:] = np.linalg.solve(gram, (x * weight[:, None]).T @ y)
        residual = y - x @ beta
        sigma = max(1.4826 * float(np.median(np.abs(residual))), 1e-6)
        weight = np.minimum(1.0, 1.5 * sigma / np.maximum(np.abs(residual), 1e-9))
    return beta


def _measure_nights(
    table: dict[int, dict[str, object]],
    grid: Grid,
    nights: Sequence[Night],
    spans: Sequence[Span],
    settings: BaselineSettings,
) -> None:
    running = covered(grid, settings)
    technique = marked(spans, (SpanKind.TECHNIQUE,), grid, settings.technique_mark_min * 60.0)
    mask = grid.measured & ~technique
    filtered = _median_of_3(grid)
    width, least = _half_hour(grid)
    half_hour = _moving(filtered, mask, width, least)
    ten = max(1, round(600.0 / grid.step_s))
    ten_min = _moving(filtered, mask, ten, 0.7 * ten)
    dense = period_bins(grid) * grid.step_s <= 180.0
    for night in nights:
        a = max(grid.index(night.start_s), 0)
        b = min(grid.index(night.end_s), len(grid))
        hours = (night.end_s - night.start_s) / 3600.0
        if b - a < width or hours < settings.night_min_hours:
            continue
        expected = hours * 3600.0 / grid.step_s
        if float(running[a:b].sum()) / expected < settings.night_min_coverage:
            continue
        row = _row(table, night.day)
        row["night_known_by"] = night.known_by
        lowest = float(np.min(half_hour[a : b - width + 1]))
        if np.isfinite(lowest):
            row["night_hr_bpm"] = lowest
        if night.known_by != "device":
            continue
        if dense:
            row["settle_min"] = _settle_min(ten_min[a : b - ten + 1], grid.step_s)
        known = grid.motion_known[a:b]
        if known.mean() >= settings.night_min_coverage:
            moving = known & (grid.motion_met[a:b] > settings.still_met)
            row["restless_share"] = float(moving.sum() / known.sum())


def _settle_min(ten_min: FloatArray, step_s: float) -> float | None:
    """Minutes from sleep onset until ten minutes lie in the quietest quarter of the night."""
    there = np.isfinite(ten_min)
    if there.mean() < 0.7 or not there[: max(1, round(1800.0 / step_s))].any():
        return None
    quiet = np.percentile(ten_min[there], 25.0)
    reached = np.flatnonzero(there & (ten_min <= quiet))
    return float(reached[0] * step_s / 60.0)


def _measure_hrv(
    table: dict[int, dict[str, object]],
    hrv: HrvWindows,
    nights: Sequence[Night],
    spans: Sequence[Span],
    settings: BaselineSettings,
) -> None:
    practice = np.array(
        [
            (s.start_s, max(s.end_s, s.start_s + settings.technique_mark_min * 60.0))
            for s in spans
            if s.kind is SpanKind.TECHNIQUE and not s.all_day
        ]
    ).reshape(-1, 2)
    outside = np.ones(hrv.t_s.size, dtype=bool)
    for start_s, end_s in practice:
        a, b = np.searchsorted(hrv.t_s, [start_s, end_s + 300.0])
        outside[a:b] = False
    for night in nights:
        a, b = np.searchsorted(hrv.t_s, [night.start_s + 300.0, night.end_s + 1.0])
        best, most = -1, 0
        for code in np.unique(hrv.source[a:b]).tolist():
            keep = outside[a:b] & (hrv.source[a:b] == code)
            slots = np.unique(np.floor(hrv.t_s[a:b][keep] / 300.0)).size
            own = hrv.sources[code] == "beats"
            if slots >= settings.night_min_hrv_windows and (own or slots > most):
                best, most = code, slots if not own else 10**6
        if best < 0:
            continue
        at = np.flatnonzero(outside[a:b] & (hrv.source[a:b] == best)) + a
        row = _row(table, night.day)
        row["hrv_source"] = hrv.sources[best]
        row["night_known_by"] = night.known_by
        row["ln_rmssd"] = float(np.mean(np.log(hrv.rmssd_ms[at])))
        rr = hrv.rr_mean_ms[at]
        if np.all(rr > 0):
            row["ln_rmssd_per_rr"] = float(np.mean(np.log(1000.0 * hrv.rmssd_ms[at] / rr)))
        index = hrv.stress_index[at]
        if np.any(index > 0):
            row["sqrt_stress_index"] = float(np.median(np.sqrt(index[index > 0])))


_VENDOR = {
    DayQuantity.RESTING_HR_BPM: ("vendor_resting_hr_bpm", False),
    DayQuantity.NIGHT_HR_BPM: ("vendor_night_hr_bpm", False),
    DayQuantity.RMSSD_MS: ("vendor_ln_rmssd", True),
    DayQuantity.SDNN_MS: ("vendor_ln_sdnn", True),
    DayQuantity.SLEEP_MIN: ("sleep_min", False),
    DayQuantity.DEEP_MIN: ("deep_min", False),
    DayQuantity.STEPS: ("steps", False),
}


def _vendor_values(
    table: dict[int, dict[str, object]],
    values: Sequence[DayValue],
    window: tuple[int, int] | None,
) -> None:
    """One device per figure, the one with most days in the window: levels of devices differ."""
    for quantity, (name, log) in _VENDOR.items():
        mine = [v for v in values if v.quantity is quantity and (v.value > 0 or not log)]
        inside = [v for v in mine if window is None or window[0] <= v.day <= window[1]]
        counts = Counter(v.device for v in inside or mine)
        if not counts:
            continue
        device = min(counts, key=lambda d: (-counts[d], d))
        for v in mine:
            if v.device == device:
                _row(table, v.day)[name] = float(np.log(v.value)) if log else float(v.value)


def _technique_minutes(
    table: dict[int, dict[str, object]],
    spans: Sequence[Span],
    grid: Grid | None,
    settings: BaselineSettings,
) -> None:
    if grid is None or not len(grid):
        return
    mask = marked(spans, (SpanKind.TECHNIQUE,), grid, settings.technique_mark_min * 60.0)
    if not mask.any():
        return
    found, counts = np.unique(grid.day[mask], return_counts=True)
    for day, n in zip(found.tolist(), counts.tolist(), strict=True):
        if day in table:
            table[day]["technique_min"] = float(n * grid.step_s / 60.0)


def _quality(day: BaselineDay) -> str:
    night = day.night_hr_bpm is not None or day.ln_rmssd is not None
    vendor = any(
        v is not None for v in (day.vendor_resting_hr_bpm, day.vendor_ln_rmssd, day.vendor_ln_sdnn)
    )
    if night and day.resting_hr_bpm is not None:
        return "green"
    if night or vendor or day.resting_hr_bpm is not None or day.min30_hr_bpm is not None:
        return "amber"
    return "red" if day.worn_hours > 0 else ""


# --------------------------------------------------------------------------- composite


def series(
    days: Sequence[BaselineDay], measure: str, window: tuple[int, int] | None = None
) -> DailySeries:
    """One measure as a daily series; HRV of the source with most days only."""
    kept = [
        (d.day, value, d.hrv_source)
        for d in days
        if (value := getattr(d, measure)) is not None
        and (window is None or window[0] <= d.day <= window[1])
    ]
    if measure in ("ln_rmssd", "ln_rmssd_per_rr", "sqrt_stress_index") and kept:
        counts = Counter(source for _, _, source in kept)
        main = min(counts, key=lambda s: (-counts[s], s))
        kept = [row for row in kept if row[2] == main]
    return DailySeries(
        np.array([d for d, _, _ in kept], dtype=np.int64),
        np.array([v for _, v, _ in kept], dtype=np.float64),
    )


def components(
    days: Sequence[BaselineDay], settings: BaselineSettings, window: tuple[int, int] | None = None
) -> tuple[str, ...]:
    """The measure that fills each slot of the composite: the first with enough days, own first.

    A measure with less than half as many days as the fullest one of its slot gives way to it.
    """
    chosen: list[str] = []
    for slot in ("night_hr", "hrv", "resting_hr"):
        names = [m.name for m in MEASURES.values() if m.slot == slot]
        counts = {name: series(days, name, window).day.size for name in names}
        most = max(counts.values())
        fit = [n for n in names if counts[n] >= max(0.5 * most, settings.day_one_nights)]
        if fit:
            chosen.append(fit[0])
    return tuple(chosen)


def _reference(values: FloatArray) -> tuple[float, float] | None:
    """Median and robust SD of reference days; None if they do not vary."""
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle)))
    if spread <= 0:
        spread = float(np.std(values))
    return (middle, spread) if spread > 0 else None


def compose(
    days: Sequence[BaselineDay], settings: BaselineSettings, window: tuple[int, int] | None = None
) -> tuple[BaselineDay, ...]:
    """The days with `arousal_z`: SDs above one's own reference days, higher is more aroused.

    Each component is centred and scaled by the median and MAD of the first `reference_days`
    valid days of the window; weights are renormalised for every pattern of availability by the
    SD that this pattern had in the reference. Two components at least.
    """
    weight = {
        "night_hr": settings.weight_night_hr,
        "hrv": settings.weight_ln_rmssd,
        "resting_hr": settings.weight_resting_hr,
    }
    names = components(days, settings, window)
    if len(names) < 2:
        return tuple(replace(d, arousal_z=None) for d in days)
    since = window[0] if window is not None else min(d.day for d in days)
    at = {d.day: i for i, d in enumerate(days)}
    z = np.full((len(days), len(names)), np.nan)
    for k, name in enumerate(names):
        full = series(days, name)
        after = full.day >= since
        reference = (
            _reference(full.value[after][: settings.reference_days]) if after.any() else None
        )
        if reference is None:
            continue
        sign = 1.0 if MEASURES[name].better == "lower" else -1.0
        rows = [at[d] for d in full.day.tolist()]
        z[rows, k] = sign * (full.value - reference[0]) / reference[1]
    w = np.array([weight[MEASURES[name].slot] for name in names])
    held = np.array([d.day >= since for d in days])
    composite = _by_pattern(z, w, held, settings)
    return tuple(
        replace(d, arousal_z=float(b) if np.isfinite(b) else None)
        for d, b in zip(days, composite, strict=True)
    )


def _by_pattern(
    z: NDArray[np.float64], w: FloatArray, held: BoolArray, settings: BaselineSettings
) -> FloatArray:
    out = np.full(z.shape[0], np.nan)
    there = np.isfinite(z)
    first = np.flatnonzero(held & (there.sum(axis=1) >= 2))[: settings.reference_days]
    if first.size < settings.pattern_min_days:
        return out
    reference = z[first]
    for pattern in np.unique(there[there.sum(axis=1) >= 2], axis=0):
        have = np.all(np.isfinite(reference[:, pattern]), axis=1)
        if have.sum() < settings.pattern_min_days:
            continue
        total = reference[np.ix_(have, pattern)] @ w[pattern]
        spread = float(np.std(total, ddof=1))
        rows = np.all(there == pattern, axis=1)
        if spread > 0:
            out[rows] = (z[np.ix_(rows, pattern)] @ w[pattern]) / spread
    return out


# --------------------------------------------------------------------------- measure and summary


def choose(
    days: Sequence[BaselineDay],
    settings: BaselineSettings,
    window: tuple[int, int] | None = None,
) -> str | None:
    """The resting measure of this person, chosen by how many days it has, never by its trend.

    The composite where it has at least half of the days of the fullest measure, else the
    fullest single one (nearly full ones by the order of `MEASURES`).
    """
    counts = {name: series(days, name, window).day.size for name in MEASURES}
    most = max(counts.values(), default=0)
    if most == 0:
        return None
    if counts["arousal_z"] >= max(0.5 * most, settings.range_min_days):
        return "arousal_z"
    singles = [n for n in MEASURES if n != "arousal_z" and counts[n] >= 0.7 * most]
    return singles[0]


def level(
    values: DailySeries, since: int, until: int, settings: BaselineSettings, level: float = 0.95
) -> Estimate | None:
    """Mean of the days in `[since, until]` with an interval that knows their autocorrelation.

    The interval widens by the first-order autocorrelation of the whole series about its line
    (bias-corrected, never negative) and uses Student's t with the effective number of days.
    """
    from scipy.special import stdtrit

    inside = (values.day >= since) & (values.day <= until)
    v = values.value[inside]
    if v.size < settings.day_one_nights:
        return None
    phi = _lag_one(values)
    n_eff = max(2.0, v.size * (1.0 - phi) / (1.0 + phi))
    half = float(stdtrit(n_eff - 1.0, 0.5 + level / 2.0)) * float(np.std(v, ddof=1)) / n_eff**0.5
    mean = float(np.mean(v))
    return Estimate(value=mean, low=mean - half, high=mean + half, level=level, n=int(v.size))


def _lag_one(values: DailySeries) -> float:
    """First-order autocorrelation between neighbouring days about a straight line."""
    day = values.day - values.day[0]
    if day.size < 8:
        return 0.5
    line = np.polyfit(day, values.value, 1)
    e = values.value - np.polyval(line, day)
    pair = np.diff(day) == 1
    if pair.sum() < 5 or float(np.var(e)) == 0.0:
        return 0.5
    raw = float(np.mean(e[1:][pair] * e[:-1][pair]) / np.var(e))
    n = int(pair.sum())
    return float(np.clip(raw + (1.0 + 3.0 * raw) / n, 0.0, 0.9))


def normal_range(values: DailySeries, settings: BaselineSettings) -> tuple[float, float] | None:
    """The range that holds 9 of 10 of one's own days, over the last `range_days` days."""
    if not values.day.size:
        return None
    recent = values.value[values.day > values.day[-1] - settings.range_days]
    if recent.size < settings.range_min_days:
        return None
    tail = 50.0 * (1.0 - settings.range_level)
    low, high = np.percentile(recent, [tail, 100.0 - tail])
    return float(low), float(high)


def _levels(
    days: Sequence[BaselineDay], settings: BaselineSettings, window: tuple[int, int]
) -> dict[str, Level]:
    found: dict[str, Level] = {}
    third = max(settings.reference_days, (window[1] - window[0] + 1) // 3)
    for measure in MEASURES.values():
        values = series(days, measure.name, window)
        if values.day.size < settings.day_one_nights:
            continue
        last = int(values.day[-1])
        recent: int | None = settings.reference_days
        value = level(values, last - settings.reference_days + 1, last, settings)
        if value is None:
            recent, value = None, level(values, window[0], last, settings)
        if value is None:
            continue
        long = last - window[0] + 1 >= 2 * settings.reference_days
        found[measure.name] = Level(
            value=value,
            normal_range=normal_range(values, settings),
            then=level(values, window[0], window[0] + third - 1, settings) if long else None,
            now=level(values, window[1] - third + 1, window[1], settings) if long else None,
            unit=measure.unit,
            recent_days=recent if last - settings.reference_days + 1 > window[0] else None,
        )
    return found


def summary(
    days: Sequence[BaselineDay],
    measure: str | None,
    finding: MarkerFinding | None,
    settings: BaselineSettings,
    window: tuple[int, int],
) -> BaselineSummary:
    """Where the baseline stands: level, own range, then and now, with the trend of `finding`.

    For the composite `shown` names the component whose level a person can read.
    """
    levels = _levels(days, settings, window)
    nothing = Missing("baseline_no_days", {"needed": settings.day_one_nights})
    if measure is None:
        return BaselineSummary(measure=None, value=nothing, why_unknown=nothing, levels=levels)
    mine = levels.get(measure)
    n = series(days, measure, window).day.size
    few = Missing("baseline_few_days", {"n": int(n), "needed": settings.day_one_nights})
    shown = (
        measure
        if measure != "arousal_z"
        else next((name for name in levels if name != "arousal_z"), None)
    )
    return BaselineSummary(
        measure=measure,
        value=few if mine is None else mine.value,
        normal_range=None if mine is None else mine.normal_range,
        then=None if mine is None else mine.then,
        now=None if mine is None else mine.now,
        trend=None if finding is None else finding.trend,
        why_unknown=None if finding is None else finding.why_unknown,
        shown=shown,
        levels=levels,
        state=MarkerState.UNKNOWN if finding is None else finding.state,
    )
