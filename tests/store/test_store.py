"""What is put into the store comes out again, once, and is gone when it is forgotten."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrv import timeline
from hrv.errors import SettingsError, StoreError
from hrv.model import (
    DAY_S,
    DayQuantity,
    DayValue,
    FloatArray,
    HeartRateSeries,
    LocalClock,
    MotionKind,
    MotionSeries,
    Note,
    Rating,
    Recording,
    Refusal,
    RmssdSeries,
    RRSeries,
    Series,
    Source,
    Span,
    SpanKind,
    StressScoreSeries,
    Timeline,
)
from hrv.store import Store, book, open_store, schema

DAY = 20_000
START = DAY * DAY_S


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store") as opened:
        yield opened


def watch(days: int, *, first: int = 0, name: str = "watch.fit", seed: int = 1) -> Recording:
    """An hour or so of each day of everything that a file can hold."""
    t: list[FloatArray] = []
    beats: list[FloatArray] = []
    for day in range(first, first + days):
        rng = np.random.default_rng([seed, day])
        begin_s = START + day * DAY_S + 3600.0
        t.append(begin_s + np.cumsum(rng.integers(1, 4, 300)).astype(float))
        beats.append(rng.integers(700, 1000, 200).astype(float))
    hours = [START + day * DAY_S + 3600.0 for day in range(first, first + days)]
    t_s, rr = np.concatenate(t), np.concatenate(beats)
    rr_t = np.concatenate([h + np.cumsum(b) / 1000 for h, b in zip(hours, beats, strict=True)])
    rng = np.random.default_rng([seed, first])
    at = np.array(hours)
    last = first + days - 1
    return Recording(
        source=Source(name=name, format="test", sha256=f"{name} {first} {days} {seed}", device="W"),
        clock=LocalClock(np.array([at[0], at[-1] + 1]), np.array([3600.0, 7200.0]), "file"),
        heart_rate=(
            HeartRateSeries(t_s, rng.integers(50, 120, t_s.size).astype(float), "W", True),
            HeartRateSeries(t_s[::7] + 0.25, rng.normal(70, 3, t_s[::7].size), "strap", False),
        ),
        rr=(RRSeries(rr_t, rr, "strap", False),),
        motion=(MotionSeries(at, at * 0 + 5, at * 0 + 60.0, MotionKind.STEPS_PER_MIN, "W"),),
        stress=(StressScoreSeries(at, at * 0 + 25, "Garmin", "W", at[:1] + 30),),
        rmssd=(RmssdSeries(at, rng.normal(40, 5, at.size), "W"),),
        spans=tuple(
            Span(kind=SpanKind.SLEEP, start_s=h, end_s=h + 3000.5, label="night", intensity=0.1)
            for h in hours
        ),
        day_values=(
            DayValue(DAY + last, DayQuantity.RESTING_HR_BPM, 51.3, "W", START + last * DAY_S),
        ),
        ratings=(Rating(DAY + last, "core_presence", 4.0),),
        rows_used=1000 * days,
        refusals=(Refusal(rows=3, reason="no number", first_place="line 7"),),
        notes=(Note(name, "{n} odd rows, {share:.1f} %", {"n": 3, "share": 0.25}),),
    )


def naive(name: str = "tags.csv") -> Recording:
    """A table of local times whose zone nobody knows."""
    t_s = START + 7200.0 + np.arange(0, 2 * DAY_S, 61.3)
    return Recording(
        source=Source(name=name, format="table", sha256=name),
        clock=LocalClock.fixed(0.0, "assumed"),
        heart_rate=(HeartRateSeries(t_s, 60 + np.sin(t_s), "band"),),
        motion=(MotionSeries(t_s, t_s * 0 + 1, t_s * 0 + 61.3, MotionKind.MET_ABOVE_REST),),
        spans=(Span(kind=SpanKind.EVENT, start_s=START + 9000.1, end_s=START + 9600.7),),
        rows_used=5,
    )


def refused() -> Recording:
    note = Note("x.bin", "Not used: {why}.", {"why": "unknown"})
    return Recording(source=Source(name="x.bin", format="unknown"), notes=(note,))


def assert_same_series(one: Series, two: Series) -> None:
    assert type(one) is type(two)
    for name in one.__dataclass_fields__:
        a, b = getattr(one, name), getattr(two, name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b, err_msg=name)
        else:
            assert a == b, name


def assert_same(one: Timeline, two: Timeline) -> None:
    assert one.utc_days == two.utc_days
    for name in ("spans", "day_values", "ratings", "inputs", "notes", "hr_period_s", "person"):
        assert getattr(one, name) == getattr(two, name), name
    assert [v.at_s for v in one.day_values] == [v.at_s for v in two.day_values]
    np.testing.assert_array_equal(one.clock.since_s, two.clock.since_s)
    np.testing.assert_array_equal(one.clock.offset_s, two.clock.offset_s)
    assert one.clock.known_by == two.clock.known_by
    for a, b in zip(one.blocks(), two.blocks(), strict=True):
        for name in ("rr", "heart_rate", "motion", "stress", "rmssd"):
            for x, y in zip(getattr(a, name), getattr(b, name), strict=True):
                assert_same_series(x, y)


FILES = {
    "one watch": [watch(4)],
    "two watches that overlap": [watch(4), watch(3, first=2, name="other.fit", seed=2)],
    "a grown export": [watch(3), watch(6)],
    "local times beside a clock": [naive(), watch(3), refused()],
    "local times alone": [naive(), naive("more.csv"), refused()],
    "the same samples under two names": [watch(3), replace(watch(3), source=replace(
        watch(3).source, sha256="x", name="b.fit"))],
}  # fmt: skip


@pytest.mark.parametrize("files", FILES.values(), ids=FILES.keys())
def test_a_stored_timeline_equals_a_built_one(store: Store, files: list[Recording]) -> None:
    store.add(files, person="ada", name="export.zip")
    assert_same(store.timeline("ada"), timeline.build(files, person="ada"))


@pytest.mark.parametrize("files", FILES.values(), ids=FILES.keys())
def test_importing_twice_changes_nothing(store: Store, files: list[Recording]) -> None:
    first = store.add(files, person="ada", name="export.zip", now_s=1.0)
    size = store.check().blocks, len(store.history())
    again = store.add(files, person="ada", name="export (1).zip", now_s=2.0)
    assert (again.upload, again.files_new, again.blocks_added, again.rows_added) == (None, 0, 0, 0)
    assert again.files_known == first.files_new == len(files)
    assert (store.check().blocks, len(store.history())) == size
    assert_same(store.timeline("ada"), timeline.build(files, person="ada"))


def test_of_a_grown_export_only_the_new_days_arrive(store: Store) -> None:
    first = store.add([watch(3)], person="ada", name="march.zip")
    grown = store.add([watch(6)], person="ada", name="april.zip")
    assert (first.days_before, first.days_after) == (0, 3)
    assert (grown.days_before, grown.days_after, grown.days_given) == (3, 6, 6)
    per_day = first.blocks_added // 3
    # Stress and RMSSD of the file change with its length here; heart rate and beats do not.
    assert grown.blocks_known >= 3 * 2
    assert grown.blocks_added + grown.blocks_known == 6 * per_day


def test_the_order_of_a_later_whole_export_is_that_of_a_fresh_run(store: Store) -> None:
    a, b, c = (watch(2, first=2 * k, name=f"{k}.fit", seed=k) for k in range(3))
    store.add([b], person="ada", name="one.zip")
    store.add([c, b, a], person="ada", name="all.zip")
    assert_same(store.timeline("ada"), timeline.build([c, b, a], person="ada"))


def test_a_file_that_is_read_differently_replaces_what_was_read(store: Store) -> None:
    store.add([naive()], person="ada", name="a.csv")
    told = replace(naive(), clock=LocalClock.fixed(3600.0, "flag"))
    again = store.add([told], person="ada", name="a.csv")
    assert (again.files_new, again.files_changed, again.rows_added) == (0, 1, 0)
    assert_same(store.timeline("ada"), timeline.build([told], person="ada"))


def test_days_are_loaded_when_they_are_asked_for(store: Store) -> None:
    store.add([watch(3)], person="ada", name="a")
    joined = store.timeline("ada")
    store.close()
    with pytest.raises(StoreError):
        joined.read_block(DAY)


def test_people_are_kept_apart(store: Store) -> None:
    store.add([watch(3)], person="ada", name="a")
    store.add([watch(2, seed=5)], person="bob", name="b")
    assert_same(store.timeline("bob"), timeline.build([watch(2, seed=5)], person="bob"))
    assert [p.code for p in store.people()] == ["ada", "bob"]
    assert [u.name for u in store.history("bob")] == ["b"]
    store.forget(person="ada")
    assert [p.code for p in store.people()] == ["bob"]
    assert_same(store.timeline("bob"), timeline.build([watch(2, seed=5)], person="bob"))
    with pytest.raises(StoreError, match="bob"):
        store.timeline("ada")


def test_a_failing_read_keeps_nothing(store: Store) -> None:
    def broken() -> Iterator[Recording]:
        yield watch(2)
        raise ValueError("the disk came off")

    with pytest.raises(ValueError, match="came off"):
        store.add(broken(), person="ada", name="a")
    assert store.people() == ()
    assert store.check().blocks == 0


def test_history_knows_every_file(store: Store) -> None:
    done = store.add([watch(3), refused()], person="ada", name="a.zip", now_s=12.0)
    (upload,) = store.history()
    assert (upload.id, upload.name, upload.at_s) == (done.upload, "a.zip", 12.0)
    assert (upload.files, upload.files_new, upload.days) == (2, 2, 3)
    assert (upload.first_day, upload.last_day) == (DAY, DAY + 2)
    assert [f.file for f in store.files(upload.id)] == ["watch.fit", "x.bin"]
    assert store.files(upload.id)[0].rows_refused == 3


# --------------------------------------------------------------------------- forgetting


def bytes_of(store: Store) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(store.file.parent.iterdir()))


def marked(mark: str, seed: int) -> Recording:
    """A recording whose name, device and blocks can be found in a file's bytes."""
    noise = np.random.default_rng(seed).normal(70, 9, 4000)
    t_s = START + np.arange(4000.0)
    return Recording(
        source=Source(name=f"{mark}.fit", format="test", sha256=mark, device=f"device {mark}"),
        heart_rate=(HeartRateSeries(t_s, noise, f"stream {mark}"),),
        rows_used=1,
    )


def test_values_of_days_take_room_as_well(store: Store) -> None:
    daily = replace(watch(1), heart_rate=(), rr=(), motion=(), stress=(), rmssd=())
    store.add([daily], person="ada", name="one")
    assert store.history()[0].stored_bytes == store.people()[0].stored_bytes > 0
    store.add([daily, watch(3, name="b.fit")], person="ada", name="two")
    two, one = store.history()
    assert one.stored_bytes == 0  # the other import holds the same file
    assert 0 < two.stored_bytes < store.people()[0].stored_bytes


def test_what_is_forgotten_is_gone_from_the_bytes(store: Store) -> None:
    store.add([marked("SECRETONE", 1)], person="ada", name="SECRETNAME.zip")
    store.add([marked("KEPTTWO", 2)], person="bob", name="b.zip")
    store.save_analysis("ada", "hash", '{"x": 1}')
    rows = store._db.execute("SELECT data FROM block ORDER BY id").fetchall()
    secret, kept = (data[40:90] for (data,) in rows)
    before = bytes_of(store)
    for mark in (b"SECRETONE", b"SECRETNAME", secret, b"KEPTTWO", kept):
        assert mark in before
    done = store.forget(person="ada")
    after = bytes_of(store)
    for mark in (b"SECRETONE", b"SECRETNAME", b"ada", secret):
        assert mark not in after
    for mark in (b"KEPTTWO", kept):
        assert mark in after
    assert done.complete
    assert (done.people, done.uploads, done.files, done.blocks) == (1, 1, 1, 1)
    assert done.bytes_after < done.bytes_before
    assert store.check().ok


def test_forgetting_an_upload_leaves_files_that_another_one_holds(store: Store) -> None:
    one, two = watch(2), watch(2, first=4, name="b.fit")
    first = store.add([one], person="ada", name="one")
    second = store.add([one, two], person="ada", name="both")
    assert second.upload is not None
    store.forget(upload=first.upload)
    assert_same(store.timeline("ada"), timeline.build([one, two], person="ada"))
    store.forget(upload=second.upload)
    assert store.people() == ()


def test_forgetting_the_past_cuts_every_source_and_an_import_restores_it(store: Store) -> None:
    files = [watch(6), watch(2, name="old.fit", seed=3), naive()]
    store.add(files, person="ada", name="a")
    store.forget(person="ada", before_day=DAY + 3)
    cut = store.timeline("ada")
    assert cut.utc_days == (DAY + 3, DAY + 4, DAY + 5)
    assert min(span.end_s for span in cut.spans) >= (DAY + 3) * DAY_S
    whole = timeline.build([watch(6)], person="ada")
    for day in cut.utc_days:
        for a, b in zip(cut.read_block(day).rr, whole.read_block(day).rr, strict=True):
            assert_same_series(a, b)
    store.add(files, person="ada", name="a")
    assert_same(store.timeline("ada"), timeline.build(files, person="ada"))


def test_old_pages_that_another_process_reads_are_told_and_wiped_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "_WIPE_WAIT_S", 0.05)
    store.add([marked("SECRETONE", 1)], person="ada", name="a")
    with open_store(store.file.parent) as reader:
        reader._db.execute("BEGIN")
        reader._db.execute("SELECT count(*) FROM block").fetchone()
        assert not store.forget(person="ada").complete
        reader._db.execute("COMMIT")
    assert store.forget(everything=True).complete
    assert b"SECRETONE" not in bytes_of(store)


def test_two_imports_at_once_lose_nothing(store: Store) -> None:
    def arriving() -> Iterator[Recording]:
        with open_store(store.file.parent) as other:
            other.add([watch(2, seed=9)], person="bob", name="b")
        yield watch(2)

    store.add(arriving(), person="ada", name="a")
    assert [p.code for p in store.people()] == ["ada", "bob"]


def test_everything_can_be_forgotten(store: Store) -> None:
    store.add([marked("SECRETONE", 1)], person="ada", name="a")
    store.set_ratings("bob", [Rating(DAY, "x", 1.0)])
    assert store.forget(everything=True).people == 2
    assert b"SECRETONE" not in bytes_of(store)
    assert store.people() == ()


@pytest.mark.parametrize(
    "asked", [{}, {"everything": True, "person": "ada"}, {"upload": 1, "before_day": 3}]
)
def test_an_unclear_request_forgets_nothing(store: Store, asked: dict[str, object]) -> None:
    store.add([watch(2)], person="ada", name="a")
    with pytest.raises(SettingsError):
        store.forget(**asked)  # type: ignore[arg-type]
    assert len(store.history()) == 1


# --------------------------------------------------------------------------- what people enter


def test_tags_and_ratings_of_the_page_join_the_timeline(store: Store) -> None:
    store.add([watch(2)], person="ada", name="a")
    tag = Span(kind=SpanKind.TECHNIQUE, start_s=START + 5, end_s=START + 65.5, origin="person")
    store.set_spans("ada", [tag])
    store.set_ratings("ada", [Rating(DAY, "effort", 7.0)])
    store.set_answers("ada", {"fitness": "more"})
    assert store.spans("ada") == (tag,)
    joined = store.timeline("ada")
    assert tag in joined.spans
    assert Rating(DAY, "effort", 7.0) in joined.ratings
    assert store.answers("ada") == {"fitness": "more"}
    store.set_spans("ada", [])
    assert tag not in store.timeline("ada").spans


def test_analyses_come_newest_first_and_the_same_one_once(store: Store) -> None:
    for now, text in ((1.0, "one"), (2.0, "two"), (3.0, "one")):
        store.save_analysis("ada", "h", text, now_s=now)
    assert [a.record for a in store.analyses("ada")] == ["one", "two"]
    assert store.people()[0].record == "one"


@pytest.mark.parametrize("code", ["", "  ", "../x", "a/b", "x" * 65, "_a"])
def test_a_code_name_is_short_and_plain(store: Store, code: str) -> None:
    with pytest.raises(SettingsError):
        store.add([watch(1)], person=code, name="a")


# --------------------------------------------------------------------------- the file


def test_only_the_owner_can_open_the_folder(store: Store) -> None:
    store.add([watch(1)], person="ada", name="a")
    assert stat.S_IMODE(store.file.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in store.file.parent.iterdir()} == {0o600}


def test_a_foreign_folder_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    tmp_path.chmod(0o755)
    with open_store(tmp_path):
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_the_place_is_the_argument_then_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HRV_STORE", str(tmp_path / "told"))
    with open_store() as told, open_store(tmp_path / "given") as given:
        assert told.file.parent == tmp_path / "told"
        assert given.file.parent == tmp_path / "given"
    monkeypatch.delenv("HRV_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with open_store() as usual:
        assert tmp_path in usual.file.parents


def test_nothing_is_made_where_nothing_shall_be(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="hrv import"):
        open_store(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "history.sqlite3").write_bytes(b"something else" * 100)
    with pytest.raises(StoreError):
        open_store(tmp_path / "a")
    (tmp_path / "b").mkdir()
    with sqlite3.connect(tmp_path / "b" / "history.sqlite3") as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        open_store(tmp_path / "b")


def test_a_store_of_a_newer_version_is_left_alone(store: Store, tmp_path: Path) -> None:
    store._db.execute(f"PRAGMA user_version = {schema.SCHEMA + 1}")
    store.close()
    with pytest.raises(StoreError, match="newer version"):
        open_store(tmp_path / "store")


def test_damage_is_found(store: Store) -> None:
    store.add([watch(2)], person="ada", name="a")
    assert store.check().ok
    store._db.execute("UPDATE block SET data = substr(data, 1, 30) WHERE id = 3")
    (problem,) = store.check().problems
    assert "damaged" in problem


def test_a_backup_is_a_store(store: Store, tmp_path: Path) -> None:
    store.add([watch(2)], person="ada", name="a")
    (tmp_path / "copy").mkdir()
    store.backup(tmp_path / "copy" / "history.sqlite3")
    with open_store(tmp_path / "copy") as copy:
        assert copy.check().ok
        assert_same(copy.timeline("ada"), store.timeline("ada"))
    with pytest.raises(StoreError, match="already"):
        store.backup(tmp_path / "copy" / "history.sqlite3")


# --------------------------------------------------------------------------- any series


@settings(max_examples=30, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    ms=st.lists(st.integers(1, 200_000_000), min_size=1, max_size=40, unique=True),
    scale=st.sampled_from([1.0, 0.5, 1 / 3, 255.0, 70_000.0]),
    local=st.booleans(),
)
def test_any_series_comes_back_as_a_timeline_holds_it(
    store: Store, ms: list[int], scale: float, local: bool
) -> None:
    t_s = START + np.sort(np.array(ms)) / 1000.0
    value: FloatArray = scale * (1.0 + np.arange(t_s.size, dtype=np.float64) % 7)
    recording = Recording(
        source=Source(name="a", format="test"),
        clock=LocalClock.fixed(0.0, "assumed") if local else None,
        heart_rate=(HeartRateSeries(t_s, value, "W"),),
        rr=(RRSeries(t_s, value, "W"),),
        motion=(MotionSeries(t_s, value, value, MotionKind.MET_ABOVE_REST),),
    )
    store.forget(everything=True)
    store.add([recording], person="ada", name="a")
    assert_same(store.timeline("ada"), timeline.build([recording], person="ada"))
