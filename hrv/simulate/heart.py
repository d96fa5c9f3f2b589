"""The heart of a simulated person: one day at a time, every second.

A sum of parts: resting level of the day, time of day and sleep, motion and effort, stress
reactions, and the noise of breathing, 10-second waves and slow drift.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from hrv.curves import EXPONENTIAL, LOGISTIC
from hrv.model import DAY_S, FloatArray
from hrv.simulate.body import Body
from hrv.simulate.outside import LATENCY_S, SECONDS, SIT, Life, Outside
from hrv.simulate.streams import Part

Second = NDArray[np.float32]
AWAKE, LIGHT, DEEP, REM = 1, 2, 3, 4  # FIT's sleep levels
CYCLE_S = 5400.0
NOON = 43_200
SLOW_STEP_S = 20
SINE: Second = np.sin(np.arange(4096) * (2.0 * np.pi / 4096)).astype(np.float32)
STAGE_BPM = {AWAKE: 3.0, LIGHT: 0.0, DEEP: -3.0, REM: 2.0}
JITTER_MS = 6.0
MAYER_SHARE = 0.012  # of the heart rate, amplitude of the 10-s waves in beats


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedDay:
    """One day of a heart whose truth is known. Arrays have one value a second, local time.

    `rest_bpm` is what the heart would do without stressors; `stress_bpm` what they add;
    `breath_share` the amplitude of breathing as a share of the heart rate (drives RMSSD).
    """

    index: int
    start_s: float  # local midnight, since the first day's
    hr_bpm: Second
    rest_bpm: Second
    stress_bpm: Second
    breath_share: Second
    stage: NDArray[np.int8]  # AWAKE, LIGHT, DEEP, REM per minute
    outside: Outside
    base_bpm: float  # change of the resting level against the first day's mean, truth
    ln_half_time: float  # ln of the day's median half-time without technique, truth
    rating: int  # how present it is, 0-10
    effort: int  # effort to keep it in check, 0-10


@dataclass(slots=True)
class _Memory:
    """What one day hands to the next."""

    asleep: float = 1.0
    effort_on: float = 0.0
    effort_off: float = 0.0
    standing: float = 0.0
    training: float = 0.0
    fast: float = 0.0
    slow: float = 0.0
    phase: float = 0.0
    on_s: float = -np.inf
    stressors: list[tuple[float, float, float, float, tuple[float, float, str] | None]] = field(
        default_factory=list
    )


def days(life: Life) -> Iterator[SimulatedDay]:
    """The days of a life in order."""
    memory = _Memory()
    for index in range(life.days):
        outside = life.outside(index, memory.on_s)
        yield _day(life, index, outside, memory)


def _day(life: Life, index: int, outside: Outside, memory: _Memory) -> SimulatedDay:
    f, body = life.f(index), life.body
    stage = _stages(life, index, outside)
    base = life.scenario.base_bpm(f) + float(life.base_bpm[index + 1])
    base += float(life.moved.day_bpm[index + 1])
    nights = (life.night_bpm + life.moved.night_bpm)[index + 1 : index + 3]
    rest = _resting(body, outside, stage, base, nights, memory)
    rest += _effort(life, f, outside, memory)
    stress = _stress(life, index, outside, memory)
    rest += _after_technique(life, index, memory)
    noise, breath_wave = _noise(life, index, outside, memory)
    hr = rest + stress
    breath = _breath_share(life, index, outside, hr, stress)
    hr = np.maximum(hr + noise + breath_wave, 32.0, dtype=np.float32)
    rating, effort = _ratings(life, index, outside)
    ln_h = np.log(body.half_time_s * life.scenario.half_time(f)) + life.day_ln_h[index + 1]
    return SimulatedDay(
        index=index, start_s=index * DAY_S, hr_bpm=hr, rest_bpm=rest, stress_bpm=stress,
        breath_share=breath, stage=stage, outside=outside, base_bpm=base,
        ln_half_time=float(ln_h), rating=rating, effort=effort,
    )  # fmt: skip


def low_pass(x: Second, tau_s: float, state: float, step_s: float = 1.0) -> tuple[Second, float]:
    """First-order low pass, going on from `state`."""
    from scipy.signal import lfilter

    a = float(np.exp(-step_s / tau_s))
    b, c = np.array([1.0 - a], np.float32), np.array([1.0, -a], np.float32)
    # a faint floor: what decays to denormal numbers costs ten times the time
    y, _ = lfilter(b, c, x + np.float32(1e-9), zi=np.array([a * state], np.float32))
    out: Second = y.astype(np.float32, copy=False)
    return out, float(out[-1])


def _resting(
    body: Body,
    outside: Outside,
    stage: NDArray[np.int8],
    base: float,
    nights: FloatArray,
    memory: _Memory,
) -> Second:
    """Level of the day, time of day, sleep; `nights` is the night that ends and that begins."""
    hour = np.arange(0, SECONDS, 60) / 3600.0
    minute = np.full(hour.size, body.resting_hr_bpm + base)
    minute += body.circadian_bpm * np.cos(2.0 * np.pi * (hour - 16.0) / 24.0)
    shift = np.zeros(5)
    for level, bpm in STAGE_BPM.items():
        shift[level] = bpm
    sleeping = outside.asleep[::60]
    minute += np.where(sleeping, shift[stage], 0.0)
    asleep, memory.asleep = low_pass(outside.asleep.astype(np.float32), 900.0, memory.asleep)
    rest = np.repeat(minute.astype(np.float32), 60)
    drop = (body.sleep_drop_bpm - nights).astype(np.float32)
    rest[:NOON] -= drop[0] * asleep[:NOON]
    rest[NOON:] -= drop[1] * asleep[NOON:]
    return rest


def _nights(by_night: FloatArray, index: int, outside: Outside) -> Second:
    """A value of the night that ends today and of the one that begins, 0 awake."""
    morning = np.arange(SECONDS) < NOON
    by_half = np.where(morning, by_night[index + 1], by_night[index + 2])
    out: Second = np.where(outside.asleep, by_half, 0.0).astype(np.float32)
    return out


def _effort(life: Life, f: float, outside: Outside, memory: _Memory) -> Second:
    """Heart rate that motion and posture cost. Rises and falls at their own speed."""
    body, fitness = life.body, life.scenario.fitness(f)
    cost = np.float32(body.effort_bpm_per_met * life.scenario.effort(f)) * outside.met
    on, memory.effort_on = low_pass(cost, body.effort_on_s * fitness, memory.effort_on)
    off, memory.effort_off = low_pass(cost, body.effort_off_s * fitness, memory.effort_off)
    upright = (outside.state > SIT).astype(np.float32)
    standing, memory.standing = low_pass(upright, 15.0, memory.standing)
    effort: Second = np.maximum(on, off) + np.float32(body.standing_bpm) * standing
    if outside.training or memory.training > 1e-4:
        bout = (outside.met > 4.0).astype(np.float32)
        training, memory.training = low_pass(bout, 900.0 * fitness, memory.training)
        effort += np.float32(body.training_bpm) * training
    return effort


def _stress(life: Life, index: int, outside: Outside, memory: _Memory) -> Second:
    """Reactions overlap by their maximum; yesterday's may last into today."""
    curve = LOGISTIC if life.body.logistic else EXPONENTIAL
    memory.stressors = [
        each for each in memory.stressors if each[1] + 12.0 * each[3] > index * DAY_S
    ]
    for each in outside.stressors:
        memory.on_s = each.on_s
        memory.stressors.append(
            (each.on_s, each.off_s, each.height_bpm, each.half_time_s, each.technique)
        )
    total = np.zeros(SECONDS, np.float32)
    for on, off, height, half, _ in memory.stressors:
        start = max(int(on - index * DAY_S), 0)
        end = min(int(off + 12.0 * half - index * DAY_S), SECONDS)
        if end <= start:
            continue
        t = index * DAY_S + np.arange(start, end)
        piece = total[start:end]
        np.maximum(piece, height * curve(t, on, off, half), out=piece, casting="same_kind")
    return total


def _after_technique(life: Life, index: int, memory: _Memory) -> Second:
    """What comes back when the technique ends."""
    total = np.zeros(SECONDS, np.float32)
    rebound = life.scenario.technique_rebound_bpm
    if rebound == 0.0:
        return total
    for *_, technique in memory.stressors:
        if technique is None:
            continue
        start = int(technique[1] - index * DAY_S)
        end = min(start + 7200, SECONDS)
        start = max(start, 0)
        if end > start:
            since = index * DAY_S + np.arange(start, end) - technique[1]
            wave = (rebound * np.exp2(-since / 1200.0)).astype(np.float32)
            np.maximum(total[start:end], wave, out=total[start:end])
    return total


def _noise(life: Life, index: int, outside: Outside, memory: _Memory) -> tuple[Second, Second]:
    """Drift of minutes and half-hours, 10-s waves, breathing; all smaller asleep."""
    body = life.body
    rng = life.streams.of(Part.NOISE, index)
    fast, memory.fast = _drift(rng, body.fast_sd_bpm, body.fast_tau_s, memory.fast)
    slow, memory.slow = _drift(rng, body.slow_sd_bpm, body.slow_tau_s, memory.slow, SLOW_STEP_S)
    drift = fast + np.repeat(slow, SLOW_STEP_S)
    drift[outside.asleep] *= np.float32(body.asleep_noise)
    breath = life.streams.of(Part.BREATH, index)
    f_hz = body.breath_hz * np.exp(0.06 * np.repeat(breath.standard_normal(SECONDS // 30), 30))
    phase = memory.phase + np.cumsum(f_hz)
    memory.phase = float(phase[-1] % 1.0)
    waves = np.float32(body.breath_bpm) * _sine(phase)
    tenth = np.sin(2.0 * np.pi * (0.1 * np.arange(10) + breath.random()))
    waves += np.tile((body.mayer_bpm * tenth).astype(np.float32), SECONDS // 10)
    return drift, waves


def _sine(turns: FloatArray) -> Second:
    """Sine of full turns, from a table: its steps are far below one beat a minute."""
    index = (turns * SINE.size).astype(np.int64)
    index &= SINE.size - 1
    return SINE[index]


def _drift(
    rng: np.random.Generator, sd: float, tau_s: float, state: float, step_s: int = 1
) -> tuple[Second, float]:
    """Stationary AR(1) with this SD and time constant."""
    z = rng.standard_normal(SECONDS // step_s, dtype=np.float32)
    a = np.exp(-step_s / tau_s)
    z *= np.float32(sd * np.sqrt((1.0 + a) / (1.0 - a)))
    return low_pass(z, tau_s, state, float(step_s))


def _breath_share(life: Life, index: int, outside: Outside, hr: Second, stress: Second) -> Second:
    """Amplitude of breathing in the heart rate; falls with arousal and with heart rate."""
    body = life.body
    rmssd = np.exp(body.ln_rmssd_night + life.day_ln_rmssd[index + 1])
    rmssd *= life.scenario.rmssd_factor(life.f(index))
    at_night = share_for_rmssd(float(rmssd), reference_hr(body), body.breath_hz)
    if life.moved.night_ln_rmssd[index + 1 : index + 3].any():
        exponent = _nights(life.moved.night_ln_rmssd, index, outside)
    else:
        exponent = np.zeros(SECONDS, np.float32)
    exponent += np.float32(-0.6 / body.reaction_bpm) * stress
    exponent += np.float32(0.02) * (np.float32(reference_hr(body)) - hr)
    share: Second = np.float32(at_night) * np.exp(exponent)
    return np.minimum(share, np.float32(0.35))


def reference_hr(body: Body) -> float:
    """Heart rate of a quiet night, at which `ln_rmssd_night` holds."""
    return body.resting_hr_bpm - body.sleep_drop_bpm - 0.7 * body.circadian_bpm


def rmssd_ms(
    breath_share: FloatArray | float,
    hr_bpm: FloatArray | float,
    breath_hz: float,
    jitter_ms: float = JITTER_MS,
) -> FloatArray:
    """RMSSD of beats whose rate is modulated by breathing and 10-s waves, ms.

    Each wave gives 2 a^2 RR^2 sinc^2(f RR) sin^2(pi f RR): an interval is a mean of the rate over
    its own length, and differences are taken between neighbours. Beat jitter gives 6 sigma^2.
    """
    rr_s = 60.0 / np.asarray(hr_bpm, dtype=np.float64)
    breath = 2.0 * (np.asarray(breath_share) * rr_s * _gain(breath_hz * rr_s)) ** 2
    mayer = 2.0 * (MAYER_SHARE * rr_s * _gain(0.1 * rr_s)) ** 2
    value: FloatArray = 1000.0 * np.sqrt(breath + mayer + 6.0 * (jitter_ms / 1000.0) ** 2)
    return value


def _gain(turns: FloatArray) -> FloatArray:
    gain: FloatArray = np.sinc(turns) * np.sin(np.pi * turns)
    return gain


def share_for_rmssd(rmssd: float, hr_bpm: float, breath_hz: float) -> float:
    """Breathing amplitude that gives this RMSSD at this heart rate."""
    rest = float(rmssd_ms(0.0, hr_bpm, breath_hz))
    rr_s = 60.0 / hr_bpm
    wanted = max(rmssd**2 - rest**2, 4.0)
    gain = _gain(np.array([breath_hz * rr_s]))[0]
    return float(np.sqrt(wanted / 2.0) / (1000.0 * rr_s * gain))


def _stages(life: Life, index: int, outside: Outside) -> NDArray[np.int8]:
    """Cycles of 90 minutes: light, deep, light, REM. Deep sleep fades over the night."""
    stage = np.full(SECONDS // 60, AWAKE, np.int8)
    for night in (index, index + 1):  # named by the day of waking
        onset = life.bed_s(night - 1) + LATENCY_S + (night - 1 - index) * DAY_S
        wake = life.wake_s(night) + (night - index) * DAY_S
        _night(life, night, onset, wake, stage)
    stage[~outside.asleep[::60]] = AWAKE
    return stage


def _night(life: Life, night: int, onset: float, wake: float, stage: NDArray[np.int8]) -> None:
    rng = life.streams.of(Part.SLEEP, night + 1)
    z = rng.standard_normal((12, 3))
    u = rng.random((12, 2))
    deep_knob = life.scenario.deep_sleep(life.f(night))
    start = onset
    for k in range(12):
        length = CYCLE_S * float(np.exp(0.08 * z[k, 0]))
        deep = max(0.25 - 0.05 * k, 0.05) * deep_knob * float(np.exp(0.12 * z[k, 1]))
        rem = min(0.10 + 0.05 * k, 0.35) * float(np.exp(0.15 * z[k, 2]))
        for share, until, level in (
            (0.0, 1.0, LIGHT),
            (0.15, min(0.15 + deep, 0.6), DEEP),
            (1.0 - rem, 1.0, REM),
            (1.0 - 0.04 * u[k, 0], 1.0, AWAKE if u[k, 1] < 0.5 else REM),
        ):
            a = int(np.clip((start + share * length) / 60.0, 0, stage.size))
            b = int(np.clip((min(start + until * length, wake)) / 60.0, 0, stage.size))
            stage[a:b] = level
        start += length
        if start >= wake:
            break


def _ratings(life: Life, index: int, outside: Outside) -> tuple[int, int]:
    """Evening ratings, 0-10: how present it is, and how much effort keeps it in check."""
    f, scenario = life.f(index), life.scenario
    z = life.streams.of(Part.RATINGS, index).standard_normal(2)
    felt = sum(each.height_bpm >= 8.0 for each in outside.stressors)
    present = 2.0 + 0.5 * felt * scenario.symptoms(f) + z[0]
    effort = 4.0 + scenario.effort_rating(f) + z[1]
    return int(np.clip(round(present), 0, 10)), int(np.clip(round(effort), 0, 10))


def aged(body: Body, **changes: float | bool) -> Body:
    """The same person with other constants."""
    return replace(body, **changes)  # type: ignore[arg-type]
