"""Apple Health's export.zip: one XML of records, grouped by their type as the phone writes them.

A heart rate about every 5 minutes and every 5 s in workouts, steps where there are any (counted by
the watch and again by the phone), SDNN of a minute with its beats, sleep, mindful minutes.
Element and attribute names are those of iOS 16 and later, its document type included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from hrv.model import DAY_S, FloatArray
from hrv.simulate.beats import beat_times
from hrv.simulate.device import Device, Observed, resting_bpm, seen_by
from hrv.simulate.heart import AWAKE, DEEP, LIGHT, REM, SimulatedDay
from hrv.simulate.nights import Night
from hrv.simulate.workouts import workout
from hrv.simulate.written import ZipExport

DOCTYPE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!-- HealthKit Export Version: 13 -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout|ActivitySummary)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
>
<!ELEMENT ExportDate EMPTY>
<!ATTLIST ExportDate
  value CDATA #REQUIRED
>
<!ELEMENT Me EMPTY>
<!ELEMENT Record ((MetadataEntry|HeartRateVariabilityMetadataList)*)>
<!ATTLIST Record
  type          CDATA #REQUIRED
  unit          CDATA #IMPLIED
  value         CDATA #IMPLIED
  sourceName    CDATA #REQUIRED
  sourceVersion CDATA #IMPLIED
  device        CDATA #IMPLIED
  creationDate  CDATA #IMPLIED
  startDate     CDATA #REQUIRED
  endDate       CDATA #REQUIRED
>
<!ELEMENT Workout ((MetadataEntry|WorkoutEvent|WorkoutRoute|WorkoutStatistics)*)>
<!ATTLIST Workout
  workoutActivityType   CDATA #REQUIRED
  duration              CDATA #IMPLIED
  durationUnit          CDATA #IMPLIED
  sourceName            CDATA #REQUIRED
  startDate             CDATA #REQUIRED
  endDate               CDATA #REQUIRED
>
<!ELEMENT MetadataEntry EMPTY>
<!ATTLIST MetadataEntry
  key   CDATA #REQUIRED
  value CDATA #REQUIRED
>
<!ELEMENT HeartRateVariabilityMetadataList (InstantaneousBeatsPerMinute*)>
<!ELEMENT InstantaneousBeatsPerMinute EMPTY>
<!ATTLIST InstantaneousBeatsPerMinute
  bpm  CDATA #REQUIRED
  time CDATA #REQUIRED
>
]>
"""
WATCH = "Someone\u2019s Apple\u00a0Watch"
PHONE = "Someone\u2019s iPhone"
HARDWARE = (
    "&lt;&lt;HKDevice: 0x282a45810&gt;, name:Apple Watch, manufacturer:Apple Inc., "
    "model:Watch, hardware:Watch6,2, software:10.2&gt;"
)
Q, C = "HKQuantityTypeIdentifier", "HKCategoryTypeIdentifier"
STAGES = {AWAKE: "Awake", LIGHT: "AsleepCore", DEEP: "AsleepDeep", REM: "AsleepREM"}
PARTS = ("HeartRate", "StepCount", "RestingHeartRate", "HeartRateVariabilitySDNN",
         "SleepAnalysis", "MindfulSession", "Workout", "ActivitySummary")  # fmt: skip
WORKOUT_PERIOD_S = 5
SPELL_S, SPELL_EVERY_S = 60, 7200  # of one HRV reading
PHONE_S = 600.0  # the phone adds steps up


@dataclass(slots=True)
class AppleExport(ZipExport):
    """The ZIP that the Health app shares."""

    NAME: ClassVar[str] = "export.zip"

    device: Device = field(default_factory=lambda: Device(hr_period_s=300, score_period_s=60))

    def add(self, day: SimulatedDay) -> None:
        """The records of one day, each kind into its own part."""
        seen, _ = seen_by(self.device, self.life, day)
        self._heart_rate(day, seen)
        self._steps(seen)
        self._variability(day, seen)
        resting = resting_bpm(seen)
        if resting is not None:
            midnight = np.array([day.start_s])
            end = midnight + DAY_S - 60.0
            self._records(Q + "RestingHeartRate", midnight, end, [round(resting)], "count/min")
        night = self.nights.of(seen)
        if night is not None:
            self._sleep(night)
        for each in day.outside.stressors:
            if each.technique is not None:
                start, until = np.array([each.technique[0]]), np.array([each.technique[1]])
                self._records(C + "MindfulSession", start, until, ["HKCategoryValueNotApplicable"])
        date = self.clock.dates([day.start_s])[0]
        summary = f' <ActivitySummary dateComponents="{date}" activeEnergyBurned="0"/>\n'
        self._write("ActivitySummary", [summary])

    def _write(self, part: str, texts: Iterable[str]) -> None:
        path = self.staged / part
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(texts)

    def _dates(self, t_s: FloatArray) -> list[str]:
        return self.clock.local(t_s, " " + self.clock.zone(""), " ")

    def _records(
        self,
        kind: str,
        start_s: FloatArray,
        end_s: FloatArray,
        values: Sequence[Any],
        unit: str = "",
        inside: str = "",
        source: str = WATCH,
    ) -> None:
        """Records of one type; `inside` is what stands between the tags."""
        told = f' unit="{unit}"' if unit else ""
        device = f' device="{HARDWARE}"' if source == WATCH else ""
        head = f' <Record type="{kind}" sourceName="{source}" sourceVersion="10.2"{device}{told}'
        tail = f">\n{inside} </Record>\n" if inside else "/>\n"
        ends = self._dates(end_s)
        texts = (
            f'{head} creationDate="{b}" startDate="{a}" endDate="{b}" value="{value}"{tail}'
            for a, b, value in zip(self._dates(start_s), ends, values, strict=True)
        )
        self._write(kind.removeprefix(Q).removeprefix(C), texts)

    def _heart_rate(self, day: SimulatedDay, seen: Observed) -> None:
        """Through the day, and finer in workouts; each reading is an instant."""
        still = np.ones(seen.hr_t_s.size, bool)
        for bout in seen.training:
            work = workout(self.life, day, bout)
            t, hr = work.t_s[::WORKOUT_PERIOD_S], work.hr_bpm[::WORKOUT_PERIOD_S]
            still &= (seen.hr_t_s < t[0]) | (seen.hr_t_s > t[-1])
            motion = '  <MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="2"/>\n'
            bpm = hr.astype(int).tolist()
            self._records(Q + "HeartRate", t, t, bpm, "count/min", motion)
            self._workout(work.t_s)
        t, bpm = seen.hr_t_s[still], seen.hr_bpm[still].tolist()
        motion = '  <MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="0"/>\n'
        self._records(Q + "HeartRate", t, t, bpm, "count/min", motion)

    def _workout(self, t_s: FloatArray) -> None:
        a, b = self._dates(t_s[[0, -1]])
        minutes = (t_s[-1] - t_s[0]) / 60.0
        text = (
            f' <Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="{minutes:.3f}"'
            f' durationUnit="min" sourceName="{WATCH}" sourceVersion="10.2" creationDate="{b}"'
            f' startDate="{a}" endDate="{b}">\n'
            '  <MetadataEntry key="HKIndoorWorkout" value="0"/>\n </Workout>\n'
        )
        self._write("Workout", [text])

    def _steps(self, seen: Observed) -> None:
        """Minutes with steps by the watch; the phone in the pocket adds the same ones up."""
        some = seen.steps > 0
        t, steps = seen.minute_t_s[some], seen.steps[some]
        self._records(Q + "StepCount", t, t + 60.0, steps.tolist(), "count")
        block, start = np.unique(t // PHONE_S, return_index=True)
        if block.size:
            sums = np.add.reduceat(steps.astype(int), start).tolist()
            end = block * PHONE_S + PHONE_S
            self._records(Q + "StepCount", t[start], end, sums, "count", source=PHONE)

    def _variability(self, day: SimulatedDay, seen: Observed) -> None:
        """SDNN of a minute, with its beats, every two hours of worn time without motion."""
        for first in range(1800, int(DAY_S) - SPELL_S, SPELL_EVERY_S):
            minutes = slice(first // 60, (first + SPELL_S) // 60)
            if not seen.worn_minute[minutes].all() or seen.steps[minutes].any():
                continue
            beats = beat_times(day, self.life.body, self.life.streams, first, first + SPELL_S)
            rr_ms = 1000.0 * np.diff(beats)
            bpm = np.rint(60_000.0 / rr_ms).astype(int).tolist()
            lines = "".join(
                f'   <InstantaneousBeatsPerMinute bpm="{value}" time="{_clock(t)}"/>\n'
                for value, t in zip(bpm, beats[1:] - day.start_s, strict=True)
            )
            inside = f"  <HeartRateVariabilityMetadataList>\n{lines}"
            inside += "  </HeartRateVariabilityMetadataList>\n"
            start = np.array([day.start_s + first])
            sdnn = f"{float(np.std(rr_ms, ddof=1)):.4f}"
            kind = Q + "HeartRateVariabilitySDNN"
            self._records(kind, start, start + SPELL_S, [sdnn], "ms", inside)

    def _sleep(self, night: Night) -> None:
        edges = night.stage_t_s
        values = [f"HKCategoryValueSleepAnalysis{STAGES[int(s)]}" for s in night.stage[:-1]]
        self._records(C + "SleepAnalysis", edges[:-1], edges[1:], values)
        bed = ["HKCategoryValueSleepAnalysisInBed"]
        self._records(C + "SleepAnalysis", edges[:1], edges[-1:], bed, source=PHONE)

    def close(self) -> None:
        """Join the parts into one XML and pack it."""
        folder = self.staged / "apple_health_export"
        folder.mkdir(parents=True, exist_ok=True)
        written = self._dates(np.array([self.life.days * DAY_S]))[0]
        with (folder / "export.xml").open("wb") as out:
            head = f'{DOCTYPE}<HealthData locale="en_US">\n <ExportDate value="{written}"/>\n'
            me = ' <Me HKCharacteristicTypeIdentifierDateOfBirth="1980-01-01"/>\n'
            out.write((head + me).encode())
            for part in PARTS:
                path = self.staged / part
                if path.exists():
                    with path.open("rb") as file:
                        while chunk := file.read(1 << 20):
                            out.write(chunk)
                    path.unlink()
            out.write(b"</HealthData>\n")
        ZipExport.close(self)


def _clock(t_s: float) -> str:
    """Time of day as a phone set to American English writes it, hundredths included."""
    hundredths = round(100.0 * t_s)
    hour, rest = divmod(hundredths, 360_000)
    minute, second = divmod(rest, 6000)
    half = "AM" if hour % 24 < 12 else "PM"
    return f"{hour % 12 or 12}:{minute:02d}:{second // 100:02d}.{second % 100:02d}\u202f{half}"
