"""Every kind of export is read by the readers it was made for, and says what was simulated."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hrv import ingest, simulate
from hrv.cli_simulate import simulate_command
from hrv.model import (
    DayQuantity,
    HeartRateSeries,
    MotionKind,
    ReadOptions,
    Recording,
    RRSeries,
    Span,
    SpanKind,
)
from hrv.settings import IngestSettings
from hrv.simulate.export import PRODUCTS

DAYS, SEED = 3, 6
STREAMS = {
    "fit": {"HeartRateSeries", "MotionSeries", "StressScoreSeries", "RmssdSeries", "RRSeries"},
    "garmin-zip": {"HeartRateSeries", "MotionSeries", "StressScoreSeries", "RmssdSeries"},
    "csv": {"HeartRateSeries", "MotionSeries", "RmssdSeries"},
    "hr": {"HeartRateSeries", "MotionSeries"},
    "rr": {"RRSeries"},
    "rr-night": {"RRSeries"},
    "e4": {"HeartRateSeries", "RRSeries", "MotionSeries"},
    "takeout": {"HeartRateSeries", "MotionSeries", "RmssdSeries"},
    "whoop": set(),
    "oura": {"HeartRateSeries"},
    "apple": {"HeartRateSeries", "MotionSeries", "RRSeries"},
    "samsung": {"HeartRateSeries", "MotionSeries", "StressScoreSeries", "RmssdSeries"},
    "polar": {"HeartRateSeries", "MotionSeries", "RRSeries"},
    "zepp": {"HeartRateSeries", "MotionSeries"},
}
NIGHTLY = {"fit", "garmin-zip", "csv", "takeout", "whoop", "oura", "polar"}  # a figure of RMSSD
ASLEEP = NIGHTLY | {"apple", "samsung", "zepp"}
STAGED = {"fit", "garmin-zip", "apple", "samsung", "polar"}  # stages of the night one by one
WHOLE_DAYS = {"fit", "csv", "hr", "garmin-zip", "takeout", "oura", "apple", "samsung", "polar",
              "zepp"}  # fmt: skip
FORMATS = {
    "fit": "fit",
    "garmin-zip": "fit",
    "csv": "fitbit",
    "hr": "generic",
    "rr": "plain_rr",
    "rr-night": "plain_rr",
    "e4": "empatica_e4",
    "takeout": "fitbit",
    "whoop": "whoop",
    "oura": "oura",
    "apple": "apple_health",
    "samsung": "samsung",
    "polar": "polar_account",
    "zepp": "zepp",
}


def test_every_product_is_tested() -> None:
    assert set(STREAMS) == set(FORMATS) == set(PRODUCTS)


def _read(folder: Path) -> list[Recording]:
    return list(ingest.read([folder], ReadOptions(), IngestSettings()))


@pytest.fixture(scope="module", params=list(PRODUCTS))
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, list[Recording]]:
    name: str = request.param
    folder = tmp_path_factory.mktemp("product") / "export"
    simulate.write("healing", folder, DAYS, SEED, products=(name,))
    return name, folder, _read(folder)


def test_its_reader_knows_it(product: tuple[str, Path, list[Recording]]) -> None:
    name, _, recordings = product
    formats = Counter(recording.source.format for recording in recordings)
    assert formats[FORMATS[name]] >= 1
    assert formats["tags"] == formats["ratings"] == 1
    kinds = {type(series).__name__ for r in recordings for series in r.series()}
    assert kinds >= STREAMS[name]


def test_nights_have_their_figures(product: tuple[str, Path, list[Recording]]) -> None:
    name, _, recordings = product
    made = {
        (value.day, value.quantity): value.value for r in _recordings() for value in r.day_values
    }
    rmssd = {
        value.day: value.value
        for r in recordings
        for value in r.day_values
        if value.quantity is DayQuantity.RMSSD_MS
    }
    assert bool(rmssd) == (name in NIGHTLY)
    for day, ms in rmssd.items():
        assert ms == pytest.approx(made[day, DayQuantity.RMSSD_MS], abs=0.51)
    asleep = [span for r in recordings for span in r.spans if span.kind is SpanKind.SLEEP]
    nights = [span for span in _made() if span.kind is SpanKind.SLEEP]
    if name not in ASLEEP:
        assert not asleep
        return
    assert len(asleep) == len(nights) > 0
    assert _hours(asleep) == pytest.approx(_hours(nights), abs=0.25)
    for label in ("light", "deep", "rem") if name in STAGED else ():
        found, wanted = (
            _hours(s for s in spans if s.label == label)
            for spans in ((span for r in recordings for span in r.spans), _made())
        )
        assert found == pytest.approx(wanted, abs=0.25), label


@cache
def _recordings(period_s: int = 60) -> tuple[Recording, ...]:
    return tuple(simulate.recordings("healing", DAYS, SEED, hr_period_s=period_s))


def _made() -> list[Span]:
    return [span for r in _recordings() for span in r.spans if span.origin == "device"]


def _hours(spans: Iterable[Span]) -> float:
    return sum(span.end_s - span.start_s for span in spans) / 3600.0


def test_the_days_heart_rate_steps_and_runs_come_back(
    product: tuple[str, Path, list[Recording]],
) -> None:
    name, _, recordings = product
    if name not in WHOLE_DAYS:
        return
    period = PRODUCTS[name].period_s
    assert period is not None
    made = [r for r in _recordings(period) if not r.rr]  # without the strap
    medians = [np.median(_pooled(rs, period)) for rs in (recordings, made)]
    assert medians[0] == pytest.approx(medians[1], abs=1.5)
    steps = [_steps(rs) for rs in (recordings, made)]
    if steps[0]:
        assert steps[0] == pytest.approx(steps[1], rel=0.01)
    assert bool(steps[0]) == (name != "oura")
    runs = sorted(span.start_s for span in _made() if span.kind is SpanKind.EXERCISE)
    read = sorted(
        span.start_s for r in recordings for span in r.spans if span.kind is SpanKind.EXERCISE
    )
    if name in {"csv", "takeout", "hr"}:
        assert not read
    else:  # a ring marks the heart rates of a workout, five minutes apart
        assert read == pytest.approx(runs, abs=period if name == "oura" else 10.0)


def _pooled(recordings: list[Recording], period: int) -> np.ndarray:
    """Heart rates a period apart; workouts are finer in some exports."""
    series = [s for r in recordings if not r.rr or period >= 300 for s in r.heart_rate]
    hr = np.concatenate([s.hr_bpm for s in series])
    t = np.concatenate([s.t_s for s in series])
    _, first = np.unique(t // period, return_index=True)
    return np.asarray(hr[first])


def _steps(recordings: list[Recording]) -> float:
    return sum(
        float(np.sum(s.value * s.period_s / 60.0))
        for r in recordings
        if not (r.rr and r.source.format in {"fit", "simulated"})  # the strap counts again
        for s in r.motion
        if s.kind is MotionKind.STEPS_PER_MIN
    )


ENTRIES = {  # what one entry of a JSON file holds once
    "heart_rate.binning_data": b'"heart_rate":',
    "binning_data": b'"rmssd":',
    "247ohr": b'"heartRate":',
    "ppi_samples": b'"pulseLength":',
    "activity-": b'"localTime":',
    "sleep_result": b'"offsetFromStart":',
    "nightly_recovery": b'"night":',
    "training-session": b'"identifier":',
}


def _rows_in(name: str, data: bytes) -> int:
    """Rows of a file, counted without our readers."""
    base = name.rsplit("/", 1)[-1]
    if base == "export.xml":
        return len(re.findall(rb"<(?:Record|Workout) ", data))
    if base.endswith(".json"):
        count = data.count(next(key for word, key in ENTRIES.items() if word in base))
        return count + data.count(b'"night":') if base.startswith("sleep_result") else count
    return data.count(b"\n") - (2 if base.startswith("com.samsung") else 1)


def test_rows_used_and_refused_are_the_rows_in(
    product: tuple[str, Path, list[Recording]],
) -> None:
    name, folder, recordings = product
    if name not in {"takeout", "whoop", "oura", "apple", "samsung", "polar", "zepp"}:
        return
    (path,) = folder.glob("*.zip")
    told = {r.source.name: r for r in recordings if r.rows_used or r.rows_refused}
    counted = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            recording = told.get(f"{path.name}/{member}")
            if recording is not None:
                rows = recording.rows_used + recording.rows_refused
                assert rows == _rows_in(member, archive.read(member)), member
                counted += 1
    assert counted >= 1
    assert not [r for r in recordings if r.source.format == "unknown"]


def test_what_is_counted_twice_is_set_aside(product: tuple[str, Path, list[Recording]]) -> None:
    name, _, recordings = product
    reasons: Counter[str] = Counter()
    for recording in recordings:
        for refusal in recording.refusals:
            reasons[refusal.reason] += refusal.rows
    if name == "apple":
        assert reasons["another device counted the same time"] > 50  # the phone's steps
        assert reasons["time in bed, not sleep"] == DAYS
    if name == "samsung":
        hours = next(r for r in recordings if "tracker.heart_rate" in r.source.name
                     and r.source.name.endswith(".csv"))  # fmt: skip
        assert hours.rows_used == 0
        assert reasons["hours already taken from a better table"] > 24


def test_beat_lists_have_the_variability_that_their_record_says(tmp_path: Path) -> None:
    folder = simulate.write("unchanged", tmp_path / "export", 3, SEED, products=("apple",))
    found = next(r for r in _read(folder) if r.rr)
    beats, daily = found.rr[0], [v for v in found.day_values if v.quantity is DayQuantity.SDNN_MS]
    spells = np.split(beats.rr_ms, np.flatnonzero(np.diff(beats.t_s) > 60.0) + 1)
    assert len(spells) > 10
    sdnn = float(np.mean([np.std(spell, ddof=1) for spell in spells]))
    assert sdnn == pytest.approx(np.mean([value.value for value in daily]), rel=0.15)
    for spell in spells:
        assert 55_000.0 < spell.sum() <= 60_000.0  # a minute, less the beats it cuts


def test_heart_rates_are_those_of_the_day(product: tuple[str, Path, list[Recording]]) -> None:
    name, _, recordings = product
    series = [s for r in recordings for s in r.series() if isinstance(s, HeartRateSeries)]
    for heart in series:
        assert 40 < np.median(heart.hr_bpm) < 190, name
    beats = [s for r in recordings for s in r.series() if isinstance(s, RRSeries)]
    for one in beats:
        assert 300 < np.median(one.rr_ms) < 1600


def test_same_seed_same_bytes(product: tuple[str, Path, list[Recording]], tmp_path: Path) -> None:
    name, folder, _ = product
    again = simulate.write("healing", tmp_path / "export", DAYS, SEED, products=(name,))
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    for path in files:
        assert (folder / path).read_bytes() == (again / path).read_bytes(), path


def test_the_newest_row_of_a_band_comes_first(tmp_path: Path) -> None:
    simulate.write("unchanged", tmp_path / "export", 4, SEED, products=("whoop",))
    with zipfile.ZipFile(tmp_path / "export" / "my_whoop_data.zip") as archive:
        lines = archive.read("physiological_cycles.csv").decode().splitlines()
    starts = [line.split(",")[0] for line in lines[1:]]
    assert starts == sorted(starts, reverse=True)
    assert len(starts) >= 2


def test_an_account_nests_its_files_two_zips_deep(tmp_path: Path) -> None:
    simulate.write("unchanged", tmp_path / "export", 2, SEED, products=("garmin-zip",))
    with zipfile.ZipFile(tmp_path / "export" / "garmin_account.zip") as archive:
        names = archive.namelist()
    assert "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip" in names
    assert not (tmp_path / "export" / "unpacked").exists()


def test_the_command_writes_and_says_where(tmp_path: Path) -> None:
    out = tmp_path / "someone"
    done = CliRunner().invoke(
        simulate_command, ["coping", "-o", str(out), "--days", "2", "--as", "hr,whoop"]
    )
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [str(out), str(out) + ".truth.json"]
    assert (out / "heart_rate.csv").exists()
    assert (out / "my_whoop_data.zip").exists()


def test_the_command_refuses_a_date_that_is_none(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        simulate_command, ["coping", "-o", str(tmp_path / "x"), "--start", "soon"]
    )
    assert done.exit_code == 2
    assert "2026-01-05" in done.output
