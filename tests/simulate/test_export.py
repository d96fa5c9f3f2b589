"""What is written is what was simulated, and the truth lies beside it."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import fitdecode
import numpy as np
import pytest

from hrv import ingest, simulate
from hrv.errors import SettingsError
from hrv.model import (
    DayQuantity,
    HeartRateSeries,
    MotionKind,
    ReadOptions,
    Recording,
    SpanKind,
)
from hrv.settings import IngestSettings
from hrv.simulate import export

DAYS, SEED = 6, 1


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate.write("healing", tmp_path_factory.mktemp("fit") / "export", DAYS, SEED)


@pytest.fixture(scope="module")
def in_memory() -> list[Recording]:
    return list(simulate.recordings("healing", DAYS, SEED))


@pytest.fixture(scope="module")
def read(written: Path) -> list[Recording]:
    return [
        recording
        for recording in ingest.read([written / "GARMIN"], ReadOptions(), IngestSettings())
        if recording.source.format == "fit"
    ]


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_same_seed_same_bytes(written: Path, tmp_path: Path) -> None:
    again = simulate.write("healing", tmp_path / "export", DAYS, SEED)
    assert _digests(written) == _digests(again)
    other = simulate.write("healing", tmp_path / "other", DAYS, SEED + 1)
    assert _digests(written) != _digests(other)


def test_the_truth_lies_beside_the_folder_and_not_in_it(written: Path) -> None:
    truth = json.loads((written.parent / "export.truth.json").read_text())
    assert not list(written.rglob("*truth*"))
    assert truth["expected"] == ["healing"]
    assert len(truth["daily"]) == DAYS
    assert truth["scenario"]["half_time"]["end"] == 0.65
    days = list(simulate.wearer("healing", DAYS, SEED))
    stressors = [each for day in days for each in day.outside.stressors]
    assert [e["half_time_s"] for e in truth["episodes"]] == [
        round(each.half_time_s, 2) for each in stressors
    ]
    first = truth["episodes"][0]
    midnight = export.origin_s(date.fromisoformat(truth["start"]))
    assert first["t_on"] == pytest.approx(midnight + stressors[0].on_s, abs=0.06)


def _monitoring(path: Path) -> Iterator[tuple[datetime, int]]:
    """Heart rate as another reader sees it: 16-bit times against the last full one."""
    with fitdecode.FitReader(path) as reader:
        for frame in reader:
            if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "monitoring":
                values = {field.name: field.value for field in frame.fields}
                if values.get("heart_rate") is not None:
                    yield values["timestamp_16"], values["heart_rate"]


def test_another_reader_finds_the_same_heart_rates(
    written: Path, in_memory: list[Recording]
) -> None:
    days = [r for r in in_memory if r.source.name.startswith("day") and r.heart_rate]
    files = sorted((written / "GARMIN" / "Monitor").iterdir())
    assert len(files) == DAYS
    for path, day in zip(files, days, strict=True):
        seen = list(_monitoring(path))
        np.testing.assert_array_equal([bpm for _, bpm in seen], day.heart_rate[0].hr_bpm)
        fit_s = day.heart_rate[0].t_s - 631_065_600
        np.testing.assert_array_equal([low for low, _ in seen], np.mod(fit_s, 65_536))


def test_our_reader_gives_what_was_put_in(
    read: list[Recording], in_memory: list[Recording]
) -> None:
    for name, value in (("heart_rate", "hr_bpm"), ("stress", "score"), ("rmssd", "rmssd_ms")):
        a, b = (_pooled(rs, name, value) for rs in (read, in_memory))
        assert a.shape[0] > 100
        np.testing.assert_array_equal(a, b)


def _pooled(recordings: list[Recording], name: str, value: str) -> np.ndarray:
    pairs = [
        np.column_stack((series.t_s, getattr(series, value)))
        for recording in recordings
        for series in getattr(recording, name)
    ]
    table = np.concatenate(pairs)
    return table[np.lexsort((table[:, 1], table[:, 0]))]


def test_steps_come_back_minute_by_minute(
    read: list[Recording], in_memory: list[Recording]
) -> None:
    def steps(recordings: list[Recording]) -> np.ndarray:
        pairs = [
            np.column_stack((series.t_s, series.value))[series.value > 0]
            for recording in recordings
            if not recording.rr
            for series in recording.motion
            if series.kind is MotionKind.STEPS_PER_MIN
        ]
        table = np.concatenate(pairs)
        return table[np.argsort(table[:, 0])]

    np.testing.assert_allclose(steps(read), steps(in_memory))


def test_sleep_workouts_and_daily_figures_come_back(
    read: list[Recording], in_memory: list[Recording]
) -> None:
    def spans(recordings: list[Recording]) -> list[tuple[str, float, float, str]]:
        return sorted(
            (span.kind.value, span.start_s, span.end_s, span.label)
            for recording in recordings
            for span in recording.spans
            if span.origin == "device"
        )

    def values(recordings: list[Recording]) -> list[tuple[int, DayQuantity, float]]:
        return sorted(
            (value.day, value.quantity, value.value)
            for recording in recordings
            for value in recording.day_values
        )

    assert spans(read) == spans(in_memory)
    assert any(kind == "exercise" for kind, *_ in spans(read))
    assert values(read) == values(in_memory)


def test_beats_of_workouts_come_back(read: list[Recording], in_memory: list[Recording]) -> None:
    files = [r.rr[0] for r in read if r.rr]
    made = [r.rr[0] for r in in_memory if r.rr]
    assert len(files) == len(made) > 0
    for one, other in zip(files, made, strict=True):
        assert one.rr_ms.sum() == pytest.approx(other.rr_ms.sum(), rel=1e-3)
        assert one.t_s[0] == pytest.approx(other.t_s[0], abs=1.0)


def test_tags_are_the_techniques_and_events_of_the_life(written: Path) -> None:
    rows = _table(written / "tags.csv")
    stressors = [e for d in simulate.wearer("healing", DAYS, SEED) for e in d.outside.stressors]
    techniques = [row for row in rows if row["kind"] == "technique"]
    assert len(techniques) == sum(e.technique is not None for e in stressors) > 0
    for row in techniques:
        start, end = (datetime.fromisoformat(row[name]) for name in ("start", "end"))
        assert start.utcoffset() is not None
        assert 240 <= (end - start).total_seconds() <= 2400
    events = sum(row["kind"] == "event" for row in rows)
    assert events >= sum(e.tag is not None for e in stressors)


def test_ratings_are_two_a_day(written: Path) -> None:
    rows = _table(written / "ratings.csv")
    assert len(rows) == 2 * DAYS
    assert {row["scale"] for row in rows} == {"present", "effort"}
    assert all(0 <= int(row["value"]) <= 10 for row in rows)


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(SettingsError, match="empty"):
        simulate.write("healing", tmp_path, 1)


def test_an_unknown_product_lists_those_there_are(tmp_path: Path) -> None:
    for wrong in ("pdf", "csv:7", "fit:one"):
        with pytest.raises(SettingsError, match="fit: folder"):
            simulate.write("healing", tmp_path / "x", 1, products=(wrong,))
    assert not (tmp_path / "x").exists()


def test_a_takeout_holds_the_same_heart_every_fifteen_seconds(tmp_path: Path) -> None:
    folder = simulate.write("unchanged", tmp_path / "export", 2, 3, products=("csv:15",))
    activity = folder / "Takeout" / "Fitbit" / "Physical Activity_GoogleData"
    rows = [row for path in sorted(activity.glob("heart_rate_*.csv")) for row in _table(path)]
    times = np.array([datetime.fromisoformat(row["timestamp"]).timestamp() for row in rows])
    bpm = np.array([float(row["beats per minute"]) for row in rows])
    made = [
        r.heart_rate[0]
        for r in simulate.recordings("unchanged", 2, 3, hr_period_s=15)
        if r.heart_rate and not r.rr
    ]
    assert all(isinstance(series, HeartRateSeries) for series in made)
    np.testing.assert_array_equal(times, np.concatenate([series.t_s for series in made]))
    np.testing.assert_array_equal(bpm, np.concatenate([series.hr_bpm for series in made]))
    assert len(list(activity.glob("heart_rate_*.csv"))) == 3  # two local days touch three UTC days


def test_in_memory_spans_of_the_person_have_their_kinds(in_memory: list[Recording]) -> None:
    kinds = {span.kind for span in in_memory[-1].spans}
    assert SpanKind.TECHNIQUE in kinds
    assert SpanKind.EVENT in kinds
