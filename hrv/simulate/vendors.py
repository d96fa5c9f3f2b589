"""Whole archives as vendors hand them out: Garmin's account ZIP, WHOOP's dashboard ZIP, Oura's ZIP.

Shapes (names, columns, nesting, order of rows) follow public parsers; the values are ours.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from hrv.model import DAY_S
from hrv.simulate.device import Device, Observed, resting_bpm, seen_by
from hrv.simulate.fit_export import FitExport
from hrv.simulate.heart import AWAKE, DEEP, LIGHT, REM, SimulatedDay
from hrv.simulate.nights import Night
from hrv.simulate.written import ZipExport, append, pack, save_json

CYCLES = (
    "Cycle start time,Cycle end time,Cycle timezone,Recovery score %,Resting heart rate (bpm),"
    "Heart rate variability (ms),Skin temp (celsius),Blood oxygen %,Day Strain,"
    "Energy burned (cal),Max HR (bpm),Average HR (bpm),Sleep onset,Wake onset,"
    "Sleep performance %,Respiratory rate (rpm),Asleep duration (min),In bed duration (min),"
    "Light sleep duration (min),Deep (SWS) duration (min),REM duration (min),"
    "Awake duration (min),Sleep need (min),Sleep debt (min),Sleep efficiency %,"
    "Sleep consistency %"
)
SLEEPS = (
    "Cycle start time,Cycle end time,Cycle timezone,Sleep onset,Wake onset,Sleep performance %,"
    "Respiratory rate (rpm),Asleep duration (min),In bed duration (min),"
    "Light sleep duration (min),Deep (SWS) duration (min),REM duration (min),"
    "Awake duration (min),Sleep need (min),Sleep debt (min),Sleep efficiency %,"
    "Sleep consistency %,Nap"
)
WORKOUTS = (
    "Cycle start time,Cycle end time,Cycle timezone,Workout start time,Workout end time,"
    "Duration (min),Activity name,Activity Strain,Energy burned (cal),Max HR (bpm),"
    "Average HR (bpm),HR Zone 1 %,HR Zone 2 %,HR Zone 3 %,HR Zone 4 %,HR Zone 5 %,GPS enabled"
)
JOURNAL = "Cycle start time,Cycle end time,Cycle timezone,Question text,Answered yes,Notes"
OURA_SLEEP = (
    "id;average_breath;average_heart_rate;average_hrv;awake_time;bedtime_end;bedtime_start;day;"
    "deep_sleep_duration;efficiency;heart_rate;hrv;light_sleep_duration;lowest_heart_rate;"
    "rem_sleep_duration;total_sleep_duration;type"
)
BREATHS = 14.6
OURA_HEART = "timestamp;bpm;source"


@dataclass(slots=True)
class GarminAccountExport(ZipExport):
    """The account's ZIP: FIT files in ZIPs of uploads, names prefixed with the account."""

    NAME: ClassVar[str] = "garmin_account.zip"

    device: Device = field(default_factory=lambda: Device(score_period_s=60))
    per_part: int = 200
    _fit: FitExport = field(init=False)
    _packed: int = 0

    def __post_init__(self) -> None:
        self._fit = FitExport(
            self.out / ".fit", self.life, self.origin_s, self.offset_s, self.device
        )

    def add(self, day: SimulatedDay) -> None:
        """One day's files; a part is packed when it is full."""
        self._fit.add(day)
        if len(self._fit.written) >= self.per_part:
            self._part()

    def _part(self) -> None:
        """The files written since the last part, in a ZIP of their own."""
        files, self._fit.written[:] = list(self._fit.written), []
        folder = self.staged / "part"
        folder.mkdir(parents=True, exist_ok=True)
        for path in files:
            path.rename(folder / f"someone@example.org_{100_000 + self._packed}.fit")
            self._packed += 1
        parts = self.staged / "DI_CONNECT" / "DI-Connect-Uploaded-Files"
        parts.mkdir(parents=True, exist_ok=True)
        number = len(list(parts.iterdir())) + 1
        pack(folder, parts / f"UploadedFiles_0-_Part{number}.zip")

    def close(self) -> None:
        """Pack what is left, and all parts together."""
        self._part()
        shutil.rmtree(self.out / ".fit", ignore_errors=True)
        profile = self.staged / "DI_CONNECT" / "DI-Connect-User" / "user_profile.json"
        save_json(profile, {"displayName": "simulated"})
        ZipExport.close(self)


@dataclass(slots=True)
class WhoopExport(ZipExport):
    """The dashboard's ZIP: four tables, the newest row first, one value a day."""

    NAME: ClassVar[str] = "my_whoop_data.zip"

    # a few rows a day, held because the newest comes first
    _rows: dict[str, list[str]] = field(
        default_factory=lambda: {"cycles": [], "sleeps": [], "workouts": [], "journal": []}
    )

    def _local(self, *t_s: float) -> list[str]:
        return self.clock.local(t_s, "", " ")

    @property
    def _zone(self) -> str:
        return f"UTC{self.clock.zone()}" if self.offset_s else "UTCZ"

    def add(self, day: SimulatedDay) -> None:
        """The night that ended on this day, and the day after it."""
        seen, _ = seen_by(self.device, self.life, day)
        night = self.nights.of(seen)
        if night is None:
            return
        start, end = self._local(night.onset_s, night.onset_s + DAY_S)
        head = f"{start},{end},{self._zone}"
        resting = resting_bpm(seen)
        self._cycle(head, night, seen, resting)
        for a, b in seen.training:
            begin, stop = self._local(a, b)
            bpm = seen.hr_bpm[(seen.hr_t_s > a) & (seen.hr_t_s <= b)]
            if bpm.size:
                self._rows["workouts"].append(
                    f"{head},{begin},{stop},{round((b - a) / 60)},Running,10.2,420,"
                    f"{bpm.max()},{round(float(bpm.mean()))},5,20,35,30,10,false"
                )
        self._journal(head, day)

    def _cycle(self, head: str, night: Night, seen: Observed, resting: float | None) -> None:
        minutes = [round(night.minutes(level)) for level in (LIGHT, DEEP, REM, AWAKE)]
        light, deep, rem, awake = minutes
        asleep, bed = light + deep + rem, sum(minutes)
        onset, wake = self._local(night.onset_s, night.wake_s)
        hrv = f"{float(night.rmssd_ms.mean()):.0f}" if night.rmssd_ms.size else ""
        recovery = min(max(round(1.1 * float(hrv or 0)), 1), 99) if hrv else ""
        rest = "" if resting is None else str(round(resting))
        share = round(100 * asleep / max(bed, 1))
        sleep = f"{asleep},{bed},{light},{deep},{rem},{awake},480,{max(480 - asleep, 0)},{share},78"
        score = min(round(asleep / 4.8), 100)
        self._rows["cycles"].append(
            f"{head},{recovery},{rest},{hrv},33.9,96,9.5,2100,{seen.hr_bpm.max(initial=30)},"
            f"{round(float(seen.hr_bpm.mean())) if seen.hr_bpm.size else ''},"
            f"{onset},{wake},{score},{BREATHS},{sleep}"
        )
        self._rows["sleeps"].append(f"{head},{onset},{wake},{score},{BREATHS},{sleep},false")

    def _journal(self, head: str, day: SimulatedDay) -> None:
        used = any(each.technique is not None for each in day.outside.stressors)
        drank = any(kind == "alcohol" for _, _, kind, _ in day.outside.life_tags)
        ill = any(kind == "illness" for _, _, kind, _ in day.outside.life_tags)
        for question, answer in (
            ("Did you do breathwork? ", used),
            ("Have any alcoholic drinks?", drank),
            ("Feeling sick or ill?", ill),
        ):
            self._rows["journal"].append(f"{head},{question},{str(answer).lower()},")

    def close(self) -> None:
        """Write the tables, newest first, and pack them."""
        for name, header, kind in (
            ("physiological_cycles.csv", CYCLES, "cycles"),
            ("sleeps.csv", SLEEPS, "sleeps"),
            ("workouts.csv", WORKOUTS, "workouts"),
            ("journal_entries.csv", JOURNAL, "journal"),
        ):
            append(self.staged / name, header, self._rows[kind][::-1])
        ZipExport.close(self)


@dataclass(slots=True)
class OuraExport(ZipExport):
    """The App Data ZIP of a ring: heart rate every 5 min, a row a night with series inside."""

    NAME: ClassVar[str] = "oura_app_data.zip"

    device: Device = field(default_factory=lambda: Device(hr_period_s=300))

    def add(self, day: SimulatedDay) -> None:
        """Heart rate of the day, and the night that ended on it."""
        seen, _ = seen_by(self.device, self.life, day)
        source = np.full(seen.hr_t_s.size, "awake", dtype=object)
        inside = ((seen.hr_t_s - day.start_s) // 1).astype(int) - 1
        source[day.outside.asleep[inside]] = "sleep"
        for a, b in seen.training:
            source[(seen.hr_t_s > a) & (seen.hr_t_s <= b + 300)] = "workout"
        heart = {"timestamp": self.clock.utc(seen.hr_t_s, ".000Z"), "bpm": seen.hr_bpm.tolist(),
                 "source": source.tolist()}  # fmt: skip
        self.put("App Data/heartrate.csv", OURA_HEART, heart, ";")
        night = self.nights.of(seen)
        if night is not None:
            self._night(night, resting_bpm(seen))

    def _night(self, night: Night, resting: float | None) -> None:
        start, end = self.clock.local([night.onset_s, night.wake_s], f".000{self.clock.zone()}")
        seconds = [round(60 * night.minutes(level)) for level in (LIGHT, DEEP, REM, AWAKE)]
        light, deep, rem, awake = seconds
        series = json.dumps({"interval": 300, "items": np.rint(night.rmssd_ms).tolist()})
        hrv = round(float(night.rmssd_ms.mean())) if night.rmssd_ms.size else ""
        row = {
            "id": f"{night.index:08x}", "average_breath": BREATHS,
            "average_heart_rate": f"{night.asleep_bpm:.2f}", "average_hrv": hrv,
            "awake_time": awake, "bedtime_end": end, "bedtime_start": start, "day": end[:10],
            "deep_sleep_duration": deep, "light_sleep_duration": light,
            "rem_sleep_duration": rem, "total_sleep_duration": light + deep + rem,
            "efficiency": round(100 * (light + deep + rem) / max(sum(seconds), 1)),
            "hrv": '"' + series.replace('"', '""') + '"',
            "lowest_heart_rate": "" if resting is None else round(resting), "type": "long_sleep",
        }  # fmt: skip
        cells = {name: [value] for name, value in row.items()}
        self.put("App Data/sleepmodel.csv", OURA_SLEEP, cells, ";")
