"""Whole archives as vendors hand them out: Garmin's account ZIP, WHOOP's dashboard ZIP, Oura's ZIP.

Shapes (names, columns, nesting, order of rows) follow public parsers; the values are ours.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hrv.model import DAY_S
from hrv.simulate.device import Device, Observed, resting_bpm, seen_by
from hrv.simulate.fit_export import FitExport
from hrv.simulate.heart import AWAKE, DEEP, LIGHT, REM, SimulatedDay
from hrv.simulate.nights import Night, Nights
from hrv.simulate.outside import Life
from hrv.simulate.tables import stamps

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
STAMP = (2026, 1, 1, 0, 0, 0)  # of archive members, so that the same seed gives the same bytes


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A ZIP of these members, in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, STAMP), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def table(header: str, rows: Sequence[str]) -> bytes:
    """A text table."""
    return "".join(f"{line}\n" for line in (header, *rows)).encode()


@dataclass(slots=True)
class GarminAccountExport:
    """The account's ZIP: FIT files in ZIPs of uploads, names prefixed with the account."""

    out: Path
    life: Life
    origin_s: float
    offset_s: float
    device: Device = field(default_factory=lambda: Device(score_period_s=60))
    per_part: int = 200
    _fit: FitExport = field(init=False)

    def __post_init__(self) -> None:
        self._fit = FitExport(
            self.out / "unpacked", self.life, self.origin_s, self.offset_s, self.device
        )

    def add(self, day: SimulatedDay) -> None:
        """One day's files."""
        self._fit.add(day)

    def close(self) -> None:
        """Pack what was written."""
        files = sorted(self._fit.written)
        parts = {}
        for k in range(0, len(files), self.per_part):
            members = {
                f"someone@example.org_{100_000 + k + i}.fit": path.read_bytes()
                for i, path in enumerate(files[k : k + self.per_part])
            }
            name = f"UploadedFiles_0-_Part{k // self.per_part + 1}.zip"
            parts[f"DI_CONNECT/DI-Connect-Uploaded-Files/{name}"] = zipped(members)
        settings = json.dumps({"displayName": "simulated"}).encode()
        parts["DI_CONNECT/DI-Connect-User/user_profile.json"] = settings
        (self.out / "garmin_account.zip").write_bytes(zipped(parts))
        shutil.rmtree(self.out / "unpacked")


@dataclass(slots=True)
class WhoopExport:
    """The dashboard's ZIP: four tables, the newest row first, one value a day."""

    out: Path
    life: Life
    origin_s: float
    offset_s: float
    device: Device = field(default_factory=Device)
    _nights: Nights = field(default_factory=Nights)
    _rows: dict[str, list[str]] = field(
        default_factory=lambda: {"cycles": [], "sleeps": [], "workouts": [], "journal": []}
    )

    def _local(self, *t_s: float) -> list[str]:
        shift = self.origin_s + self.offset_s
        return [text.replace("T", " ") for text in stamps(np.array(t_s) + shift, "")]

    @property
    def _zone(self) -> str:
        hours = int(self.offset_s // 3600)
        return f"UTC{'+' if hours >= 0 else '-'}{abs(hours):02d}:00" if hours else "UTCZ"

    def add(self, day: SimulatedDay) -> None:
        """The night that ended on this day, and the day after it."""
        seen, _ = seen_by(self.device, self.life, day)
        night = self._nights.of(seen)
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
        """Write the ZIP."""
        members = {
            "physiological_cycles.csv": table(CYCLES, self._rows["cycles"][::-1]),
            "sleeps.csv": table(SLEEPS, self._rows["sleeps"][::-1]),
            "workouts.csv": table(WORKOUTS, self._rows["workouts"][::-1]),
            "journal_entries.csv": table(JOURNAL, self._rows["journal"][::-1]),
        }
        (self.out / "my_whoop_data.zip").write_bytes(zipped(members))


@dataclass(slots=True)
class OuraExport:
    """The App Data ZIP of a ring: heart rate every 5 min, a row a night with series inside."""

    out: Path
    life: Life
    origin_s: float
    offset_s: float
    device: Device = field(default_factory=lambda: Device(hr_period_s=300))
    _nights: Nights = field(default_factory=Nights)
    _heart: list[str] = field(default_factory=list)
    _sleep: list[str] = field(default_factory=list)

    def _iso(self, *t_s: float) -> list[str]:
        hours = int(self.offset_s // 3600)
        zone = f".000{'+' if hours >= 0 else '-'}{abs(hours):02d}:00"
        return stamps(np.array(t_s) + self.origin_s + self.offset_s, zone)

    def add(self, day: SimulatedDay) -> None:
        """Heart rate of the day, and the night that ended on it."""
        seen, _ = seen_by(self.device, self.life, day)
        source = np.full(seen.hr_t_s.size, "awake", dtype=object)
        inside = ((seen.hr_t_s - day.start_s) // 1).astype(int) - 1
        source[day.outside.asleep[inside]] = "sleep"
        for a, b in seen.training:
            source[(seen.hr_t_s > a) & (seen.hr_t_s <= b + 300)] = "workout"
        at = stamps(seen.hr_t_s + self.origin_s, ".000Z")
        self._heart += [
            f"{t};{bpm};{kind}"
            for t, bpm, kind in zip(at, seen.hr_bpm.tolist(), source.tolist(), strict=True)
        ]
        night = self._nights.of(seen)
        if night is not None:
            self._night(night, resting_bpm(seen))

    def _night(self, night: Night, resting: float | None) -> None:
        start, end = self._iso(night.onset_s, night.wake_s)
        seconds = [round(60 * night.minutes(level)) for level in (LIGHT, DEEP, REM, AWAKE)]
        light, deep, rem, awake = seconds
        hrv = f"{round(float(night.rmssd_ms.mean()))}" if night.rmssd_ms.size else ""
        series = json.dumps({"interval": 300, "items": np.rint(night.rmssd_ms).tolist()})
        quoted = '"' + series.replace('"', '""') + '"'
        share = round(100 * (light + deep + rem) / max(sum(seconds), 1))
        self._sleep.append(
            f"{night.index:08x};{BREATHS};{night.asleep_bpm:.2f};{hrv};{awake};{end};{start};"
            f"{end[:10]};{deep};{share};;{quoted};{light};"
            f"{'' if resting is None else round(resting)};{rem};{light + deep + rem};long_sleep"
        )

    def close(self) -> None:
        """Write the ZIP."""
        members = {
            "App Data/heartrate.csv": table("timestamp;bpm;source", self._heart),
            "App Data/sleepmodel.csv": table(OURA_SLEEP, self._sleep),
        }
        (self.out / "oura_app_data.zip").write_bytes(zipped(members))
