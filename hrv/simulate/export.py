"""From a simulated life to the files a person would hand in, with the truth beside them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from hrv.errors import SettingsError
from hrv.model import DAY_S, as_date, as_day
from hrv.simulate.heart import SimulatedDay, days
from hrv.simulate.outside import Life
from hrv.simulate.written import Clock

OFFSET_S = 3600.0  # local minus UTC
TRUTH_SCHEMA = 1


class Product(Protocol):
    """A kind of export, fed day by day."""

    def add(self, day: SimulatedDay) -> None: ...


@dataclass(slots=True)
class OwnFiles:
    """What the person writes: tags.csv and ratings.csv."""

    out: Path
    life: Life
    origin_s: float
    offset_s: float
    tags: list[tuple[float, float | None, str, str]] = field(default_factory=list)
    ratings: list[tuple[date, str, int]] = field(default_factory=list)

    def add(self, day: SimulatedDay) -> None:
        """The tags and ratings of one day."""
        for stressor in day.outside.stressors:
            if stressor.technique is not None:
                start, end, what = stressor.technique
                self.tags.append((start, end, "technique", what))
            if stressor.tag is not None:
                self.tags.append((stressor.tag[0], None, "event", stressor.tag[1]))
        if day.outside.false_tag is not None:
            at, what = day.outside.false_tag
            self.tags.append((at, None, "event", what))
        self.tags.extend(day.outside.life_tags)
        on = as_date(int((self.origin_s + self.offset_s + day.start_s) // DAY_S))
        self.ratings.append((on, "present", day.rating))
        self.ratings.append((on, "effort", day.effort))

    def close(self) -> None:
        """Write both files."""
        with (self.out / "tags.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("start", "end", "kind", "label"))
            for start, end, kind, label in sorted(self.tags, key=lambda tag: tag[0]):
                until = "" if end is None else self._iso(end)
                writer.writerow((self._iso(start), until, kind, label))
        with (self.out / "ratings.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("date", "scale", "value"))
            writer.writerows((on.isoformat(), scale, value) for on, scale, value in self.ratings)

    def _iso(self, t_s: float) -> str:
        clock = Clock(self.origin_s, self.offset_s)
        return clock.local([t_s], clock.zone())[0]


def origin_s(start: date, offset_s: float = OFFSET_S) -> float:
    """Unix time of the local midnight that begins a date."""
    return as_day(start) * DAY_S - offset_s


def truth(life: Life, all_days: Iterable[SimulatedDay], start: date) -> dict[str, Any]:
    """All that was put in. Times are Unix seconds."""
    zero = origin_s(start)
    record: dict[str, Any] = {
        "schema": TRUTH_SCHEMA,
        "this_is": "the truth behind a simulated export; no reader takes it as data",
        "scenario": life.scenario.knobs(),
        "expected": [state.value for state in life.scenario.expected],
        "never": [state.value for state in life.scenario.never],
        "seed": life.streams.seed,
        "start": start.isoformat(),
        "days": life.days,
        "utc_offset_s": OFFSET_S,
        "body": {name: getattr(life.body, name) for name in life.body.__dataclass_fields__},
        "episodes": [],
        "daily": [],
    }
    for day in all_days:
        record["episodes"] += [_episode(each, zero) for each in day.outside.stressors]
        record["daily"].append(_daily(day, start))
    return record


def _episode(stressor: Any, zero: float) -> dict[str, Any]:
    return {
        "t_on": round(zero + stressor.on_s, 1),
        "t_off": round(zero + stressor.off_s, 1),
        "amplitude_bpm": round(stressor.height_bpm, 3),
        "half_time_s": round(stressor.half_time_s, 2),
        "technique": stressor.technique is not None,
        "tagged": stressor.tag is not None,
        "visible": stressor.visible,
    }


def _daily(day: SimulatedDay, start: date) -> dict[str, Any]:
    outside = day.outside
    asleep = outside.asleep
    return {
        "date": (start + timedelta(days=day.index)).isoformat(),
        "base_bpm": round(day.base_bpm, 3),
        "median_half_time_s": round(float(2.718281828459045**day.ln_half_time), 2),
        "mean_asleep_bpm": round(float(day.rest_bpm[asleep].mean()), 2) if asleep.any() else None,
        "worn_hours": round(float(outside.worn.sum()) / 3600.0, 2),
        "exercise": [[round(a, 1), round(b, 1)] for a, b in outside.training],
    }


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of export: its writer, loaded when asked for, and its usual heart-rate period."""

    where: str  # module:class below hrv.simulate
    text: str
    period_s: int | None = None  # None: none to choose
    more: Mapping[str, Any] = field(default_factory=dict)

    def make(
        self, out: Path, life: Life, zero: float, offset_s: float, period_s: int | None
    ) -> Product:
        """A writer into `out`."""
        from hrv.simulate.device import Device

        module, _, name = self.where.partition(":")
        writer = getattr(import_module(f"hrv.simulate.{module}"), name)
        more = dict(self.more)
        if self.period_s is not None:
            more["device"] = Device(hr_period_s=period_s or self.period_s, score_period_s=60)
        made: Product = writer(out, life, zero, offset_s, **more)
        return made


# name, or name:seconds for another heart-rate period
PRODUCTS: dict[str, Kind] = {
    "fit": Kind("fit_export:FitExport", "folder of a Garmin-like watch", 60),
    "csv": Kind("tables:TakeoutExport", "Google Takeout folder of a Fitbit-like band", 5),
    "hr": Kind("tables:GenericExport", "generic tables of heart rate and steps", 60),
    "rr": Kind("tables:BeatsExport", "plain beat intervals, five minutes every morning"),
    "rr-night": Kind(
        "tables:BeatsExport", "plain beat intervals, whole nights", more={"night": True}
    ),
    "garmin-zip": Kind("vendors:GarminAccountExport", "Garmin account's ZIP of FIT files", 60),
    "takeout": Kind("tables:TakeoutZipExport", "the Takeout folder as its ZIP", 5),
    "whoop": Kind("vendors:WhoopExport", "WHOOP dashboard ZIP, one value a day"),
    "oura": Kind("vendors:OuraExport", "Oura app-data ZIP", 300),
    "apple": Kind("apple_export:AppleExport", "Apple Health export.zip", 300),
    "samsung": Kind("samsung_export:SamsungExport", "Samsung Health folder as a ZIP", 60),
    "polar": Kind("polar_export:PolarExport", "Polar account ZIP", 300),
    "zepp": Kind("zepp_export:ZeppExport", "Zepp (Amazfit) ZIP", 60),
    "e4": Kind("tables:EmpaticaExport", "Empatica E4 sessions of two hours, one a week"),
}
PERIODS_S = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 300)


def product(name: str) -> tuple[Kind, int | None]:
    """The product of a name, and the heart-rate period asked for: `csv:15`."""
    kind, _, period = name.partition(":")
    wrong = period and (not period.isdigit() or int(period) not in PERIODS_S)
    if kind not in PRODUCTS or wrong:
        listed = "; ".join(f"{key}: {_told(item)}" for key, item in PRODUCTS.items())
        raise SettingsError(
            f"no product {name!r}",
            way_out=f"Products: {listed}. A heart-rate period goes behind a colon: csv:15",
        )
    return PRODUCTS[kind], int(period) if period else None


def _told(kind: Kind) -> str:
    every = "" if kind.period_s is None else f", heart rate every {kind.period_s} s"
    return kind.text + every


def write(life: Life, out_dir: Path, products: Sequence[str], start: date) -> Path:
    """Export files into `out_dir`, the truth into `OUT_DIR.truth.json` beside it."""
    kinds = [product(name) for name in products]
    if not kinds:
        raise SettingsError("no product asked for", way_out=f"Products: {', '.join(PRODUCTS)}")
    if out_dir.exists() and (not out_dir.is_dir() or any(out_dir.iterdir())):
        raise SettingsError(f"{out_dir} is not an empty folder", way_out="Name a new folder")
    out_dir.mkdir(parents=True, exist_ok=True)
    zero = origin_s(start)
    writers: list[Any] = [kind.make(out_dir, life, zero, OFFSET_S, step) for kind, step in kinds]
    writers.append(OwnFiles(out_dir, life, zero, OFFSET_S))
    record = truth(life, _fed(days(life), writers), start)
    for writer in writers:
        if hasattr(writer, "close"):
            writer.close()
    beside = out_dir.with_name(out_dir.name + ".truth.json")
    beside.write_text(json.dumps(record, indent=None, separators=(",", ":")), encoding="utf-8")
    return out_dir


def _fed(all_days: Iterable[SimulatedDay], writers: Sequence[Product]) -> Iterable[SimulatedDay]:
    for day in all_days:
        for writer in writers:
            writer.add(day)
        yield day
