"""One day drawn in full: the one asked for, or a typical one."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from hrv import pipeline
from hrv.errors import SettingsError
from hrv.model import HrvWindows, LocalClock, Span, SpanKind, Timeline, as_day
from hrv.report import atlas, extracts, figures
from hrv.report.text import Words
from tests.report import builders

SAMPLE = Path(__file__).parents[2] / "sample_data"
WORDS = Words()


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    """The first days of the sample export, without one in their middle."""
    folder = tmp_path_factory.mktemp("week")
    files = [p for p in sorted((SAMPLE / "GARMIN").rglob("*.fit")) if "2026-01-0" in p.name]
    for path in files:
        if "2026-01-07" not in path.name:
            shutil.copy(path, folder / path.name)
    shutil.copy(SAMPLE / "tags.csv", folder / "tags.csv")
    return pipeline.read(folder)


def test_the_day_asked_for_is_drawn_before_the_typical_one(week: Timeline) -> None:
    asked = date(2026, 1, 6)
    question = pipeline.Question(day=asked, since=date(2000, 1, 1))
    analysis = pipeline.analyse(week, question=question)
    assert analysis.window is not None
    assert analysis.window[0] == as_day(date(2026, 1, 5))  # no earlier than the data
    assert analysis.traces[0].day == as_day(asked)
    assert analysis.settings["question.day"] == "2026-01-06"
    plates = {plate.name: plate for plate in atlas.plates(analysis, WORDS)}
    assert "6 Jan 2026" in plates["one_day"].title
    rises = [f for f in analysis.fits if f.episode.day == as_day(asked)]
    assert len(plates["one_day"].rows) == sum(f.episode.kind.value != "exercise" for f in rises)


def test_a_day_without_data_names_the_nearest_that_have_some(week: Timeline) -> None:
    with pytest.raises(SettingsError) as told:
        pipeline.analyse(week, question=pipeline.Question(day=date(2026, 3, 1)))
    assert "2026-03-01" in str(told.value)
    assert "2026-01-09" in str(told.value) or "2026-01-10" in str(told.value)


def test_daily_figures_alone_have_no_day_to_draw(tmp_path: Path) -> None:
    rows = "".join(f"2026-01-{d:02d},{55 + d % 3}\n" for d in range(1, 29))
    (tmp_path / "days.csv").write_text("date,resting heart rate [bpm]\n" + rows, encoding="utf-8")
    found = pipeline.read(tmp_path / "days.csv")
    with pytest.raises(SettingsError, match="No day of this period holds heart rate"):
        pipeline.analyse(found, question=pipeline.Question(day=date(2026, 1, 5)))


def test_the_last_trace_is_called_typical() -> None:
    plates = {plate.name: plate for plate in atlas.plates(builders.healing(), WORDS)}
    assert plates["one_day"].title == "The day you asked for: 8 Mar 2026"
    assert plates["typical_day"].title == "A typical day: 18 Mar 2026"


def test_tags_that_touch_a_day_are_named_on_it() -> None:
    clock = LocalClock.fixed(3600.0)
    start_s = builders.FIRST * 86_400.0

    def tag(hour: float, hours: float, origin: str = "person") -> Span:
        at = start_s + hour * 3600
        return Span(kind=SpanKind.EVENT, start_s=at, end_s=at + hours * 3600, origin=origin)

    tags = [tag(-2, 2), tag(8, 1), tag(22.5, 3), tag(23.5, 1), tag(9, 1, "device")]
    assert figures.tags_of(tags, clock, builders.FIRST) == tags[0:3]


def test_the_middle_window_is_of_the_day_asked_for_if_it_has_beats() -> None:
    day = builders.FIRST
    t_s = np.array([day + 0.1, day + 0.2, day + 0.3, day + 1.1, day + 1.2, day + 1.3]) * 86_400.0
    rmssd = np.array([30.0, 50.0, 40.0, 10.0, 20.0, 99.0])
    ours = np.array([0, 0, 0, 0, 0, 1])
    hrv = HrvWindows(t_s, rmssd, rmssd, rmssd, ours, ("beats", "vendor"))
    clock = LocalClock.fixed(0.0)
    assert extracts.middle_window(hrv, clock, day) == t_s[2]
    assert extracts.middle_window(hrv, clock, day + 1) == t_s[3]
    assert extracts.middle_window(hrv, clock, None) == t_s[2]
    assert extracts.middle_window(hrv, clock, day + 9) == t_s[2]
    vendor = HrvWindows(t_s, rmssd, rmssd, rmssd, ours * 0 + 1, ("beats", "vendor"))
    assert extracts.middle_window(vendor, clock, day) is None


def test_beats_are_drawn_only_where_there_are_enough() -> None:
    names = [plate.name for plate in atlas.plates(builders.healing(), WORDS)]
    assert names[-4:] == ["tachogram", "poincare", "spectrum", "fluctuation"]
    assert "tachogram" not in [plate.name for plate in atlas.plates(builders.partial(), WORDS)]
