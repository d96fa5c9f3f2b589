"""The table of metrics per window: any choice of windows, any way out."""

from __future__ import annotations

import csv
import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hrv import table
from hrv.cli import main
from hrv.errors import InputError, SettingsError
from hrv.metrics import BY_NAME, METRICS
from hrv.model import (
    DAY_S,
    DayBlock,
    LocalClock,
    MotionKind,
    MotionSeries,
    RRSeries,
    Span,
    SpanKind,
    Timeline,
)
from hrv.settings import Settings
from tests.hearts import steady

SETTINGS = Settings()
FEW = table.chosen("rmssd,sdnn")
MIDNIGHT = 20_000 * DAY_S


def timeline(rr: RRSeries, spans: tuple[Span, ...] = (), still: bool = True) -> Timeline:
    """One device, and a motion sensor that saw no motion."""
    days = sorted({int(t // DAY_S) for t in rr.t_s})

    def block(day: int) -> DayBlock:
        kept = (rr.t_s >= day * DAY_S) & (rr.t_s < (day + 1) * DAY_S)
        minutes = day * DAY_S + 60.0 * np.arange(1440, dtype=np.float64)
        value = np.full(1440, 0.0 if still else 3.0)
        motion = MotionSeries(minutes, value, np.full(1440, 60.0), MotionKind.MET_ABOVE_REST)
        beats = RRSeries(rr.t_s[kept], rr.rr_ms[kept], device="strap")
        return DayBlock(utc_day=day, rr=(beats,), motion=(motion,))

    clock = LocalClock.fixed(7200.0, "file")
    return Timeline(utc_days=tuple(days), read_block=block, clock=clock, spans=spans)


def hours(count: float, start_s: float = MIDNIGHT) -> RRSeries:
    rr = steady(int(count * 3600 / 0.9))
    return RRSeries(start_s + np.cumsum(rr) / 1000.0, rr)


def test_windows_follow_each_other_from_the_first_beat() -> None:
    found = list(table.rows(timeline(hours(1)), table.Choice(metrics=FEW)))
    starts = [row["start_s"] for row in found]
    assert len(found) == 11  # the twelfth is not whole
    assert starts[0] == pytest.approx(MIDNIGHT, abs=0.001)
    assert all(b - a == pytest.approx(300.0) for a, b in pairwise(starts))
    assert found[0]["start"].endswith("+02:00")
    assert found[0]["quality"] == "green"
    assert found[0]["device"] == "strap"


def test_a_row_holds_what_the_formulas_give() -> None:
    rr = hours(0.2)
    row = next(table.rows(timeline(rr), table.Choice(metrics=FEW)))
    part = rr.rr_ms[rr.t_s < row["end_s"]]
    assert row["beats"] == part.size
    assert row["rmssd_ms"] == pytest.approx(math.sqrt(np.mean(np.diff(part) ** 2)))
    assert row["sdnn_ms"] == pytest.approx(np.std(part, ddof=1))


def test_windows_run_through_midnight() -> None:
    choice = table.Choice(metrics=FEW, step_s=60.0)
    found = list(table.rows(timeline(hours(0.5, MIDNIGHT - 900.0)), choice))
    across = [row for row in found if row["start_s"] < MIDNIGHT < row["end_s"]]
    assert across
    assert all(row["beats"] - row["pairs"] == 2 for row in across)  # the first, and midnight
    assert all(row["coverage"] > 0.99 for row in across)


def test_a_pause_of_an_hour_begins_a_new_session() -> None:
    one, two = hours(0.2), hours(0.2, MIDNIGHT + 7200.0)
    both = RRSeries(np.r_[one.t_s, two.t_s], np.r_[one.rr_ms, two.rr_ms])
    found = list(table.rows(timeline(both), table.Choice(by="whole", metrics=FEW)))
    assert [row["beats"] for row in found] == [one.t_s.size, two.t_s.size]


def test_tags_are_windows_with_their_label() -> None:
    spans = (
        Span(kind=SpanKind.TECHNIQUE, start_s=MIDNIGHT + 600, end_s=MIDNIGHT + 900, label="breath"),
        Span(kind=SpanKind.SLEEP, start_s=MIDNIGHT, end_s=MIDNIGHT + 300),
    )
    found = list(table.rows(timeline(hours(1), spans), table.Choice(by="tags", metrics=FEW)))
    assert [(row["window"], row["label"]) for row in found] == [("technique", "breath")]


def test_nights_mornings_and_still_hours_come_from_sleep_and_motion() -> None:
    sleep = Span(kind=SpanKind.SLEEP, start_s=MIDNIGHT, end_s=MIDNIGHT + 6 * 3600)
    line = timeline(hours(8), (sleep,))
    night = list(table.rows(line, table.Choice(by="nights", metrics=FEW)))
    assert [(row["start_s"], row["end_s"]) for row in night] == [(sleep.start_s, sleep.end_s)]
    morning = list(table.rows(line, table.Choice(by="mornings", metrics=FEW)))
    assert [(row["start_s"], row["end_s"]) for row in morning] == [(sleep.end_s, sleep.end_s + 300)]
    still = list(table.rows(line, table.Choice(by="still", metrics=FEW)))
    assert still
    assert all(row["start_s"] >= sleep.end_s for row in still)
    moving = timeline(hours(8), (sleep,), still=False)
    assert not list(table.rows(moving, table.Choice(by="still", metrics=FEW)))


def test_a_window_of_too_many_corrected_beats_has_no_number() -> None:
    rr = steady(400)
    rr[50:350:4] *= 0.55
    row = next(table.rows_of_intervals(rr, choice=table.Choice(metrics=FEW)))
    assert row["quality"] == "red"
    assert row["rmssd_ms"] is None
    assert "rmssd:too_corrected" in row["missing"]


def test_a_window_with_more_beats_than_time_has_no_number() -> None:
    rr = steady(800)
    row = next(table.rows_of_intervals(rr, np.cumsum(rr) / 2000.0, table.Choice(metrics=FEW)))
    assert row["rmssd_ms"] is None
    assert "more_beats_than_time" in row["missing"]


def test_short_windows_name_what_they_lack() -> None:
    choice = table.Choice(
        window_s=60.0, step_s=60.0, metrics=table.chosen("rmssd,vlf,sample_entropy")
    )
    row = next(table.rows_of_intervals(steady(400), choice=choice))
    assert row["rmssd_ms"] is not None
    assert row["missing"] == "vlf:too_short sample_entropy:too_few_beats"


def test_every_metric_of_any_window_is_measured_on_a_long_one() -> None:
    row = next(table.rows_of_intervals(steady(6000), choice=table.Choice(by="whole")))
    assert row["missing"] == ""
    assert all(row[m.column] is not None for m in table.ANY_WINDOW)
    assert [m.name for m in METRICS if m not in table.ANY_WINDOW] == ["vagal_reactivation"]


def test_seconds_and_backward_times_are_refused() -> None:
    with pytest.raises(InputError, match="seconds"):
        list(table.rows_of_intervals(steady(100) / 1000.0))
    with pytest.raises(InputError, match="increase"):
        list(table.rows_of_intervals([800.0, 810.0], [2.0, 1.0]))


def test_names_groups_and_all_choose_metrics() -> None:
    assert table.chosen("rmssd, LF_ms2") == (BY_NAME["rmssd"], BY_NAME["lf"])
    assert table.chosen("all") == table.ANY_WINDOW
    assert all(m.group == "nonlinear" for m in table.chosen("nonlinear"))
    with pytest.raises(SettingsError, match="rmssd"):
        table.chosen("rmsd")


def test_the_frame_has_utc_times_and_nan_where_missing() -> None:
    choice = table.Choice(window_s=60.0, step_s=60.0, metrics=table.chosen("rmssd,vlf"))
    frame = table.frame(table.rows(timeline(hours(0.1)), choice), choice)
    assert str(frame["start"].dt.tz) == "UTC"
    assert frame["start"].iloc[0].timestamp() == pytest.approx(MIDNIGHT)
    assert frame["rmssd_ms"].notna().all()
    assert frame["vlf_ms2"].isna().all()


def test_parquet_without_pyarrow_says_what_to_do(tmp_path: Path) -> None:
    choice = table.Choice(metrics=FEW)
    rows = table.rows(timeline(hours(0.2)), choice)
    path = tmp_path / "a.parquet"
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        with pytest.raises(SettingsError, match="pyarrow"):
            table.write_parquet(rows, choice, path)
    else:
        import pandas as pd

        table.write_parquet(rows, choice, path)
        assert len(pd.read_parquet(path)) == 2


@pytest.fixture
def strap(tmp_path: Path) -> Path:
    path = tmp_path / "2026-01-05 07-30-00.txt"
    path.write_text("\n".join(str(round(x)) for x in steady(800)) + "\n")
    return path


def test_the_command_prints_csv(strap: Path) -> None:
    done = CliRunner().invoke(main, ["metrics", str(strap), "--metrics", "rmssd"])
    assert done.exit_code == 0, done.output
    found = list(csv.DictReader(done.stdout.splitlines()))
    assert len(found) == 2
    assert float(found[0]["rmssd_ms"]) > 0


def test_the_command_writes_json_that_says_how(strap: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    done = CliRunner().invoke(main, ["metrics", str(strap), "--metrics", "hf", "-o", str(out)])
    assert done.exit_code == 0, done.output
    told = json.loads(out.read_text())
    assert told["metrics"]["hf_ms2"]["unit"] == "ms²"
    assert told["settings"]["clean.alpha"] == 5.2
    assert len(told["rows"]) == 2


def test_the_command_lists_every_metric() -> None:
    done = CliRunner().invoke(main, ["metrics", "--list"])
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [m.name for m in METRICS]


def test_no_beats_for_a_choice_is_an_error(strap: Path) -> None:
    done = CliRunner().invoke(main, ["metrics", str(strap), "--by", "tags"])
    assert done.exit_code == 3
    assert "no beat-to-beat intervals" in done.stderr


def test_the_command_takes_what_a_file_cannot_say(tmp_path: Path) -> None:
    path = tmp_path / "beats.csv"
    path.write_text("Pulse;Gap\n" + "".join(f"60;{x / 1000:.3f}\n" for x in steady(800)))
    told = ["--map", "rr=Gap,rr_unit=s", "--start", "2026-01-05 07:30", "--tz", "Europe/Berlin"]
    done = CliRunner().invoke(main, ["metrics", str(path), *told, "--metrics", "rmssd"])
    assert done.exit_code == 0, done.output
    first = next(csv.DictReader(done.stdout.splitlines()))
    assert first["start"] == "2026-01-05T07:30:00+01:00"
