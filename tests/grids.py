"""Small grids with a known truth, for tests of episodes and recovery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hrv.curves import EXPONENTIAL, Curve
from hrv.model import BoolArray, FloatArray, Grid

MONDAY_S = 1_704_067_200.0  # 2024-01-01 00:00 UTC


def grid_of(hr_bpm: ArrayLike, step_s: float = 60.0, t0_s: float = MONDAY_S, **given: Any) -> Grid:
    """A grid from arrays; what is not given is known and quiet. Local time is UTC."""
    hr = np.asarray(hr_bpm, dtype=np.float32)
    n = hr.size
    t = t0_s + step_s * np.arange(n)
    no, yes = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
    nothing = np.zeros(n, dtype=np.float32)
    fields: dict[str, Any] = {
        "measured": np.isfinite(hr),
        "motion_met": nothing,
        "motion_known": yes,
        "steps_per_min": nothing,
        "asleep": no,
        "exercise": no,
        "off_wrist": no,
        "ln_rmssd": nothing,
        "rmssd_known": no,
        "stress_score": nothing,
        "score_known": no,
        "hour": (np.mod(t, 86_400.0) / 3600.0).astype(np.float32),
        "day": np.floor(t / 86_400.0).astype(np.int32),
    }
    for name, value in given.items():
        fields[name] = np.asarray(value, dtype=fields[name].dtype)
    return Grid(t0_s=t0_s, step_s=step_s, hr_bpm=np.nan_to_num(hr), **fields)


@dataclass(frozen=True, slots=True)
class Rise:
    """One reaction put in: times in s from the start of the signal."""

    on_s: float
    off_s: float
    height_bpm: float
    half_s: float


def seconds(
    rises: list[Rise],
    length_s: int,
    seed: int,
    rest_bpm: float = 65.0,
    noise: float = 1.0,
    curve: Curve = EXPONENTIAL,
) -> FloatArray:
    """Heart rate every second: rest, reactions (overlapping by their maximum) and noise.

    The noise has the parts of a sitting person: breathing 2.2 bpm, ten-second waves 1.3 bpm,
    minutes 2.2 bpm and half-hours 1.5 bpm, all times `noise`.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(length_s, dtype=np.float64)
    excess = np.zeros(length_s)
    for rise in rises:
        a = max(int(rise.on_s), 0)
        b = min(int(rise.off_s + 12 * rise.half_s) + 1, length_s)
        piece = rise.height_bpm * curve(t[a:b], rise.on_s, rise.off_s, rise.half_s)
        excess[a:b] = np.maximum(excess[a:b], piece)
    phase = np.cumsum(0.25 * (1.0 + 0.1 * rng.standard_normal(length_s)))
    wobble = 2.2 * np.sin(2 * np.pi * phase) + 1.3 * np.sin(2 * np.pi * 0.1 * t + rng.random())
    for tau_s, sd in ((75.0, 2.2), (1500.0, 1.5)):
        wobble += drift(rng, length_s, tau_s, sd)
    return rest_bpm + excess + noise * wobble


def drift(rng: np.random.Generator, length_s: int, tau_s: float, sd: float) -> FloatArray:
    """First-order noise, stationary from its start."""
    from scipy.signal import lfilter

    phi = np.exp(-1.0 / tau_s)
    shocks = rng.standard_normal(length_s) * sd * np.sqrt(1.0 - phi**2)
    start = np.array([phi * sd * rng.standard_normal()])
    values, _ = lfilter([1.0], [1.0, -phi], shocks, zi=start)
    out: FloatArray = values
    return out


def binned(per_second: FloatArray, step_s: int) -> FloatArray:
    """Means of whole bins."""
    n = per_second.size // step_s
    means: FloatArray = per_second[: n * step_s].reshape(n, step_s).mean(axis=1)
    return means


def awake(step_s: float, days: int, wake_h: float = 7.0, bed_h: float = 23.0) -> BoolArray:
    """Bins between waking and bed."""
    hour = np.mod(np.arange(int(days * 86_400 / step_s)) * step_s, 86_400.0) / 3600.0
    out: BoolArray = (hour >= wake_h) & (hour < bed_h)
    return out


def life(
    days: int,
    seed: int,
    step_s: int = 60,
    median_half_s: float = 120.0,
    heights_bpm: tuple[float, float] = (8.0, 25.0),
    per_hour: float = 0.35,
    sd_ln_h: float = 0.5,
    curve: Curve = EXPONENTIAL,
) -> tuple[Grid, list[Rise]]:
    """Sitting days with reactions at random times, nights asleep, and the reactions put in."""
    rng = np.random.default_rng([seed, 1])
    rises = []
    for day in range(days):
        t = day * 86_400.0 + 7.5 * 3600.0
        while True:
            t += 600.0 + rng.exponential(3600.0 / per_hour)
            if t > day * 86_400.0 + 22.0 * 3600.0:
                break
            duration = float(np.clip(300.0 * np.exp(0.5 * rng.standard_normal()), 120.0, 1800.0))
            half = median_half_s * float(np.exp(sd_ln_h * rng.standard_normal()))
            rises.append(Rise(t, t + duration, float(rng.uniform(*heights_bpm)), half))
            t += duration
    hr = binned(seconds(rises, days * 86_400, seed, curve=curve), step_s)
    up = awake(step_s, days)
    return grid_of(np.where(up, hr, hr - 8.0), float(step_s), asleep=~up), rises
