"""Reduced days that were kept give the same analysis as fresh ones, to the last byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hrv import pipeline
from hrv.model import (
    DAY_S,
    HeartRateSeries,
    LocalClock,
    MotionKind,
    MotionSeries,
    Recording,
    RmssdSeries,
    RRSeries,
    Source,
    Span,
    SpanKind,
    StressScoreSeries,
)
from hrv.report.record import dumps
from hrv.settings import Settings
from hrv.store import Store, open_store, reduced

FIRST = 20_000


def day(number: int, *, offset_s: float = 3600.0) -> Recording:
    """A night of beats, a day of heart rate every 15 s with a few rises, steps and a score."""
    rng = np.random.default_rng(number)
    begin_s = (FIRST + number) * DAY_S
    t_s = begin_s + np.arange(0, DAY_S, 15.0)
    hr = 62 + 4 * np.sin((t_s - begin_s) / DAY_S * 6.28) + rng.normal(0, 1.5, t_s.size)
    for at in rng.choice(np.arange(1800, 4800, 240), 4, replace=False):
        hr[at:] += 25 * np.exp(-np.arange(t_s.size - at) / 10.0)
    beats = rng.normal(950, 40, 1500).round()
    minute = t_s[::4]
    return Recording(
        source=Source(name=f"{number}.fit", format="test", sha256=f"{number} {offset_s}"),
        clock=LocalClock(np.array([begin_s]), np.array([offset_s]), "file"),
        heart_rate=(HeartRateSeries(t_s, hr.round(), "W", True),),
        rr=(RRSeries(begin_s + 7200 + np.cumsum(beats) / 1000, beats, "S", False),),
        motion=(MotionSeries(minute, minute * 0, minute * 0 + 60, MotionKind.STEPS_PER_MIN, "W"),),
        stress=(StressScoreSeries(minute, minute * 0 + 30, "Garmin", "W"),),
        rmssd=(RmssdSeries(begin_s + 300 * np.arange(1.0, 60.0), rng.normal(40, 4, 59), "W"),),
        spans=(Span(kind=SpanKind.SLEEP, start_s=begin_s, end_s=begin_s + 21_600),),
        rows_used=10_000,
    )


def analysed(store: Store, settings: Settings | None = None) -> tuple[str, int, int]:
    """The record of a report, and how many days were found and made."""
    with store.reduced("ada") as kept:
        found = pipeline.analyse(store.timeline("ada"), settings, kept=kept)
    return dumps(found), kept.found, kept.made


def fresh(store: Store, settings: Settings | None = None) -> str:
    return dumps(pipeline.analyse(store.timeline("ada"), settings))


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    """A store that was analysed after 4 days and again when it had 2 more; the later record."""
    store = open_store(tmp_path_factory.mktemp("reduced") / "store")
    store.add([day(k) for k in range(4)], person="ada", name="first")
    first, found, made = analysed(store)
    assert (found, made) == (0, 4)
    store.add([day(k) for k in range(6)], person="ada", name="second")
    later, found, made = analysed(store)
    assert (found, made) == (4, 2)
    assert later != first
    return store, later


def test_days_that_were_kept_change_no_byte_of_a_later_report(grown: tuple[Store, str]) -> None:
    store, later = grown
    assert later == fresh(store)


def test_a_new_tag_makes_its_own_day_anew(grown: tuple[Store, str]) -> None:
    store, _ = grown
    at = (FIRST + 3) * DAY_S + 50_000
    store.set_spans("ada", [Span(kind=SpanKind.EXERCISE, start_s=at, end_s=at + 1800)])
    tagged, found, made = analysed(store)
    assert (found, made) == (5, 1)
    assert tagged == fresh(store)
    store.set_spans("ada", [])


def test_recoveries_are_spared_where_nothing_changed_but_a_name(grown: tuple[Store, str]) -> None:
    store, _ = grown
    analysed(store)
    at = (FIRST + 2) * DAY_S + 40_000
    named = Span(kind=SpanKind.EVENT, start_s=at, end_s=at + 600, label="call", origin="person")
    store.set_spans("ada", [named])
    with store.reduced("ada") as kept:
        found = dumps(pipeline.analyse(store.timeline("ada"), kept=kept))
        assert kept.fits_found
    assert found == fresh(store)
    store.set_spans("ada", [])
    with store.reduced("ada") as kept:
        other = Settings().altered("recovery.prior_median_s", 90.0)
        pipeline.analyse(store.timeline("ada"), other, kept=kept)
        assert not kept.fits_found


def test_a_technique_in_a_rise_makes_recoveries_anew(grown: tuple[Store, str]) -> None:
    store, _ = grown
    rises = [
        f for f in pipeline.analyse(store.timeline("ada")).fits
        if f.half_time_s is not None and f.follow_up_s > 400.0
    ]  # fmt: skip
    at = rises[0].release_s + 300.0
    spans = [Span(kind=SpanKind.TECHNIQUE, start_s=at, end_s=at + 600.0, label="breathing")]
    store.set_spans("ada", spans)
    for known in (False, True):
        with store.reduced("ada") as kept:
            analysis = pipeline.analyse(store.timeline("ada"), kept=kept)
            assert kept.fits_found is known
        until = [f.untreated for f in analysis.fits if f.untreated is not None]
        assert [f.stop_reason for f in until] == ["technique"]
        assert dumps(analysis) == fresh(store)
    store.set_spans("ada", [])


def test_a_self_test_that_was_kept_is_given_for_its_own_key_alone(
    grown: tuple[Store, str],
) -> None:
    store, _ = grown
    found = {"injections": 60, "found": {"value": 0.1 + 0.2, "low": 0.0, "high": 1.0, "n": 60},
             "bias_ln": None}  # fmt: skip
    kept = store.reduced("ada")
    kept.save_self_test("this", found)
    assert kept.load_self_test("other") is None
    assert not kept.self_test_found
    assert store.reduced("ada").load_self_test("this") == found


def test_another_version_of_the_program_computes_everything_anew(
    grown: tuple[Store, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = grown
    analysed(store)
    monkeypatch.setattr(reduced, "_made_by", lambda: "another algorithm")
    with store.reduced("ada") as kept:
        pipeline.analyse(store.timeline("ada"), kept=kept)
        assert (kept.found, kept.fits_found) == (0, False)
    monkeypatch.undo()
    analysed(store)


def test_other_settings_make_all_days_anew(grown: tuple[Store, str]) -> None:
    store, _ = grown
    other = Settings().altered("features.hrv_step_s", 120.0)
    _, found, made = analysed(store, other)
    assert (found, made) == (0, 6)


def test_a_clock_that_was_told_later_makes_days_anew(tmp_path: Path) -> None:
    with open_store(tmp_path / "s") as store:
        store.add([day(k) for k in range(3)], person="ada", name="first")
        analysed(store)
        moved = replace(day(1, offset_s=7200.0), source=day(1).source)
        store.add([day(0), moved, day(2)], person="ada", name="again")
        text, found, made = analysed(store)
        assert found < 3
        assert made > 0
        assert text == fresh(store)


def test_what_was_made_from_forgotten_data_is_forgotten_too(tmp_path: Path) -> None:
    with open_store(tmp_path / "s") as store:
        done = store.add([day(k) for k in range(3)], person="ada", name="first")
        store.add([day(4)], person="ada", name="second")
        analysed(store)
        store.save_analysis("ada", "h", "{}", standing={"sentence": "x"}, pdf=b"%PDF")
        assert done.upload is not None
        store.forget(upload=done.upload)
        for table in ("reduced", "derived", "shown"):
            assert store._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0
        assert store.analyses("ada") == ()


def test_a_report_that_breaks_off_has_kept_its_days(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.add([day(number) for number in range(4)], person="ada", name="a")
        pipeline.analyse(store.timeline("ada"), kept=store.reduced("ada"))  # and no flush
        _, found, made = analysed(store)
        assert (found, made) == (4, 0)
