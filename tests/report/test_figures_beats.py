"""Pictures of beats show what their nouns hold."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hrv.clean import correct
from hrv.metrics.fluctuation import fluctuation
from hrv.metrics.spectrum import lomb
from hrv.model import NNSeries
from hrv.report.figures import LIGHT, Ink
from hrv.report.figures_beats import (
    draw_fluctuation,
    draw_poincare,
    draw_spectrum,
    draw_tachogram,
)
from hrv.report.text import Words
from hrv.settings import CleanSettings
from tests.hearts import recorded, steady, waves

INK = Ink(LIGHT, Words())


@pytest.fixture
def ax() -> Axes:
    return Figure(figsize=(6, 4)).add_subplot()


def legend(ax: Axes) -> list[str]:
    found = ax.get_legend()
    return [] if found is None else [text.get_text() for text in found.get_texts()]


def drawn(ax: Axes) -> None:
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    figure.savefig(io.BytesIO())
    assert "(" in ax.get_xlabel()  # every axis has its unit
    assert "(" in ax.get_ylabel()


def test_the_tachogram_marks_what_was_corrected_and_shades_gaps(ax: Axes) -> None:
    rr = steady(400)
    rr[100] *= 2.0
    rr[200] *= 0.6
    rr[201] += 0.4 / 0.6 * rr[200]
    rr[300] = 5000.0
    draw_tachogram(ax, INK, correct(recorded(rr), CleanSettings()))
    assert legend(ax)[1:] == ["missed beat (1)", "early or displaced beat (1)", "unusable (1)"]
    assert len(ax.patches) == 1
    drawn(ax)


def test_a_gap_breaks_the_line(ax: Axes) -> None:
    rr = steady(60)
    rr[30] = 4000.0
    draw_tachogram(ax, INK, correct(recorded(rr), CleanSettings()))
    assert np.isnan(np.asarray(ax.lines[0].get_ydata(), dtype=float)).sum() == 1


def test_the_poincare_plot_shows_true_neighbours_only(ax: Axes) -> None:
    nn = NNSeries.unbroken(steady(100))
    joined = nn.joined.copy()
    joined[50] = False
    draw_poincare(ax, INK, NNSeries(nn.t_s, nn.nn_ms, joined))
    assert len(np.asarray(ax.lines[0].get_xdata())) == 98
    assert legend(ax)[0].startswith("SD1 ")
    drawn(ax)


def test_the_spectrum_names_the_power_of_its_bands(ax: Axes) -> None:
    spectrum = lomb(NNSeries.unbroken(waves(900.0)))
    draw_spectrum(ax, INK, spectrum)
    assert [text.split()[0] for text in legend(ax)] == ["VLF", "LF", "HF"]
    assert float(legend(ax)[1].split()[1]) == pytest.approx(800.0, rel=0.015)
    drawn(ax)


def test_the_fluctuation_plot_gives_its_slopes(ax: Axes) -> None:
    box = fluctuation(NNSeries.unbroken(steady(2000)))
    draw_fluctuation(ax, INK, box)
    assert legend(ax)[0] == f"α1 = {box.slope(4, 16):.2f}"
    drawn(ax)


def test_nothing_can_be_drawn(ax: Axes) -> None:
    nothing = NNSeries.unbroken([])
    draw_tachogram(ax, INK, correct(recorded([]), CleanSettings()))
    drawn(ax)
    ax.clear()
    draw_poincare(ax, INK, nothing)
    drawn(ax)
    ax.clear()
    draw_spectrum(ax, INK, lomb(nothing))
    drawn(ax)
    ax.clear()
    draw_fluctuation(ax, INK, fluctuation(nothing))
    drawn(ax)
