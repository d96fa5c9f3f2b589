"""A simulated person: what differs between people and does not change in one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.simulate.streams import Part, Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Constants of one heart and one life. Rates in bpm unless the name says otherwise.

    Spread of nights follows 11 people with 47 nights or more of Yfantidou et al. (2022),
    doi:10.1038/s41597-022-01764-x: heart rate of non-REM sleep SD 4.1 bpm, lag-1 correlation 0.25;
    ln RMSSD SD 0.21, correlation with heart rate -0.85. Minute-to-minute memory lies between that
    of chest straps at rest (0.77-0.81 at 1 min; Rossi et al. 2020, doi:10.3390/data5040091) and of
    wristbands all day (0.73-0.77; Furberg et al. 2016, zenodo 53894).
    """

    resting_hr_bpm: float = 70.0  # awake, sitting, mean of the day
    reaction_bpm: float = 13.0  # median height of a stress reaction
    half_time_s: float = 120.0  # median half-time of recovery, without technique
    half_time_spread: float = 0.45  # SD of ln half-time between episodes of a day
    half_time_by_height: float = 0.12  # ln half-time per SD of height
    logistic: bool = False  # recoveries fall as a logistic instead of an exponential
    ln_rmssd_night: float = 3.7
    breath_hz: float = 0.25
    stress_per_h: float = 0.30
    stress_min: float = 5.0  # median length of a stressor
    circadian_bpm: float = 3.5
    sleep_drop_bpm: float = 9.0
    day_sd_bpm: float = 2.0  # resting level from day to day, waking and asleep
    night_sd_bpm: float = 3.5  # of single nights, on top
    night_phi: float = 0.1
    day_rmssd_sd: float = 0.12  # ln RMSSD from day to day, beyond what heart rate explains
    day_half_time_sd: float = 0.18
    day_half_time_phi: float = 0.5
    effort_bpm_per_met: float = 11.0
    effort_on_s: float = 45.0
    effort_off_s: float = 55.0
    standing_bpm: float = 7.0
    training_bpm: float = 10.0  # slow part of exercise
    breath_bpm: float = 2.2
    mayer_bpm: float = 1.3
    fast_sd_bpm: float = 2.2
    fast_tau_s: float = 110.0
    slow_sd_bpm: float = 1.5
    slow_tau_s: float = 1500.0
    asleep_noise: float = 1.0  # times the fast and slow noise while asleep
    caffeine_bpm: float = 0.0
    sensor_lag_s: int = 7
    cadence_per_min: float = 100.0


def born(seed: int, half_time_s: float) -> Body:
    """One person of many: levels differ, the median half-time is given."""
    rng = Streams(seed).of(Part.PERSON)
    return Body(
        resting_hr_bpm=float(70.0 + 6.0 * rng.standard_normal()),
        reaction_bpm=float((10.0, 13.0, 17.0)[int(rng.integers(3))]),
        half_time_s=half_time_s,
        logistic=bool(rng.random() < 0.2),
        ln_rmssd_night=float(3.7 + 0.35 * rng.standard_normal()),
        breath_hz=float(np.clip(0.25 + 0.03 * rng.standard_normal(), 0.17, 0.35)),
        sensor_lag_s=int(rng.integers(5, 11)),
        cadence_per_min=float(np.clip(100.0 + 6.0 * rng.standard_normal(), 85.0, 120.0)),
    )
