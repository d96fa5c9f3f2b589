"""Polar's account ZIP: JSON files at its root, by month, by day or one for all.

Heart rate counts seconds since local midnight, beats and steps carry the wall clock, sleep its
offset; file names and keys follow exports that others have described field by field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, uuid5

import numpy as np

from hrv.model import DAY_S
from hrv.simulate.beats import Artefacts, beat_times, spoilt
from hrv.simulate.device import Device, Observed, seen_by
from hrv.simulate.heart import AWAKE, DEEP, LIGHT, REM, SimulatedDay
from hrv.simulate.nights import Night
from hrv.simulate.streams import Part
from hrv.simulate.written import ZipExport, save_json

USER, DEVICE = 12345678, "C3F1A2B4"
STATES = {AWAKE: "WAKE", LIGHT: "NONREM2", DEEP: "NONREM3", REM: "REM"}
BEATS_S = 4 * 3600  # of sleep, from which the night's recovery is computed


@dataclass(slots=True)
class PolarExport(ZipExport):
    """The archive of account.polar.com."""

    NAME: ClassVar[str] = "polar-user-data-export.zip"

    device: Device = field(default_factory=lambda: Device(hr_period_s=300, score_period_s=60))

    def _name(self, kind: str, token: str = "") -> str:
        """KIND_TOKEN-uuid.json; the uuid is the delivery's, one for each file."""
        stem = kind + token
        return f"{stem}-{uuid5(NAMESPACE_OID, f'{self.life.streams.seed} {stem}')}.json"

    def add(self, day: SimulatedDay) -> None:
        """One day's entries in the files they belong to."""
        seen, _ = seen_by(self.device, self.life, day)
        date = self.clock.dates([day.start_s])[0]
        month = f"_{date[:4]}_{date[5:7]}"
        samples = [
            {"heartRate": bpm, "secondsFromDayStart": second, "source": "OPTICAL"}
            for second, bpm in zip(
                (seen.hr_t_s - day.start_s - 1.0).astype(int).tolist(),
                seen.hr_bpm.tolist(),
                strict=True,
            )
        ]
        entry = {"userId": USER, "deviceId": DEVICE, "date": date, "samples": samples}
        self.item(self._name("247ohr", month), entry, '{"deviceDays":[', "]}")
        self._activity(seen, date)
        for a, b in seen.training:
            self._session(seen, a, b)
        night = self.nights.of(seen)
        if night is not None:
            self._night(night, date)
        self._beats(day, date)

    def _activity(self, seen: Observed, date: str) -> None:
        some = seen.steps > 0
        clock = [text[11:] for text in self.clock.local(seen.minute_t_s[some], ".000")]
        steps = [
            {"localTime": at, "value": value}
            for at, value in zip(clock, seen.steps[some].tolist(), strict=True)
        ]
        samples: dict[str, Any] = {"mets": [], "steps": steps, "metSources": ["ACC"]}
        summary = {"startTime": "00:00:00.000", "endTime": "23:59:00.000",
                   "stepCount": int(seen.steps.sum()), "calories": 2100}  # fmt: skip
        whole = {"exportVersion": "1.7", "date": date, "summary": summary, "samples": samples,
                 "physicalInformation": {"sex": "UNKNOWN", "birthday": "1980-01-01"}}  # fmt: skip
        save_json(self.staged / self._name("activity-", date), whole)

    def _session(self, seen: Observed, a: float, b: float) -> None:
        start, stop = self.clock.local([a, b])
        bpm = seen.hr_bpm[(seen.hr_t_s > a) & (seen.hr_t_s <= b)]
        whole = {
            "identifier": {"id": str(round(a))}, "created": start + ".000",
            "modified": stop + ".000", "deviceId": DEVICE,
            "durationMillis": round(1000 * (b - a)),
            "hrAvg": round(float(bpm.mean())) if bpm.size else None,
            "sport": {"id": "1"}, "startTime": start, "stopTime": stop,
            "timezoneOffsetMinutes": round(self.offset_s / 60),
            "exercises": [],
        }  # fmt: skip
        token = f"_{start.replace(':', '-')}_{USER}"
        save_json(self.staged / self._name("training-session", token), whole)

    def _night(self, night: Night, date: str) -> None:
        zone = self.clock.zone()
        start, end = self.clock.local([night.onset_s, night.wake_s], f".000{zone}")
        changes = [
            {"offsetFromStart": f"PT{round(t - night.onset_s)}S", "state": STATES[int(stage)]}
            for t, stage in zip(night.stage_t_s.tolist(), night.stage.tolist(), strict=True)
        ]
        length = {name: f"PT{round(60 * night.minutes(level))}S"
                  for name, level in (("wake", AWAKE), ("rem", REM), ("light", LIGHT),
                                      ("deep", DEEP))}  # fmt: skip
        evaluation = {
            "sleepType": "SLEEP_PLUS_STAGES",
            "sleepSpan": f"PT{round(night.wake_s - night.onset_s)}S",
            "asleepDuration": f"PT{round(60 * night.asleep_min)}S",
            "phaseDurations": {**length, "unknown": "PT0S"},
        }
        hypnogram = {"sleepStart": start, "sleepEnd": end, "sleepStartOffset": 0,
                     "sleepEndOffset": 0, "rating": "NO_RATING", "sleepGoal": "PT28800S",
                     "batteryRanOut": False, "deviceId": DEVICE, "alarmSnoozeTimes": [],
                     "sleepStateChanges": changes}  # fmt: skip
        entry = {"night": date, "evaluation": evaluation, "sleepResult": {"hypnogram": hypnogram}}
        self.item(self._name("sleep_result", f"_{USER}"), entry)
        if night.rmssd_ms.size:
            recovery = {"night": date,
                        "meanNightlyRecoveryRri": round(60_000.0 / night.asleep_bpm),
                        "meanNightlyRecoveryRmssd": round(float(night.rmssd_ms.mean())),
                        "meanNightlyRecoveryRespirationInterval": 4100}  # fmt: skip
            self.item(self._name("nightly_recovery", f"_{USER}"), recovery)

    def _beats(self, day: SimulatedDay, date: str) -> None:
        """Beats of the first hours of sleep after midnight, while the watch is worn."""
        outside = day.outside
        asleep = np.flatnonzero(outside.asleep[: int(DAY_S) // 2])
        first = int(asleep[0]) if asleep.size else 0
        last = min(first + BEATS_S, int(outside.wake_s))
        if last - first < 600 or not outside.worn[first:last].all():
            return
        times = beat_times(day, self.life.body, self.life.streams, first, last)
        artefacts = Artefacts(ectopic=self.life.scenario.ectopic_share)
        rng = self.life.streams.of(Part.ARTEFACTS, day.index, 4)
        times, _ = spoilt(times, artefacts, rng)
        rr_ms = np.rint(1000.0 * np.diff(times)).astype(int).tolist()
        ms = np.rint(1000.0 * (times[1:] - day.start_s)).astype(int)
        whole = self.clock.local(day.start_s + ms // 1000)
        samples = [
            {"sampleDateTime": f"{at}.{part:03d}", "pulseLength": rr}
            for at, part, rr in zip(whole, (ms % 1000).tolist(), rr_ms, strict=True)
        ]
        entry = {
            "date": date,
            "devicePpiSamplesList": [{"deviceId": DEVICE, "ppiSamples": samples}],
        }
        quarter = (int(date[8:]) - 1) // 8 + 1
        self.item(self._name("ppi_samples", f"_{date[:4]}_{date[5:7]}_{quarter}"), entry)
