"""Files of a simulated Garmin-like watch: a monitoring file a day, sleep, HRV status, workouts.

Message by message as real files of such watches hold them: heart rate in monitoring messages of
its own with 16-bit times, steps as totals since midnight, stress once a minute with negative
codes, RMSSD of 5 minutes in the night, beats in workouts with a strap.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrv.fit.writer import FitWriter, Rows
from hrv.model import DAY_S, FloatArray
from hrv.simulate.beats import Artefacts, beat_times, spoilt
from hrv.simulate.device import MINUTES, Device, Observed, observe
from hrv.simulate.heart import AWAKE, DEEP, LIGHT, REM, SimulatedDay
from hrv.simulate.life import STAND, TRAIN, WALK, Life
from hrv.simulate.streams import Part

WALKING, RUNNING, SEDENTARY = 6, 1, 8
INTENSITY = {STAND: 1, WALK: 2, TRAIN: 5}
COOL_DOWN_S = 240.0  # the recording goes on after the effort
TIMER, LAP, SESSION_END = 0, 9, 8
START, STOP_ALL = 0, 4
STRAP = 120
LAP_BUTTON, LAP_LAST = 0, 7
STRAP_ARTEFACTS = Artefacts(missed=0.002, extra=0.001, ectopic=0.0, misplaced=0.0)


@dataclass(slots=True)
class FitExport:
    """Writes the watch's folder day by day."""

    out: Path
    life: Life
    origin_s: float  # Unix time of the first local midnight
    offset_s: float  # local minus UTC
    device: Device = field(default_factory=lambda: Device(score_period_s=60))
    beats_in_workouts: bool = True
    written: list[Path] = field(default_factory=list)
    _evening: list[tuple[FloatArray, NDArray[np.int8], FloatArray, FloatArray]] = field(
        default_factory=list
    )
    _resting: deque[float] = field(default_factory=lambda: deque(maxlen=7))
    _nightly: deque[float] = field(default_factory=lambda: deque(maxlen=7))

    def add(self, day: SimulatedDay) -> None:
        """All files of one day."""
        device = at_day(self.device, self.life, day.index)
        seen = observe(day, self.life.body, device, self.life.streams)
        self._monitoring(seen, device)
        self._night(seen, device)
        for bout in seen.training:
            self._workout(day, bout)

    def _save(self, folder: str, at_s: float, letter: str, data: bytes) -> None:
        local = datetime.fromtimestamp(self.origin_s + at_s + self.offset_s, tz=UTC)
        path = self.out / "GARMIN" / folder / f"{letter}{local:%Y-%m-%d-%H-%M-%S}.fit"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.written.append(path)

    def _unix(self, t_s: FloatArray | float) -> FloatArray:
        return np.asarray(t_s, dtype=np.float64) + self.origin_s

    def _writer(self, kind: str, at_s: float, device: Device) -> FitWriter:
        return FitWriter(
            kind, created_s=self.origin_s + at_s, product=device.product, serial_number=1000
        )

    def _monitoring(self, seen: Observed, device: Device) -> None:
        start = seen.index * DAY_S
        writer = self._writer("monitoring", start, device)
        begin = self._unix(start)
        writer.add(
            "monitoring_info", timestamp=begin, local_timestamp=begin + self.offset_s,
            activity_type=[WALKING, RUNNING], resting_metabolic_rate=1650,
        )  # fmt: skip
        for kind in (WALKING, RUNNING):
            writer.add("monitoring", timestamp=begin, cycles=0.0, active_time=0.0,
                       activity_type=kind, duration_min=0)  # fmt: skip
        rows = (*self._heart_rate(seen), *self._activity(seen), *self._stress(seen))
        writer.interleave(*rows, *self._rests(seen))
        resting = resting_bpm(seen)
        if resting is not None:
            self._resting.append(resting)
            writer.add(
                "monitoring_hr_data", timestamp=self._unix(start + DAY_S - 60.0),
                resting_heart_rate=round(float(np.mean(self._resting))),
                current_day_resting_heart_rate=round(resting),
            )  # fmt: skip
        self._save("Monitor", start, "M", writer.finish())

    def _heart_rate(self, seen: Observed) -> tuple[Rows, ...]:
        t = self._unix(seen.hr_t_s)
        return (Rows("monitoring", order=t, timestamp_16=t, heart_rate=seen.hr_bpm),)

    def _activity(self, seen: Observed) -> tuple[Rows, ...]:
        """Totals of walking and running at the end of every minute that adds to them."""
        rows = []
        for number, kind in ((WALKING, WALK), (RUNNING, TRAIN)):
            mine = (seen.steps > 0) & ((seen.kind == TRAIN) == (kind == TRAIN))
            steps = np.cumsum(np.where(mine, seen.steps, 0))[mine]
            if not mine.any():
                continue
            t = self._unix(seen.minute_t_s[mine] + 60.0)
            rows.append(
                Rows(
                    "monitoring",
                    order=t,
                    timestamp_16=t,
                    cycles=steps / 2.0,
                    active_time=60.0 * (1.0 + np.arange(t.size)),
                    active_calories=4 * np.arange(t.size),
                    current_activity_type_intensity=number | INTENSITY[kind] << 5,
                )
            )
        return tuple(rows)

    def _rests(self, seen: Observed) -> tuple[Rows, ...]:
        """The end of the first minute without steps, and wherever its intensity changes."""
        still = seen.steps == 0
        level = np.where(seen.worn_minute & (seen.kind == STAND), INTENSITY[STAND], 0)
        level[~still] = -1
        change = still & (np.diff(level, prepend=-1) != 0)
        t = self._unix(seen.minute_t_s[change] + 60.0)
        coded = SEDENTARY | level[change] << 5
        return (Rows("monitoring", order=t, timestamp=t, current_activity_type_intensity=coded),)

    def _stress(self, seen: Observed) -> tuple[Rows, ...]:
        t = self._unix(seen.score_t_s)
        charge = 60.0 - np.cumsum(np.where(seen.score > 0, seen.score - 30.0, 0.0)) / 600.0
        battery = np.clip(np.rint(charge), 5, 100)
        return (
            Rows(
                "stress_level",
                order=t,
                stress_level_value=seen.score,
                stress_level_time=t,
                body_battery=battery,
            ),
        )

    def _night(self, seen: Observed, device: Device) -> None:
        """The night that ends on this day: its evening was seen the day before."""
        noon = seen.index * DAY_S + 43_200.0
        morning, evening = _split(seen, noon)
        before, self._evening = self._evening, [evening]
        pieces = [*before, morning]
        t, stage, rmssd_t, rmssd = (
            np.concatenate([piece[k] for piece in pieces]) for k in range(4)
        )
        new = np.diff(stage, prepend=AWAKE) != 0
        t, stage = t[new], stage[new]
        if t.size:
            self._sleep_file(t, stage, device)
        if rmssd.size:
            self._hrv_file(rmssd_t, rmssd, device)

    def _sleep_file(self, t: FloatArray, stage: NDArray[np.int8], device: Device) -> None:
        writer = self._writer("sleep", float(t[0]), device)
        begin = self._unix(float(t[0]))
        writer.add("sleep_info", timestamp=begin, step=60, local_timestamp=begin + self.offset_s)
        writer.add("sleep_level", timestamp=self._unix(t), sleep_level=stage)
        length = np.diff(np.append(t, t[-1])) / 60.0
        minutes = {level: float(length[stage == level].sum()) for level in (LIGHT, DEEP, REM)}
        total = max(sum(minutes.values()), 1.0)
        writer.add(
            "sleep_assessment",
            overall_sleep_score=int(np.clip(40 + total / 10 + 60 * minutes[DEEP] / total, 0, 100)),
            deep_sleep_score=int(np.clip(400 * minutes[DEEP] / total, 0, 100)),
            rem_sleep_score=int(np.clip(350 * minutes[REM] / total, 0, 100)),
            light_sleep_score=int(np.clip(130 * minutes[LIGHT] / total, 0, 100)),
            awakenings_count=int(max(np.sum(stage == AWAKE) - 1, 0)),
        )
        self._save("Sleep", float(t[0]), "S", writer.finish())

    def _hrv_file(self, t: FloatArray, rmssd: FloatArray, device: Device) -> None:
        writer = self._writer("hrv_status", float(t[-1]), device)
        night = float(np.mean(rmssd))
        self._nightly.append(night)
        week = float(np.mean(self._nightly))
        writer.add(
            "hrv_status_summary", timestamp=self._unix(float(t[-1])), weekly_average=week,
            last_night_average=night, last_night_5_min_high=float(np.max(rmssd)),
            baseline_low_upper=0.80 * week, baseline_balanced_lower=0.88 * week,
            baseline_balanced_upper=1.15 * week, status=4 if abs(night / week - 1) < 0.15 else 3,
        )  # fmt: skip
        writer.add("hrv_value", timestamp=self._unix(t), value=rmssd)
        self._save("HRVStatus", float(t[-1]), "H", writer.finish())

    def _workout(self, day: SimulatedDay, bout: tuple[float, float]) -> None:
        """One run with a chest strap: records every second, beats, and the minutes after."""
        rng = self.life.streams.of(Part.ARTEFACTS, day.index)
        begin, effort_end = bout
        end = min(effort_end + COOL_DOWN_S, (day.index + 1) * DAY_S - 1.0)
        first, last = int(begin - day.start_s), int(end - day.start_s)
        hr = np.rint(day.hr_bpm[first:last] + 0.5 * rng.standard_normal(last - first))
        t = self._unix(begin) + np.arange(hr.size)
        running = np.arange(hr.size) < effort_end - begin
        writer = FitWriter("activity", created_s=float(t[0]), product=self.device.product,
                           serial_number=1000)  # fmt: skip
        writer.add("device_info", timestamp=t[0], device_index=1, device_type=STRAP,
                   manufacturer=1, source_type=1)  # fmt: skip
        writer.add("event", timestamp=t[0], event=TIMER, event_type=START)
        rows = [
            Rows("record", order=t, timestamp=t, heart_rate=hr,
                 cadence=np.where(running, np.rint(0.8 * self.life.body.cadence_per_min), 0))
        ]  # fmt: skip
        if self.beats_in_workouts:
            rows.append(self._beats(day, first, last, rng))
        writer.interleave(*rows)
        writer.add("event", timestamp=t[-1], event=TIMER, event_type=STOP_ALL)
        cut = int(running.sum())
        for a, b, trigger in ((0, cut, LAP_BUTTON), (cut, hr.size, LAP_LAST)):
            if b > a:
                self._totals(writer, "lap", t[a:b], hr[a:b], event=LAP, lap_trigger=trigger)
        self._totals(writer, "session", t, hr, event=SESSION_END)
        writer.add(
            "activity", timestamp=t[-1], total_timer_time=float(hr.size), num_sessions=1,
            type=0, event=26, event_type=1, local_timestamp=t[-1] + self.offset_s,
        )  # fmt: skip
        self._save("Activity", begin, "", writer.finish())

    def _totals(
        self, writer: FitWriter, message: str, t: FloatArray, hr: FloatArray, **more: Any
    ) -> None:
        writer.add(
            message, timestamp=t[-1] + 1.0, event_type=1, start_time=t[0],
            total_elapsed_time=float(t.size), total_timer_time=float(t.size), sport=RUNNING,
            avg_heart_rate=round(float(hr.mean())), max_heart_rate=int(hr.max()), **more,
        )  # fmt: skip

    def _beats(self, day: SimulatedDay, first: int, last: int, rng: np.random.Generator) -> Rows:
        """Intervals that ended within each second, up to five a message, 0xFFFF where fewer."""
        beats = beat_times(day, self.life.body, self.life.streams, first, last)
        times, _ = spoilt(beats, STRAP_ARTEFACTS, rng)
        rr = np.rint(1000.0 * np.diff(times)) / 1000.0
        second = np.floor(times[1:]).astype(np.int64)
        keys, start, count = np.unique(second, return_index=True, return_counts=True)
        table = np.full((keys.size, 5), np.nan)
        within = np.arange(rr.size) - np.repeat(start, count)
        row = np.repeat(np.arange(keys.size), count)
        fits = within < 5
        table[row[fits], within[fits]] = rr[fits]
        return Rows("hrv", order=self._unix(keys.astype(np.float64)) + 1.0, time=table)


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
    if np.unique(minute).size < MINUTES / 3:
        return None
    total = np.bincount(minute, weights=seen.hr_bpm.astype(float), minlength=MINUTES)
    count = np.bincount(minute, minlength=MINUTES)
    window = np.ones(30)
    sums, counts = np.convolve(total, window, "valid"), np.convolve(count, window, "valid")
    full = counts >= 25 * max(count.max(), 1)
    return float((sums[full] / counts[full]).min()) if full.any() else None


def _split(
    seen: Observed, noon: float
) -> tuple[
    tuple[FloatArray, NDArray[np.int8], FloatArray, FloatArray],
    tuple[FloatArray, NDArray[np.int8], FloatArray, FloatArray],
]:
    a, b = seen.stage_t_s < noon, seen.rmssd_t_s < noon
    return (
        (seen.stage_t_s[a], seen.stage[a], seen.rmssd_t_s[b], seen.rmssd_ms[b]),
        (seen.stage_t_s[~a], seen.stage[~a], seen.rmssd_t_s[~b], seen.rmssd_ms[~b]),
    )
