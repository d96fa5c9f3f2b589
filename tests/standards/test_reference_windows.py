"""The PhysioNet Cardiovascular Signal Toolbox's own output for record nsr004 (nsr2db).

Its demo read 128-Hz annotations as 125 Hz, so intervals are stretched by 128/125 first. Windows in
which it removed no beat are an exact oracle: 152 of 231.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hrv.metrics import BY_NAME
from hrv.metrics.spectrum import lomb
from hrv.metrics.windows import in_windows
from hrv.model import FloatArray, IntArray, NNSeries
from tests.hearts import column, untouched

FILE_ROUNDING = 5.1e-5


@pytest.fixture(scope="module")
def reference(shared_data: Path) -> dict[str, FloatArray]:
    path = shared_data / "rr" / "nsr004_pcst_windows.csv"
    names = (
        "t_start",
        "NNmean",
        "NNmedian",
        "SDNN",
        "RMSSD",
        "pnn50",
        "btsdet",
        "lf",
        "hf",
        "lfhf",
    )
    return {name: column(path, name) for name in (*names, "SD1", "SD2")}


@pytest.fixture(scope="module")
def nn(shared_data: Path) -> NNSeries:
    return NNSeries.unbroken(column(shared_data / "rr" / "nsr004_24h.csv", "rr_ms") * 128 / 125)


@pytest.fixture(scope="module")
def exact(reference: dict[str, FloatArray], nn: NNSeries) -> IntArray:
    start = reference["t_start"]
    beats = in_windows(untouched(nn), start, start + 300.0).beats
    return np.flatnonzero(beats == reference["btsdet"]).astype(np.int64)


def test_152_windows_are_untouched(exact: IntArray) -> None:
    assert exact.size == 152


@pytest.mark.parametrize(
    ("theirs", "ours", "factor"),
    [
        ("NNmean", "mean_nn_ms", 1.0),
        ("SDNN", "sdnn_ms", 1.0),
        ("RMSSD", "rmssd_ms", 1.0),
        ("pnn50", "pnn50_percent", 0.01),
    ],
)
def test_the_window_pass_agrees_to_file_rounding(
    reference: dict[str, FloatArray], nn: NNSeries, exact: IntArray,
    theirs: str, ours: str, factor: float,
) -> None:  # fmt: skip
    start = reference["t_start"][exact]
    windows = in_windows(untouched(nn), start, start + 300.0)
    found = factor * getattr(windows, ours)
    np.testing.assert_allclose(found, reference[theirs][exact], rtol=0, atol=FILE_ROUNDING)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("NNmean", "mean_nn"),
        ("NNmedian", "median_nn"),
        ("SDNN", "sdnn"),
        ("RMSSD", "rmssd"),
        ("SD1", "sd1"),
        ("SD2", "sd2"),
    ],
)
def test_the_formulas_agree_to_file_rounding(
    reference: dict[str, FloatArray], nn: NNSeries, exact: IntArray, theirs: str, ours: str
) -> None:
    for i in exact:
        begin = reference["t_start"][i]
        value = BY_NAME[ours].formula(nn.between(begin, begin + 300.0))
        assert value == pytest.approx(reference[theirs][i], abs=FILE_ROUNDING)


def test_lf_hf_agrees_and_its_powers_are_ours_over_mean_rr(
    reference: dict[str, FloatArray], nn: NNSeries, exact: IntArray
) -> None:
    for i in exact:
        begin = reference["t_start"][i]
        part = nn.between(begin, begin + 300.0)
        spectrum = lomb(part)
        assert BY_NAME["lf_hf"].formula(spectrum) == pytest.approx(reference["lfhf"][i], rel=0.01)
        for name in ("lf", "hf"):
            power = BY_NAME[name].formula(spectrum) / (part.nn_ms.mean() / 1000.0)
            assert power == pytest.approx(reference[name][i], rel=1e-5)
