"""Text exports of simulated people: Google Takeout, generic tables, plain beats, Empatica E4.

Column names, order and habits follow public parsers and real headers; the values are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hrv.model import DAY_S, FloatArray
from hrv.simulate.beats import Artefacts, beat_times, spoilt
from hrv.simulate.device import Device, resting_bpm, seen_by
from hrv.simulate.heart import DEEP, SimulatedDay
from hrv.simulate.nights import Night, Nights
from hrv.simulate.outside import Life
from hrv.simulate.streams import Part
from hrv.simulate.written import Cells, Clock, ZipExport, append, by_utc_day, rows

SLEEPS = (
    "sleep_id,sleep_type,minutes_in_sleep_period,minutes_after_wake_up,minutes_to_fall_asleep,"
    "minutes_asleep,minutes_awake,minutes_longest_awakening,minutes_to_persistent_sleep,"
    "start_utc_offset,sleep_start,end_utc_offset,sleep_end,data_source,sleep_created,"
    "sleep_last_updated"
)
RATES = "timestamp,beats per minute"
HRV_DETAILS = "timestamp,rmssd,coverage,low_frequency,high_frequency"
HRV_DAY = "timestamp,rmssd,nremhr,entropy"
SLEEP_SCORES = (
    "sleep_log_entry_id,timestamp,overall_score,composition_score,revitalization_score,"
    "duration_score,deep_sleep_in_minutes,resting_heart_rate,restlessness"
)


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

    @property
    def clock(self) -> Clock:
        """The person's clock."""
        return Clock(self.origin_s, self.offset_s)

    def add(self, day: SimulatedDay) -> None:
        """Rows of one day."""
        seen, _ = seen_by(self.device, self.life, day)
        folder = "Physical Activity_GoogleData"
        self._by_utc_day(f"{folder}/heart_rate", "beats per minute", seen.hr_t_s, seen.hr_bpm)
        worn = seen.worn_minute
        self._by_utc_day(f"{folder}/steps", "steps", seen.minute_t_s[worn], seen.steps[worn])
        resting = resting_bpm(seen)
        if resting is not None:
            midnight = self.clock.local([day.start_s], "Z")
            cells: Cells = {"timestamp": midnight, "beats per minute": [round(resting)]}
            self._put(f"{folder}/daily_resting_heart_rate.csv", RATES, cells)
        night = self._nights.of(seen)
        if night is not None:
            self._night(night, resting)

    def _put(self, name: str, header: str, cells: Cells) -> None:
        append(self.root / name, header, rows(header, cells))

    def _by_utc_day(self, stem: str, name: str, t_s: FloatArray, values: NDArray[np.int16]) -> None:
        """A file for each UTC day that this local day touches."""
        header = f"timestamp,{name}"
        cells = {"timestamp": self.clock.utc(t_s), name: values.tolist()}
        lines = list(rows(header, cells))
        for date, part in by_utc_day(self.clock.unix(t_s), lines):
            append(self.root / f"{stem}_{date}.csv", header, part)

    def _night(self, night: Night, resting: float | None) -> None:
        date = self.clock.dates([night.wake_s])[0]
        folder = "Heart Rate Variability"
        if night.rmssd_ms.size:
            rmssd = night.rmssd_ms.tolist()
            cells: dict[str, str | list[str]] = {
                "timestamp": self.clock.local(night.rmssd_t_s),
                "rmssd": [f"{b:.3f}" for b in rmssd],
                "coverage": "0.97",
                "low_frequency": [f"{1.1 * b * b / 4:.3f}" for b in rmssd],
                "high_frequency": [f"{b * b / 2:.3f}" for b in rmssd],
            }
            self._put(f"{folder}/Heart Rate Variability Details - {date}.csv", HRV_DETAILS, cells)
            mean = [f"{float(night.rmssd_ms.mean()):.3f}"]
            summary = f"Daily Heart Rate Variability Summary - {date[:7]}-({int(date[8:])}).csv"
            cells = {"timestamp": f"{date}T00:00:00", "rmssd": mean,
                     "nremhr": f"{night.asleep_bpm:.3f}", "entropy": "2.4"}  # fmt: skip
            self._put(f"{folder}/{summary}", HRV_DAY, cells)
        start, end = self.clock.utc([night.onset_s, night.wake_s])
        period, asleep = round((night.wake_s - night.onset_s) / 60.0), round(night.asleep_min)
        zone, number = self.clock.zone(), [str(1000 + night.index)]
        nothing = ("minutes_after_wake_up", "minutes_longest_awakening",
                   "minutes_to_persistent_sleep")  # fmt: skip
        cells = {
            **dict.fromkeys(nothing, "0"),
            "sleep_id": number, "sleep_type": "STAGES", "minutes_in_sleep_period": str(period),
            "minutes_to_fall_asleep": "10", "minutes_asleep": str(asleep),
            "minutes_awake": str(period - asleep), "start_utc_offset": zone, "sleep_start": start,
            "end_utc_offset": zone, "sleep_end": end, "data_source": "DEVICE",
            "sleep_created": end, "sleep_last_updated": end,
        }  # fmt: skip
        self._put("../Google Health/Health Fitness Data/UserSleeps.csv", SLEEPS, cells)
        cells = {
            "sleep_log_entry_id": number, "timestamp": end,
            "overall_score": str(min(60 + asleep // 20, 100)),
            "deep_sleep_in_minutes": str(round(night.minutes(DEEP))),
            "resting_heart_rate": "" if resting is None else str(round(resting)),
            "restlessness": "0.1",
        }  # fmt: skip
        self._put("Sleep Score/sleep_score.csv", SLEEP_SCORES, cells)


@dataclass(slots=True)
class TakeoutZipExport(ZipExport):
    """The same tree as the ZIP that Takeout sends."""

    NAME: ClassVar[str] = "takeout-20260705T120000Z-001.zip"

    device: Device = field(default_factory=lambda: Device(hr_period_s=5, score_period_s=180))
    _tree: TakeoutExport = field(init=False)

    def __post_init__(self) -> None:
        self._tree = TakeoutExport(
            self.staged, self.life, self.origin_s, self.offset_s, self.device
        )

    def add(self, day: SimulatedDay) -> None:
        """Rows of one day."""
        self._tree.add(day)


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
        clock, worn = Clock(self.origin_s, self.offset_s), seen.worn_minute
        for name, what, t_s, values in (
            ("heart_rate.csv", "heart_rate", seen.hr_t_s, seen.hr_bpm),
            ("steps.csv", "steps", seen.minute_t_s[worn], seen.steps[worn]),
        ):
            header = f"timestamp,{what}"
            cells = {"timestamp": clock.local(t_s, clock.zone()), what: values.tolist()}
            append(self.out / name, header, rows(header, cells))


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
