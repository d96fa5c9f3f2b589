"""The pictures: same bytes, two palettes, few points, and honest about what is not there."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from hrv.model import Censored
from hrv.report import atlas, figures, render
from hrv.report.text import Words
from tests.report import builders

WORDS = Words()


@cache
def plates(name: str) -> dict[str, atlas.Plate]:
    return {plate.name: plate for plate in atlas.plates(builders.EVERY[name](), WORDS)}


def drawn(name: str, plate: str, palette: figures.Palette = figures.LIGHT) -> Figure:
    return atlas.figure(plates(name)[plate], WORDS, palette)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_same_analysis_gives_the_same_pictures() -> None:
    for first, second in zip(
        *(atlas.plates(builders.insufficient(), WORDS) for _ in range(2)), strict=True
    ):
        assert figures.svg(atlas.figure(first, WORDS)) == figures.svg(atlas.figure(second, WORDS))


def test_a_png_has_the_same_bytes_twice() -> None:
    one, other = (figures.png(drawn("healing", "baseline"), 60.0) for _ in range(2))
    assert one == other


def test_the_dark_picture_is_the_light_one_in_dark_colours() -> None:
    for name in ("recovery_curves", "survival"):
        light = figures.svg(drawn("healing", name))
        dark = figures.svg(drawn("healing", name, figures.DARK))
        assert set(re.findall("#[0-9a-f]{6}", figures.darkened(light))) == set(
            re.findall("#[0-9a-f]{6}", dark)
        )


@pytest.mark.parametrize("palette", [figures.LIGHT, figures.DARK], ids=["light", "dark"])
def test_marks_and_words_stand_out_from_the_paper(palette: figures.Palette) -> None:
    for role in ("then", "now", "neutral", "ink", "soft"):
        assert contrast(getattr(palette, role), palette.paper) >= 4.5
    for one, other in combinations(("then", "now", "neutral", "ink"), 2):
        assert getattr(palette, one) != getattr(palette, other)


def test_a_long_line_is_thinned_and_keeps_its_extremes() -> None:
    t = np.arange(100_000.0)
    y = np.sin(t / 50.0)
    y[51_234] = 9.0
    thin_t, thin_y = figures.thinned(t, y)
    assert thin_t.size <= figures.MAX_POINTS
    assert thin_y.max() == 9.0
    assert np.all(np.diff(thin_t) > 0)


@pytest.mark.parametrize("name", ["long", "daily_only"])
def test_no_line_has_more_points_than_allowed(name: str) -> None:
    for plate in plates(name).values():
        for axes in atlas.figure(plate, WORDS).axes:
            assert all(len(line.get_xdata()) <= figures.MAX_POINTS for line in axes.lines)  # type: ignore[arg-type]


def test_every_axis_has_its_unit_or_its_name() -> None:
    for plate in plates("healing").values():
        axes = atlas.figure(plate, WORDS).axes[0]
        assert axes.get_xlabel() or axes.get_xticklabels()
        assert axes.get_ylabel() or axes.get_yticklabels()


def test_no_own_range_is_drawn_before_fourteen_days() -> None:
    axes = drawn("insufficient", "baseline").axes[0]
    assert WORDS.say("figure.range") not in axes.get_legend_handles_labels()[1]
    axes = drawn("healing", "baseline").axes[0]
    assert WORDS.say("figure.range") in axes.get_legend_handles_labels()[1]


def test_recoveries_that_were_cut_short_point_up() -> None:
    analysis = builders.healing()
    cut = sum(f.accepted and f.censored is Censored.RIGHT for f in analysis.fits)
    labels = drawn("healing", "half_times").axes[0].get_legend_handles_labels()[1]
    assert WORDS.say("figure.at_least", n=cut) in labels


def test_a_cut_short_curve_does_not_count_beyond_its_end() -> None:
    analysis = builders.healing()
    then, now = figures.split_curves(analysis)
    assert then is not None
    assert now is not None
    assert then.ends_s.size > 0
    assert now.since_s[-1] <= 900.0


def test_a_short_window_is_not_split_into_then_and_now() -> None:
    then, now = figures.split_curves(builders.insufficient())
    assert then is None
    assert now is not None


def test_days_without_data_are_not_coloured_as_zero() -> None:
    analysis = builders.daily_only()
    assert all(np.isnan(figures.hours_of(day)) for day in analysis.days)
    assert "coverage" not in plates("daily_only")


@pytest.mark.parametrize(
    ("first", "days"), [(20_500, 5), (20_500, 60), (20_500, 168), (20_500, 900)]
)
def test_dates_on_an_axis_are_few_and_inside(first: int, days: int) -> None:
    ticks = figures.date_ticks(first, first + days - 1)
    assert 1 <= len(ticks) <= 7
    assert all(first <= tick < first + days for tick in ticks)


def test_every_picture_says_what_it_shows() -> None:
    for plate in plates("healing").values():
        assert len(plate.alt) > 40
        assert plate.caption
        assert plate.title


def test_figures_are_written_light_and_dark(tmp_path: Path) -> None:
    made = render(builders.insufficient(), tmp_path, ("svg", "png"))
    names = {path.name for path in made["svg"].iterdir()}
    assert {"baseline.svg", "baseline-dark.svg", "baseline.png", "baseline-dark.png"} <= names
    for path in made["svg"].glob("*.svg"):
        ET.fromstring(path.read_text(encoding="utf-8"))
