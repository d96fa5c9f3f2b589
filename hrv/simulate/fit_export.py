"""Files of a simulated Garmin-like watch: a monitoring file a day, sleep, HRV status, workouts.

Message by message as real files of such watches hold them: heart rate in monitoring messages of
its own with 16-bit times, steps as totals since midnight, stress once a minute with negative
codes, RMSSD of 5 minutes in the night, beats in workouts with a strap.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from hrv.fit.writer import FitWriter, Rows
from hrv.model import DAY_S, FloatArray
from hrv.simulate.device import Device, Observed, resting_bpm, seen_by
from hrv.simulate.heart import AWAKE, DEEP, LIGHT, REM, SimulatedDay
from hrv.simulate.nights import Night, Nights
from hrv.simulate.outside import SIT, STAND, TRAIN, WALK, Life
from hrv.simulate.workouts import Workout, by_second, workout

WALKING, RUNNING, SEDENTARY = 6, 1, 8
INTENSITY = {SIT: 0, STAND: 1, WALK: 2, TRAIN: 5}
LEVEL = np.array([INTENSITY[kind] for kind in (SIT, STAND, WALK, TRAIN)])
TIMER, LAP, SESSION_END = 0, 9, 8
START, STOP, STOP_ALL = 0, 1, 4
SLEEP_EVENT = 74
STRAP = 120
LAP_BUTTON, LAP_LAST = 0, 7


@dataclass(slots=True)
class FitExport:
    """Writes the watch's folder day by day."""

    out: Path
    life: Life
    origin_s: float  # Unix time of the first local midnight
    offset_s: float  # local minus UTC
    device: Device = field(default_factory=lambda: Device(score_period_s=60))
    written: list[Path] = field(default_factory=list)
    _nights: Nights = field(default_factory=Nights)
    _resting: deque[float] = field(default_factory=lambda: deque(maxlen=7))
    _nightly: deque[float] = field(default_factory=lambda: deque(maxlen=7))

    def add(self, day: SimulatedDay) -> None:
        """All files of one day."""
        seen, device = seen_by(self.device, self.life, day)
        self._monitoring(seen, device)
        self._night(seen, device)
        for bout in seen.training:
            self._workout(workout(self.life, day, bout), device)

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
                    current_activity_type_intensity=number | LEVEL[seen.kind[mine]] << 5,
                )
            )
        return tuple(rows)

    def _rests(self, seen: Observed) -> tuple[Rows, ...]:
        """The end of the first minute without steps, and of every restless one."""
        still = seen.steps == 0
        level = np.where(seen.worn_minute & (seen.kind == STAND), INTENSITY[STAND], 0)
        level[~still] = -1
        change = still & ((level > 0) | (np.diff(level, prepend=-1) != 0))
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
        night = self._nights.of(seen)
        if night is None:
            return
        self._sleep_file(night, device)
        if night.rmssd_ms.size:
            self._hrv_file(night, device)

    def _sleep_file(self, night: Night, device: Device) -> None:
        writer = self._writer("sleep", night.onset_s, device)
        begin = self._unix(night.onset_s)
        writer.add("sleep_info", timestamp=begin, step=60, local_timestamp=begin + self.offset_s)
        writer.add("event", timestamp=begin, event=SLEEP_EVENT, event_type=START)
        # a stage is written when it ends
        writer.add(
            "sleep_level", timestamp=self._unix(night.stage_t_s[1:]), sleep_level=night.stage[:-1]
        )
        writer.add("event", timestamp=self._unix(night.wake_s), event=SLEEP_EVENT, event_type=STOP)
        total = max(night.asleep_min, 1.0)
        deep, rem, light = (night.minutes(level) / total for level in (DEEP, REM, LIGHT))
        writer.add(
            "sleep_assessment",
            overall_sleep_score=int(np.clip(40 + total / 10 + 60 * deep, 0, 100)),
            deep_sleep_score=int(np.clip(400 * deep, 0, 100)),
            rem_sleep_score=int(np.clip(350 * rem, 0, 100)),
            light_sleep_score=int(np.clip(130 * light, 0, 100)),
            awakenings_count=int(np.sum(night.stage[:-1] == AWAKE)),
        )
        self._save("Sleep", night.onset_s, "S", writer.finish())

    def _hrv_file(self, night: Night, device: Device) -> None:
        t, rmssd = night.rmssd_t_s, night.rmssd_ms
        writer = self._writer("hrv_status", float(t[-1]), device)
        mean = float(np.mean(rmssd))
        self._nightly.append(mean)
        week = float(np.mean(self._nightly))
        writer.add(
            "hrv_status_summary", timestamp=self._unix(float(t[-1])), weekly_average=week,
            last_night_average=mean, last_night_5_min_high=float(np.max(rmssd)),
            baseline_low_upper=0.80 * week, baseline_balanced_lower=0.88 * week,
            baseline_balanced_upper=1.15 * week, status=4 if abs(mean / week - 1) < 0.15 else 3,
        )  # fmt: skip
        writer.add("hrv_value", timestamp=self._unix(t), value=rmssd)
        self._save("HRVStatus", float(t[-1]), "H", writer.finish())

    def _workout(self, work: Workout, device: Device) -> None:
        t, hr = self._unix(work.t_s), work.hr_bpm
        writer = self._writer("activity", work.start_s, device)
        writer.add("device_info", timestamp=t[0], device_index=1, device_type=STRAP,
                   manufacturer=1, source_type=1)  # fmt: skip
        writer.add("event", timestamp=t[0], event=TIMER, event_type=START)
        second, table = by_second(work)
        writer.interleave(
            Rows("record", order=t, timestamp=t, heart_rate=hr, cadence=work.strides_per_min),
            Rows("hrv", order=self._unix(second), time=table),
        )
        writer.add("event", timestamp=t[-1], event=TIMER, event_type=STOP_ALL)
        cut = int(work.running.sum())
        for a, b, trigger in ((0, cut, LAP_BUTTON), (cut, hr.size, LAP_LAST)):
            if b > a:
                self._totals(writer, "lap", t[a:b], hr[a:b], event=LAP, lap_trigger=trigger)
        self._totals(writer, "session", t, hr, event=SESSION_END)
        writer.add(
            "activity", timestamp=t[-1], total_timer_time=float(hr.size), num_sessions=1,
            type=0, event=26, event_type=1, local_timestamp=t[-1] + self.offset_s,
        )  # fmt: skip
        self._save("Activity", work.start_s, "", writer.finish())

    def _totals(
        self, writer: FitWriter, message: str, t: FloatArray, hr: FloatArray, **more: Any
    ) -> None:
        writer.add(
            message, timestamp=t[-1] + 1.0, event_type=1, start_time=t[0],
            total_elapsed_time=float(t.size), total_timer_time=float(t.size), sport=RUNNING,
            avg_heart_rate=round(float(hr.mean())), max_heart_rate=int(hr.max()), **more,
        )  # fmt: skip
