"""report.json: its shape, its times, and nothing that is not there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hrv.report
from hrv.model import (
    Estimate,
    LocalClock,
    MarkerFinding,
    MarkerState,
    Missing,
    State,
    Verdict,
)
from hrv.report.record import dumps, instant, number, record
from tests.report import builders, sayings
from tests.report.schema import faults, keys

SCHEMA: dict[str, Any] = json.loads(
    (Path(hrv.report.__file__).parent / "report.schema.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", builders.EVERY)
def test_every_report_follows_the_shipped_schema(name: str) -> None:
    told = json.loads(dumps(builders.EVERY[name]()))
    assert list(faults(told, SCHEMA)) == []


def test_what_readers_of_a_schema_number_rely_on_stays() -> None:
    kept = Path(__file__).with_name(f"schema_{SCHEMA['properties']['schema']['const']}.txt")
    known, now = kept.read_text(encoding="utf-8").splitlines(), set(keys(SCHEMA))
    assert [line for line in known if line not in now] == [], "raise SCHEMA in hrv/report/record.py"
    added = sorted(now - set(known))
    assert [line for line in added if line.endswith("always")] == [], "older reports lack it"


def test_many_files_share_a_row_in_the_page_and_none_is_lost() -> None:
    analysis = sayings.files()
    whole, folded = record(analysis)["inputs"], record(analysis, folded=True)
    assert list(faults(json.loads(json.dumps(folded)), SCHEMA)) == []
    rows = folded["inputs"]
    assert len(rows) < len(whole) / 10
    names = [row["file"] + name for row in rows for name in row.get("files", ("",))]
    assert sorted(names) == sorted(row["file"] for row in whole)
    for count in ("rows_used", "rows_refused"):
        assert sum(row[count] for row in rows) == sum(row[count] for row in whole)


def test_the_checker_sees_a_missing_key_and_a_wrong_type() -> None:
    told = record(builders.nothing())
    del told["seed"]
    told["coverage"]["days"] = "many"
    assert len(list(faults(told, SCHEMA))) == 2


def test_the_same_analysis_gives_the_same_bytes() -> None:
    assert dumps(builders.healing()) == dumps(builders.healing())


def test_a_time_carries_the_offset_of_its_place() -> None:
    clock = LocalClock.fixed(-12_600.0, "file")
    assert instant(0.0, clock) == "1969-12-31T20:30:00-03:30"
    assert instant(float("nan"), clock) is None


def test_what_is_not_finite_is_null() -> None:
    assert number(float("nan")) is None
    assert number(float("inf")) is None
    assert number(-0.0) == 0.0


def test_a_missing_level_is_null_beside_its_reason() -> None:
    level = record(builders.nothing())["recovery"]["half_time_s"]
    assert level["value"] is None
    assert level["why"]


def test_an_unfinished_recovery_has_a_lower_bound_and_no_value() -> None:
    analysis = builders.healing()
    told = record(analysis)["episodes"]
    cut = [e for e in told if e["censored"] == "right"]
    assert cut
    assert all(e["half_time_s"] is None and e["low"] > 0 and e["high"] is None for e in cut)


def test_the_trend_per_month_is_the_total_spread_over_the_window() -> None:
    found = builders.trend(-0.28, 0.16, days=31)
    analysis = builders.full(
        Verdict(state=State.UNDETERMINED), recovery_trend=(-0.28, 0.16), days=31
    )
    told = record(analysis)["recovery"]["trend"]
    percent = found.percent()
    assert percent is not None
    assert told["percent_per_30_days"] == pytest.approx(percent.value, rel=1e-4)
    assert told["low"] == pytest.approx(percent.low, rel=1e-4)


def test_a_marker_keeps_its_interval() -> None:
    finding = MarkerFinding(
        id="reactivity",
        state=MarkerState.UNDETERMINED,
        estimate=Estimate(value=-1.0, low=-3.0, high=1.0, n=50),
        unit="bpm",
    )
    analysis = builders.analysis(Verdict(state=State.UNDETERMINED), markers=(finding,))
    told = record(analysis)["markers"][0]
    assert (told["estimate"], told["low"], told["high"], told["unit"]) == (-1.0, -3.0, 1.0, "bpm")


def test_ratings_are_told_per_scale() -> None:
    told = record(builders.healing())["ratings"]["present"]
    assert told["first"]["value"] == 7.0
    assert told["trend"] == pytest.approx(-0.6)


def test_vagal_return_stands_beside_a_recovery_or_its_reason() -> None:
    analysis = builders.healing()
    first, second, *rest = analysis.fits
    found = Estimate(value=12.0, low=4.0, high=21.0, n=9)
    why = Missing("vagal_no_beats")
    fits = (
        replace(first, vagal_percent_per_min=found),
        replace(second, vagal_percent_per_min=why),
        *rest,
    )
    told = record(replace(analysis, fits=fits))
    assert list(faults(json.loads(json.dumps(told)), SCHEMA)) == []
    row = {"percent_per_min": 12.0, "low": 4.0, "high": 21.0, "why": None}
    assert told["episodes"][0]["vagal"] == row
    assert told["episodes"][1]["vagal"]["why"] == "vagal_no_beats"
    assert told["episodes"][2]["vagal"] is None


def test_the_looks_at_techniques_stand_in_numbers() -> None:
    facts = {
        "sessions": 30, "sessions_seen": 12, "treated": 20, "sets": 18,
        "after_less_before_bpm": -1.5,
        "faster_with": 1.4, "faster_with_low": 1.1, "faster_with_high": 1.8, "faster_with_p": 0.01,
    }  # fmt: skip
    finding = MarkerFinding(id="technique_dependence", state=MarkerState.DESCRIBED, facts=facts)
    analysis = builders.healing()
    others = tuple(m for m in analysis.markers if m.id != finding.id)
    told = record(replace(analysis, markers=(*others, finding)))
    assert list(faults(json.loads(json.dumps(told)), SCHEMA)) == []
    looks = told["techniques"]
    assert looks["ends_sooner_ratio"] == {"value": 1.4, "low": 1.1, "high": 1.8, "p_value": 0.01}
    described = {"value": -1.5, "low": None, "high": None, "p_value": None}
    assert looks["after_less_before_bpm"] == described
    assert looks["practice_less_lapse"] is None
    assert record(builders.nothing())["techniques"] is None
