"""The watch: what is left of a heart once a wrist sensor has looked at it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hrv.model import DAY_S, BoolArray, FloatArray, IntArray
from hrv.simulate.body import Body
from hrv.simulate.heart import AWAKE, Second, SimulatedDay, reference_hr, rmssd_ms, share_for_rmssd
from hrv.simulate.outside import SECONDS, SIT, STAND, TRAIN, WALK, Life, Outside
from hrv.simulate.streams import Part, Streams

MINUTES = SECONDS // 60
OFF_WRIST, TOO_ACTIVE, RECOVERING = -1, -2, -4
TRAIN_CADENCE = 1.6  # times the walking cadence
STAND_STEPS, SIT_STEPS = 24.0, 0.5  # a minute, on average


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A watch and its habits."""

    name: str = "watch one"
    product: int = 3100
    hr_period_s: int = 60
    smoothing_s: int = 5
    noise_bpm: float = 1.0
    bias_bpm: float = 0.0
    motion_error_bpm: float = 8.0
    motion_error_share: float = 0.15  # of moving minutes
    cadence_lock_share: float = 0.03  # of moving minutes: shows steps instead of beats
    rmssd_factor: float = 1.0
    score_period_s: int = 180


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observed:
    """A day as the watch stores it. Times are seconds since the first day's midnight.

    A heart rate stands at the end of its period, steps and motion at the start of their minute.
    """

    index: int
    hr_t_s: FloatArray
    hr_bpm: NDArray[np.int16]
    minute_t_s: FloatArray
    steps: NDArray[np.int16]
    met: NDArray[np.float32]
    worn_minute: NDArray[np.bool_]
    kind: NDArray[np.int8]  # per minute: SIT, STAND, WALK, TRAIN
    score_t_s: FloatArray
    score: NDArray[np.int8]  # 0-100, or a code below 0
    stage_t_s: FloatArray  # changes of the sleep stage seen while worn
    stage: NDArray[np.int8]
    rmssd_t_s: FloatArray  # ends of 5-min windows of sleep
    rmssd_ms: FloatArray
    sleep: tuple[tuple[float, float], ...]  # pieces of sleep within this day
    training: tuple[tuple[float, float], ...]


def observe(
    day: SimulatedDay, body: Body, device: Device, streams: Streams, ectopic_share: float = 0.0
) -> Observed:
    """What the watch writes down of one day."""
    outside = day.outside
    minute = outside.state.reshape(MINUTES, 60)
    kind = minute.max(axis=1)
    met = outside.met.reshape(MINUTES, 60).mean(axis=1)
    worn = outside.worn.reshape(MINUTES, 60).mean(axis=1) > 0.5
    asleep: BoolArray = np.any(outside.asleep.reshape(MINUTES, 60), axis=1)
    steps = _steps(minute, asleep, body, streams.of(Part.FEW_STEPS, day.index))
    rng = streams.of(Part.SENSOR, day.index)
    shown = np.asarray(met * np.exp(0.1 * rng.standard_normal(MINUTES)), np.float32)
    shown += np.abs(0.03 * rng.standard_normal(MINUTES)).astype(np.float32)
    hr_t, hr = _heart_rate(day, body, device, kind, steps, rng)
    score_t, score = _score(day, body, device, shown, streams)
    stage_t, stage = _stage_changes(day, worn)
    rmssd_t, rmssd = _night_rmssd(day, body, device, worn, streams, ectopic_share)
    minute_t = _grid(day.start_s, 60.0, MINUTES)
    return Observed(
        index=day.index, hr_t_s=hr_t, hr_bpm=hr,
        minute_t_s=minute_t,
        steps=np.where(worn, steps, 0).astype(np.int16), met=shown, worn_minute=worn, kind=kind,
        score_t_s=score_t, score=score, stage_t_s=stage_t, stage=stage,
        rmssd_t_s=rmssd_t, rmssd_ms=rmssd,
        sleep=_sleep(outside, worn, day.start_s),
        training=tuple(bout for bout in outside.training if _on(outside, bout, day.start_s)),
    )  # fmt: skip


def _on(outside: Outside, bout: tuple[float, float], start_s: float) -> bool:
    piece = outside.worn[int(bout[0] - start_s) : int(bout[1] - start_s)]
    return bool(piece.size and piece.all())


def _steps(
    minute: NDArray[np.int8], asleep: BoolArray, body: Body, rng: np.random.Generator
) -> FloatArray:
    """Steps of each minute; people on their feet take a few also where they do not walk.

    In the actigraphy of MMASH (doi:10.3390/data5040091) standing minutes hold about 24 steps
    and 1 in 25 none, sitting ones 0 to 2: a geometric and a Poisson draw.
    """
    share = {kind: (minute == kind).mean(axis=1) for kind in (SIT, STAND, WALK, TRAIN)}
    few = share[STAND] * (rng.geometric(1.0 / (1.0 + STAND_STEPS), MINUTES) - 1)
    few += share[SIT] * ~asleep * rng.poisson(SIT_STEPS, MINUTES)
    paced = body.cadence_per_min * (share[WALK] + TRAIN_CADENCE * share[TRAIN])
    steps: FloatArray = np.rint(paced + few)
    return steps


def _smooth(hr: Second, width: int) -> Second:
    """Trailing mean."""
    total = np.cumsum(hr, dtype=np.float64)
    out = np.empty_like(hr)
    out[width:] = (total[width:] - total[:-width]) / width
    out[:width] = total[:width] / np.arange(1, width + 1)
    return out


def _heart_rate(
    day: SimulatedDay,
    body: Body,
    device: Device,
    kind: NDArray[np.int8],
    steps: FloatArray,
    rng: np.random.Generator,
) -> tuple[FloatArray, NDArray[np.int16]]:
    lag = body.sensor_lag_s
    late = np.concatenate((np.repeat(day.hr_bpm[:1], lag), day.hr_bpm[:-lag]))
    u = rng.random((MINUTES, 2))
    error = device.motion_error_bpm * rng.standard_normal(MINUTES)
    moving = kind >= WALK
    error[~(moving & (u[:, 0] < device.motion_error_share))] = 0.0
    locked = moving & (steps > 60) & (u[:, 1] < device.cadence_lock_share)
    period = device.hr_period_s
    smooth = _smooth(late, max(device.smoothing_s, 1))
    value = smooth.reshape(-1, period).mean(axis=1) if period > 1 else smooth
    in_minute = (np.arange(value.size) * period) // 60
    value = np.where(locked[in_minute], steps[in_minute], value + error[in_minute])
    value = value + device.bias_bpm + device.noise_bpm * rng.standard_normal(value.size)
    worn = day.outside.worn.reshape(-1, period).mean(axis=1) > 0.5
    t = _grid(day.start_s + period, period, value.size)
    shown = np.clip(np.rint(value[worn]), 30, 220).astype(np.int16)
    return t[worn], shown


def _score(
    day: SimulatedDay,
    body: Body,
    device: Device,
    motion: NDArray[np.float32],
    streams: Streams,
) -> tuple[FloatArray, NDArray[np.int8]]:
    """Arousal 0-100 from heart rate and beat-to-beat variability; codes where it has none."""
    period = device.score_period_s
    n = SECONDS // period
    rng = streams.of(Part.SCORE, day.index)
    excess = _bins(day.hr_bpm, period) - body.resting_hr_bpm
    usual = float(rmssd_ms(_usual_share(body), body.resting_hr_bpm, body.breath_hz))
    rmssd = rmssd_ms(_bins(day.breath_share, period), _bins(day.hr_bpm, period), body.breath_hz)
    change = np.log(rmssd / usual) + 0.15 * rng.standard_normal(n)
    raw = 100.0 / (1.0 + np.exp(-(0.09 * excess - 1.2 * change - 0.3)))
    raw[1:] = 0.5 * (raw[1:] + raw[:-1])
    score = np.clip(np.rint(raw), 1, 100).astype(np.int8)
    moving = np.repeat(motion, 60).reshape(n, period).mean(axis=1) > 0.6
    t = _grid(day.start_s + period, period, n)
    score[moving] = TOO_ACTIVE
    for _, end in (bout for bout in day.outside.training if _on(day.outside, bout, day.start_s)):
        score[(t > end) & (t <= end + 1200.0)] = RECOVERING
    score[day.outside.worn.reshape(n, period).mean(axis=1) < 0.5] = OFF_WRIST
    return t, score


def _usual_share(body: Body) -> float:
    """Breathing amplitude of a quiet waking hour."""
    night = reference_hr(body)
    at_night = share_for_rmssd(float(np.exp(body.ln_rmssd_night)), night, body.breath_hz)
    return float(at_night * np.exp(0.02 * (night - body.resting_hr_bpm)))


def _with_early_beats(rmssd: FloatArray, hr: FloatArray, share: float) -> FloatArray:
    """The watch removes nine of ten early beats; what is left makes three differences each.

    Early by a third with full compensation: -1/3, +2/3 and -1/3 of an interval.
    """
    rr_ms = 60_000.0 / hr
    left = 0.1 * share * (rr_ms / 3.0) ** 2 * (1.0 + 4.0 + 1.0)
    value: FloatArray = np.sqrt(rmssd**2 + left)
    return value


def _grid(first_s: float, step_s: float, n: int) -> FloatArray:
    return np.asarray(first_s + step_s * np.arange(n), np.float64)


def _bins(x: Second, period: int) -> FloatArray:
    mean: FloatArray = x.reshape(-1, period).mean(axis=1, dtype=np.float64)
    return mean


def _stage_changes(
    day: SimulatedDay, worn: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.int8]]:
    """First minute of each stage; a stage is seen only while the watch is on."""
    asleep = day.outside.asleep[::60] & worn
    level = np.where(asleep, day.stage, AWAKE).astype(np.int8)
    change = np.flatnonzero(np.diff(level)) + 1
    if asleep[0]:
        change = np.append(0, change)
    return np.asarray(day.start_s + 60.0 * change, np.float64), level[change]


def _sleep(
    outside: Outside, worn: NDArray[np.bool_], start_s: float
) -> tuple[tuple[float, float], ...]:
    asleep = np.concatenate(([False], outside.asleep[::60] & worn, [False]))
    edges: IntArray = np.flatnonzero(np.diff(asleep.astype(np.int8)))
    return tuple(
        (start_s + 60.0 * float(a), start_s + 60.0 * float(b))
        for a, b in zip(edges[::2], edges[1::2], strict=True)
        if b - a >= 20
    )


def _night_rmssd(
    day: SimulatedDay,
    body: Body,
    device: Device,
    worn: NDArray[np.bool_],
    streams: Streams,
    ectopic_share: float,
) -> tuple[FloatArray, FloatArray]:
    """RMSSD of 5-min windows of sleep, from the formula of the modulated beats.

    Not from single beats: a window of some 300 beats scatters by a tenth around its expectation.
    """
    asleep = (day.outside.asleep[::60] & worn).reshape(-1, 5).all(axis=1)
    share, hr = _bins(day.breath_share, 300), _bins(day.hr_bpm, 300)
    scatter = np.exp(0.10 * streams.of(Part.RMSSD, day.index).standard_normal(share.size))
    value = rmssd_ms(share, hr, body.breath_hz) * scatter * device.rmssd_factor
    t = _grid(day.start_s + 300.0, 300.0, share.size)
    if ectopic_share > 0.001:
        value = _with_early_beats(value, hr, ectopic_share)
    return t[asleep], value[asleep]


def at_day(device: Device, life: Life, index: int) -> Device:
    """The watch worn on this day: another one after a change of device."""
    at = life.scenario.device_at
    if at is None or life.f(index) < at:
        return device
    other = replace(
        device,
        bias_bpm=device.bias_bpm + 3.0,
        smoothing_s=20,
        rmssd_factor=0.8 * device.rmssd_factor,
    )
    if not life.scenario.device_told:
        return other
    return replace(other, product=device.product + 1, name="watch two")


def resting_bpm(seen: Observed) -> float | None:
    """Lowest mean of 30 minutes, as watches give it. None on days hardly worn."""
    minute = ((seen.hr_t_s - seen.index * DAY_S - 1.0) // 60.0).astype(int)
    if seen.worn_minute.mean() < 1 / 3:
        return None
    total = np.bincount(minute, weights=seen.hr_bpm.astype(float), minlength=MINUTES)
    count = np.bincount(minute, minlength=MINUTES)
    window = np.ones(30)
    sums, counts = np.convolve(total, window, "valid"), np.convolve(count, window, "valid")
    full = counts >= 0.8 * counts.max()
    return float((sums[full] / counts[full]).min()) if full.any() else None


def seen_by(device: Device, life: Life, day: SimulatedDay) -> tuple[Observed, Device]:
    """One day as the watch of that day stores it."""
    worn = at_day(device, life, day.index)
    return observe(day, life.body, worn, life.streams, life.scenario.ectopic_share), worn
