"""Samsung Health's folder: CSV whose first line is not the header, minute values in JSON beside it.

Texts are UTC with the offset in a column of their own; the JSON files count milliseconds, UTC.
Every data row ends with one comma more than the header has, as in the real files.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, uuid5

import numpy as np

from hrv.model import FloatArray
from hrv.simulate.device import Device, Observed, seen_by
from hrv.simulate.heart import AWAKE, DEEP, LIGHT, REM, SimulatedDay
from hrv.simulate.nights import Night
from hrv.simulate.written import BOM, ZipExport, append, rows, save_json

MADE = "20260705120000"
ROOT = f"samsunghealth_someone_{MADE}"
APP, PHONE = "com.sec.android.app.shealth", "VfS0qUERdZ"
ROW_END = ","
STAGES = {AWAKE: 40001, LIGHT: 40002, DEEP: 40003, REM: 40004}
RUNNING, CONTINUOUS = "1002", "21313"


def _named(prefix: str, names: str) -> str:
    return ",".join(f"{prefix}.{name}" for name in names.split(","))


HEART = "source,tag_id," + _named(
    "com.samsung.health.heart_rate",
    "create_sh_ver,heart_beat_count,start_time,custom,binning_data,modify_sh_ver,update_time,"
    "create_time,client_data_id,max,min,client_data_ver,time_offset,deviceuuid,comment,pkg_name,"
    "end_time,datauuid,heart_rate",
)
HRV = (
    "create_sh_ver,start_time,custom,binning_data,modify_sh_ver,update_time,create_time,"
    "time_offset,deviceuuid,comment,pkg_name,end_time,datauuid"
)
STRESS = "tag_id,max,min,score,start_time,end_time,time_offset,datauuid"
STEPS = "duration,version_code,run_step,walk_step," + _named(
    "com.samsung.health.step_count",
    "start_time,sample_position_type,custom,update_time,create_time,count,speed,distance,calorie,"
    "time_offset,deviceuuid,pkg_name,end_time,datauuid",
)
STAGE = (
    "create_sh_ver,start_time,sleep_id,custom,modify_sh_ver,update_time,create_time,stage,"
    "time_offset,deviceuuid,pkg_name,end_time,datauuid"
)
EXERCISE = (
    "live_data_internal,mission_value,race_target,subset_data,start_longitude,routine_datauuid,"
    "total_calorie,completion_status,pace_info_id,activity_type,pace_live_data,sensing_status,"
    "source_type,mission_type,ftp,tracking_status,program_id,title,reward_status,"
    "heart_rate_sample_count,start_latitude,mission_extra_value,program_schedule_id,"
    "heart_rate_deviceuuid,location_data_internal,custom_id,additional_internal,"
) + _named(
    "com.samsung.health.exercise",
    "duration,additional,create_sh_ver,mean_caloricburn_rate,location_data,start_time,"
    "exercise_type,custom,max_altitude,incline_distance,mean_heart_rate,count_type,mean_rpm,"
    "min_altitude,modify_sh_ver,max_heart_rate,update_time,create_time,client_data_id,max_power,"
    "max_speed,mean_cadence,min_heart_rate,client_data_ver,count,distance,max_caloricburn_rate,"
    "calorie,max_cadence,decline_distance,vo2_max,time_offset,deviceuuid,max_rpm,comment,"
    "live_data,mean_power,mean_speed,pkg_name,altitude_gain,altitude_loss,exercise_custom_type,"
    "auxiliary_devices,end_time,datauuid,sweat_loss",
)
TABLES = {
    "com.samsung.shealth.tracker.heart_rate": (HEART, 5),
    "com.samsung.health.hrv": (HRV, 1),
    "com.samsung.shealth.stress": (STRESS, 3),
    "com.samsung.shealth.tracker.pedometer_step_count": (STEPS, 2),
    "com.samsung.health.sleep_stage": (STAGE, 1),
    "com.samsung.shealth.exercise": (EXERCISE, 17),
}


@dataclass(slots=True)
class SamsungExport(ZipExport):
    """The folder of "Download personal data", as a ZIP."""

    NAME: ClassVar[str] = f"samsunghealth_{MADE}.zip"

    device: Device = field(default_factory=lambda: Device(hr_period_s=60, score_period_s=60))

    def add(self, day: SimulatedDay) -> None:
        """Rows and JSON files of one day."""
        seen, _ = seen_by(self.device, self.life, day)
        self._heart_rate(seen)
        self._stress(seen)
        some = seen.steps > 0
        steps = seen.steps[some].tolist()
        self._rows(
            "com.samsung.shealth.tracker.pedometer_step_count",
            seen.minute_t_s[some], seen.minute_t_s[some] + 60.0,
            {"duration": "60000", "count": steps, "walk_step": steps, "run_step": "0",
             "pkg_name": APP, "deviceuuid": PHONE},
        )  # fmt: skip
        night = self.nights.of(seen)
        if night is not None:
            self._night(night)
        for a, b in seen.training:
            self._rows(
                "com.samsung.shealth.exercise", np.array([a]), np.array([b]),
                {"exercise_type": RUNNING, "duration": str(round(1000 * (b - a))),
                 "pkg_name": APP, "deviceuuid": PHONE},
            )  # fmt: skip

    def _rows(
        self,
        kind: str,
        start_s: FloatArray,
        end_s: FloatArray,
        more: Mapping[str, str | Sequence[Any]],
    ) -> None:
        """Rows with their times, offset and identity."""
        header, version = TABLES[kind]
        cells = {
            "start_time": self.clock.utc(start_s, ".000", " "),
            "end_time": self.clock.utc(end_s, ".000", " "),
            "time_offset": f"UTC{self.clock.zone('')}",
            "datauuid": [self._uuid(kind, t) for t in start_s.tolist()],
        }
        path = self.staged / ROOT / f"{kind}.{MADE}.csv"
        head = f"{BOM}{kind},7006003,{version}\n{header}"
        append(path, head, rows(header, {**cells, **more}, end=ROW_END))

    def _uuid(self, kind: str, t_s: float) -> str:
        return str(uuid5(NAMESPACE_OID, f"{self.life.streams.seed} {kind} {t_s}"))

    def _bins(
        self,
        kind: str,
        name: str,
        start_s: FloatArray,
        end_s: FloatArray,
        **values: Sequence[float],
    ) -> str:
        """A JSON file of bins beside the row that begins with them; gives its name."""
        names = list(values)
        bins = [
            {**dict(zip(names, row, strict=True)), "start_time": a, "end_time": b}
            for a, b, *row in zip(
                self.clock.ms(start_s), self.clock.ms(end_s), *values.values(), strict=True
            )
        ]
        file = f"{self._uuid(kind, float(start_s[0]))}.{name}.json"
        save_json(self.staged / ROOT / "jsons" / kind / file[0] / file, bins)
        return file

    def _heart_rate(self, seen: Observed) -> None:
        """A row an hour with its mean, the minutes in the JSON file that it names."""
        kind = "com.samsung.shealth.tracker.heart_rate"
        period = float(self.device.hr_period_s)
        start = seen.hr_t_s - period
        end, bpm = start + period - 1.0, seen.hr_bpm.astype(float)
        low, high = bpm - 1.0, bpm + 1.0
        hours = _hours(start)
        name = "com.samsung.health.heart_rate.binning_data"
        files = [
            self._bins(
                kind, name, start[hour], end[hour], heart_rate=bpm[hour].tolist(),
                heart_rate_max=high[hour].tolist(), heart_rate_min=low[hour].tolist(),
            )
            for hour in hours
        ]  # fmt: skip
        self._hourly(
            kind, "heart_rate", hours, start, end, bpm,
            {"heart_beat_count": "1", "tag_id": CONTINUOUS, "binning_data": files,
             "pkg_name": APP, "deviceuuid": PHONE},
        )  # fmt: skip

    def _stress(self, seen: Observed) -> None:
        """The mean of every hour with scores."""
        told = seen.score >= 0
        start = seen.score_t_s[told] - self.device.score_period_s
        end, score = start + self.device.score_period_s - 1.0, seen.score[told].astype(float)
        kind, more = "com.samsung.shealth.stress", {"tag_id": "10001"}
        self._hourly(kind, "score", _hours(start), start, end, score, more)

    def _hourly(
        self,
        kind: str,
        name: str,
        hours: Sequence[slice],
        start_s: FloatArray,
        end_s: FloatArray,
        value: FloatArray,
        more: Mapping[str, str | Sequence[Any]],
    ) -> None:
        """Mean, highest and lowest of each hour."""
        parts = [value[hour] for hour in hours]
        figures = {name: [f"{part.mean():.1f}" for part in parts],
                   "max": [f"{part.max():.1f}" for part in parts],
                   "min": [f"{part.min():.1f}" for part in parts]}  # fmt: skip
        first = np.array([start_s[hour][0] for hour in hours])
        last = np.array([end_s[hour][-1] for hour in hours])
        self._rows(kind, first, last, {**figures, **more})

    def _night(self, night: Night) -> None:
        edges = night.stage_t_s
        stages = [STAGES[int(s)] for s in night.stage[:-1]]
        whole = self._uuid("com.samsung.shealth.sleep", night.onset_s)
        more = {"stage": stages, "sleep_id": whole, "pkg_name": APP, "deviceuuid": PHONE}
        self._rows("com.samsung.health.sleep_stage", edges[:-1], edges[1:], more)
        if night.rmssd_ms.size:
            kind = "com.samsung.health.hrv"
            start, end = night.rmssd_t_s - 300.0, night.rmssd_t_s - 1.0
            rmssd = np.round(night.rmssd_ms, 3).tolist()
            sdnn = np.round(0.9 * night.rmssd_ms, 3).tolist()
            file = self._bins(kind, "binning_data", start, end, sdnn=sdnn, rmssd=rmssd)
            self._rows(kind, start[:1], end[-1:], {"binning_data": file, "pkg_name": APP})


def _hours(t_s: FloatArray) -> list[slice]:
    """Runs of times within one hour; the first midnight of a person is a whole hour."""
    if not t_s.size:
        return []
    edges = np.flatnonzero(np.diff(t_s // 3600.0)) + 1
    bounds = [0, *edges.tolist(), t_s.size]
    return [slice(a, b) for a, b in itertools.pairwise(bounds)]
