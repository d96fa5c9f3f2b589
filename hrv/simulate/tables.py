"""Text exports of simulated people: Google Takeout, generic tables, plain beats, Empatica E4.

Column names, order and habits follow public parsers and real headers; the values are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from hrv.model import DAY_S, FloatArray
from hrv.simulate.beats import Artefacts, beat_times, spoilt
from hrv.simulate.device import Device, resting_bpm, seen_by
from hrv.simulate.heart import DEEP, SimulatedDay
from hrv.simulate.nights import Night, Nights
from hrv.simulate.outside import Life
from hrv.simulate.streams import Part

SLEEPS = (
    "sleep_id,sleep_type,minutes_in_sleep_period,minutes_after_wake_up,minutes_to_fall_asleep,"
    "minutes_asleep,minutes_awake,minutes_longest_awakening,minutes_to_persistent_sleep,"
    "start_utc_offset,sleep_start,end_utc_offset,sleep_end,data_source,sleep_created,"
    "sleep_last_updated"
)
SLEEP_SCORES = (
    "sleep_log_entry_id,timestamp,overall_score,composition_score,revitalization_score,"
    "duration_score,deep_sleep_in_minutes,resting_heart_rate,restlessness"
)


@cache
def _clock_texts() -> tuple[str, ...]:
    """THH:MM:SS of every second of a day."""
    return tuple(f"T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(int(DAY_S)))


def stamps(unix_s: ArrayLike, suffix: str) -> list[str]:
    """ISO times of whole seconds; `suffix` says the zone."""
    seconds = np.asarray(np.rint(np.asarray(unix_s, dtype=np.float64)), np.int64)
    day, within = np.divmod(seconds, int(DAY_S))
    dates = {int(d): _date(int(d)) for d in np.unique(day)}
    clock = _clock_texts()
    return [
        f"{dates[d]}{clock[s]}{suffix}" for d, s in zip(day.tolist(), within.tolist(), strict=True)
    ]


def _date(day: int) -> str:
    return f"{datetime.fromtimestamp(day * DAY_S, tz=UTC):%Y-%m-%d}"


def append(path: Path, header: str, rows: Iterable[str]) -> None:
    """Rows at the end of a table; the header first where the table is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        if new:
            file.write(header + "\n")
        file.writelines(f"{row}\n" for row in rows)


def by_utc_day(unix_s: FloatArray, rows: Sequence[str]) -> Iterable[tuple[str, Sequence[str]]]:
    """Rows of a local day, split where the UTC date changes."""
    day = np.floor(unix_s / DAY_S).astype(np.int64)
    cuts = [0, *(np.flatnonzero(np.diff(day)) + 1).tolist(), len(rows)]
    for a, b in pairwise(cuts):
        if b > a:
            yield _date(int(day[a])), rows[a:b]


@dataclass(slots=True)
class TakeoutExport:
    """Takeout folder of a Fitbit-like wristband: heart rate every 5 s, steps every minute."""

    out: Path
    life: Life
    origin_s: float
    offset_s: float
    device: Device = field(default_factory=lambda: Device(hr_period_s=5, score_period_s=180))
    _nights: Nights = field(default_factory=Nights)

    @property
    def root(self) -> Path:
        """Where the tree begins."""
        return self.out / "Takeout" / "Fitbit"

    def add(self, day: SimulatedDay) -> None:
        """Rows of one day."""
        seen, _ = seen_by(self.device, self.life, day)
        activity = self.root / "Physical Activity_GoogleData"
        t = seen.hr_t_s + self.origin_s
        rows = [f"{a},{b}" for a, b in zip(stamps(t, "Z"), seen.hr_bpm.tolist(), strict=True)]
        for date, part in by_utc_day(t, rows):
            append(activity / f"heart_rate_{date}.csv", "timestamp,beats per minute", part)
        minute = seen.minute_t_s[seen.worn_minute] + self.origin_s
        steps = seen.steps[seen.worn_minute].tolist()
        rows = [f"{a},{b}" for a, b in zip(stamps(minute, "Z"), steps, strict=True)]
        for date, part in by_utc_day(minute, rows):
            append(activity / f"steps_{date}.csv", "timestamp,steps", part)
        resting = resting_bpm(seen)
        if resting is not None:
            midnight = stamps([day.start_s + self.origin_s + self.offset_s], "Z")[0]
            append(
                activity / "daily_resting_heart_rate.csv",
                "timestamp,beats per minute",
                [f"{midnight},{round(resting)}"],
            )
        night = self._nights.of(seen)
        if night is not None:
            self._night(night, resting)

    def _night(self, night: Night, resting: float | None) -> None:
        local = night.rmssd_t_s + self.origin_s + self.offset_s
        folder = self.root / "Heart Rate Variability"
        wake_local = night.wake_s + self.origin_s + self.offset_s
        date = _date(int(wake_local // DAY_S))
        if night.rmssd_ms.size:
            details = [
                f"{a},{b:.3f},0.97,{1.1 * b * b / 4:.3f},{b * b / 2:.3f}"
                for a, b in zip(stamps(local, ""), night.rmssd_ms.tolist(), strict=True)
            ]
            append(
                folder / f"Heart Rate Variability Details - {date}.csv",
                "timestamp,rmssd,coverage,low_frequency,high_frequency",
                details,
            )
            day = f"{date}T00:00:00"
            append(
                folder / f"Daily Heart Rate Variability Summary - {date[:7]}-({int(date[8:])}).csv",
                "timestamp,rmssd,nremhr,entropy",
                [f"{day},{float(night.rmssd_ms.mean()):.3f},{night.asleep_bpm:.3f},2.4"],
            )
        start, end = stamps(np.array([night.onset_s, night.wake_s]) + self.origin_s, "Z")
        hours = int(self.offset_s // 3600)
        offset = f"{'+' if hours >= 0 else '-'}{abs(hours):02d}:00"
        period = round((night.wake_s - night.onset_s) / 60.0)
        asleep = round(night.asleep_min)
        append(
            self.root.parent / "Google Health" / "Health Fitness Data" / "UserSleeps.csv",
            SLEEPS,
            [
                f"{1000 + night.index},STAGES,{period},0,10,{asleep},{period - asleep},0,0,"
                f"{offset},{start},{offset},{end},DEVICE,{end},{end}"
            ],
        )
        append(
            self.root / "Sleep Score" / "sleep_score.csv",
            SLEEP_SCORES,
            [
                f"{1000 + night.index},{end},{min(60 + asleep // 20, 100)},,,,"
                f"{round(night.minutes(DEEP))},{'' if resting is None else round(resting)},0.1"
            ],
        )


@dataclass(slots=True)
class GenericExport:
    """Two tables without a vendor: time and heart rate, time and steps a minute."""

    out: Path
    life: Life
    origin_s: float
    offset_s: float
    device: Device = field(default_factory=Device)

    def add(self, day: SimulatedDay) -> None:
        """Rows of one day, local time with its offset."""
        seen, _ = seen_by(self.device, self.life, day)
        hours = int(self.offset_s // 3600)
        zone = f"{'+' if hours >= 0 else '-'}{abs(hours):02d}:00"
        shift = self.origin_s + self.offset_s
        rows = zip(stamps(seen.hr_t_s + shift, zone), seen.hr_bpm.tolist(), strict=True)
        append(self.out / "heart_rate.csv", "timestamp,heart_rate", (f"{a},{b}" for a, b in rows))
        worn = seen.worn_minute
        steps = zip(
            stamps(seen.minute_t_s[worn] + shift, zone), seen.steps[worn].tolist(), strict=True
        )
        append(self.out / "steps.csv", "timestamp,steps", (f"{a},{b}" for a, b in steps))


@dataclass(slots=True)
class BeatsExport:
    """Plain intervals, one number of ms a line, as a chest-strap app shares them.

    Five minutes every morning or, with `night`, the whole of every night the strap was worn.
    """

    out: Path
    life: Life
    origin_s: float
    offset_s: float
    night: bool = False

    def add(self, day: SimulatedDay) -> None:
        """One file, named by its local start."""
        wake = int(day.outside.wake_s)
        first, last = (0, wake) if self.night else (wake + 300, wake + 600)
        if not day.outside.worn[first:last].all():
            return
        beats = beat_times(day, self.life.body, self.life.streams, first, last)
        rng = self.life.streams.of(Part.ARTEFACTS, day.index, 1)
        artefacts = Artefacts(ectopic=self.life.scenario.ectopic_share)
        times, _ = spoilt(beats, artefacts, rng)
        start = datetime.fromtimestamp(float(times[0]) + self.origin_s + self.offset_s, tz=UTC)
        path = self.out / f"{start:%Y-%m-%d %H-%M-%S}.txt"
        rr_ms = np.rint(1000.0 * np.diff(times)).astype(np.int64)
        path.write_text("\n".join(map(str, rr_ms[rr_ms > 0].tolist())) + "\n", encoding="utf-8")


@dataclass(slots=True)
class EmpaticaExport:
    """Two-hour sessions of a research wristband, one a week, around a stressor of that day."""

    out: Path
    life: Life
    origin_s: float
    offset_s: float
    device: Device = field(default_factory=lambda: Device(hr_period_s=1, smoothing_s=10))
    length_s: int = 7200

    def add(self, day: SimulatedDay) -> None:
        """HR.csv, IBI.csv, ACC.csv and tags.csv of one session."""
        seen_stressors = [each for each in day.outside.stressors if each.visible]
        if day.index % 7 or not seen_stressors:
            return
        first = int(seen_stressors[0].on_s - day.start_s) - 900
        first = max(0, min(first, int(DAY_S) - self.length_s))
        begin = round(self.origin_s + day.start_s) + first
        folder = self.out / f"{begin}_A00SIM"
        folder.mkdir(parents=True)
        self._heart_rate(day, first, begin, folder)
        self._beats(day, first, begin, folder)
        self._motion(day, first, begin, folder)
        tags = [each.tag[0] for each in seen_stressors if each.tag is not None]
        inside = [t for t in tags if first <= t - day.start_s < first + self.length_s]
        lines = "".join(f"{t + self.origin_s:.2f}\n" for t in inside)
        (folder / "tags.csv").write_text(lines, encoding="utf-8")

    def _heart_rate(self, day: SimulatedDay, first: int, begin: int, folder: Path) -> None:
        piece = day.hr_bpm[first : first + self.length_s].astype(np.float64)
        total = np.cumsum(np.concatenate((np.repeat(piece[:1], 10), piece)))
        shown = (total[10:] - total[:-10]) / 10.0
        rows = "".join(f"{value:.2f}\n" for value in shown[10:].tolist())
        text = f"{begin + 10:.6f}\n1.000000\n{rows}"
        (folder / "HR.csv").write_text(text, encoding="utf-8")

    def _beats(self, day: SimulatedDay, first: int, begin: int, folder: Path) -> None:
        """Beats go missing while the wrist moves, and for stretches without a reason."""
        rng = self.life.streams.of(Part.ARTEFACTS, day.index, 2)
        times = beat_times(
            day, self.life.body, self.life.streams, first, first + self.length_s, jitter_ms=12.0
        )
        rr = np.diff(times)
        at = times[1:] - day.start_s - first
        bad = rng.random(self.length_s) < 0.02
        lost = np.convolve(bad, np.ones(30), "same") > 0
        moving = day.outside.met[first : first + self.length_s] > 0.3
        kept = ~(lost | moving)[np.clip(at.astype(int), 0, self.length_s - 1)]
        grid = np.rint(at * 64.0) / 64.0, np.rint(rr * 64.0) / 64.0
        rows = "".join(
            f"{a:.6f},{b:.6f}\n" for a, b in zip(grid[0][kept], grid[1][kept], strict=True)
        )
        (folder / "IBI.csv").write_text(f"{begin:.6f}, IBI\n{rows}", encoding="utf-8")

    def _motion(self, day: SimulatedDay, first: int, begin: int, folder: Path) -> None:
        """Acceleration 32 times a second in 1/64 g: gravity, and a swing that grows with motion."""
        rng = self.life.streams.of(Part.ARTEFACTS, day.index, 3)
        met = day.outside.met[first : first + self.length_s]
        swing = np.repeat(64.0 * (0.004 + 0.08 * met), 32)
        axes = swing[:, None] * rng.standard_normal((swing.size, 3)) + np.array((10.0, 20.0, 60.0))
        whole = np.clip(np.rint(axes), -128, 127).astype(int)
        rows = "".join(f"{x},{y},{z}\n" for x, y, z in whole.tolist())
        head = ", ".join([f"{begin:.6f}"] * 3) + "\n" + ", ".join(["32.000000"] * 3) + "\n"
        (folder / "ACC.csv").write_text(head + rows, encoding="utf-8")
