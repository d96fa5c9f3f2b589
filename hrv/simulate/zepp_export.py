"""Zepp's (Amazfit) export: a folder of CSV for each kind, with a byte-order mark.

Heart rate and steps carry the wall clock to the minute, sleep and sport UTC with its offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hrv.model import DAY_S, FloatArray
from hrv.simulate.device import Observed, seen_by
from hrv.simulate.heart import AWAKE, DEEP, LIGHT, REM, SimulatedDay
from hrv.simulate.written import BOM, Cells, ZipExport

HEART = "date,time,heartRate"
STEPS = "date,time,steps"
DAYS = "date,steps,distance,runDistance,calories"
SLEEP = "date,deepSleepTime,shallowSleepTime,wakeTime,start,stop,REMTime,naps"
SPORT = (
    "type,startTime,sportTime(s),maxPace(/meter),minPace(/meter),distance(m),avgPace(/meter),"
    "calories(kcal)"
)
RUNNING = "1"
STAGES = {"deepSleepTime": DEEP, "shallowSleepTime": LIGHT, "wakeTime": AWAKE, "REMTime": REM}


@dataclass(slots=True)
class ZeppExport(ZipExport):
    """The ZIP as it is once its password is off; days without a night have a row of zeros."""

    NAME: ClassVar[str] = "zepp_export.zip"

    def _table(self, kind: str, header: str, cells: Cells) -> None:
        name = f"{kind}/{kind}_{self.clock.ms([0.0])[0]}.csv"
        self.put(name, BOM + header, cells)

    def add(self, day: SimulatedDay) -> None:
        """One day's rows in every table."""
        seen, _ = seen_by(self.device, self.life, day)
        hr_t = seen.hr_t_s - self.device.hr_period_s  # the minute it was measured in
        self._minutes("HEARTRATE_AUTO", HEART, hr_t, "heartRate", seen.hr_bpm.tolist())
        some = seen.steps > 0
        minutes, steps = seen.minute_t_s[some], seen.steps[some].tolist()
        self._minutes("ACTIVITY_MINUTE", STEPS, minutes, "steps", steps)
        date = self.clock.dates([day.start_s])
        none = dict.fromkeys(("distance", "runDistance", "calories"), "0")
        self._table("ACTIVITY", DAYS, {"date": date, "steps": [sum(steps)], **none})
        self._sleep(seen, date)
        for a, b in seen.training:
            zeros = dict.fromkeys(SPORT.split(",")[3:], "0.0")
            started = self.clock.utc([a], "+0000", " ")
            self._table(
                "SPORT", SPORT,
                {"type": RUNNING, "startTime": started, "sportTime(s)": [round(b - a)], **zeros},
            )  # fmt: skip

    def _minutes(
        self, kind: str, header: str, t_s: FloatArray, name: str, values: list[int]
    ) -> None:
        local = self.clock.local(t_s, "", " ")
        cells = {"date": [text[:10] for text in local], "time": [text[11:16] for text in local]}
        self._table(kind, header, {**cells, name: values})

    def _sleep(self, seen: Observed, date: list[str]) -> None:
        night = self.nights.of(seen)
        midnight = seen.index * DAY_S
        edges = [midnight, midnight] if night is None else [night.onset_s, night.wake_s]
        start, stop = self.clock.utc(edges, "+0000", " ")
        minutes = {
            name: [0 if night is None else round(night.minutes(level))]
            for name, level in STAGES.items()
        }
        self._table("SLEEP", SLEEP, {"date": date, "start": start, "stop": stop, **minutes})
